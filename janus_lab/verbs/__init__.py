"""The verbs: how a line becomes a request, and what each verb does; shared by the notebook and the terminal."""
