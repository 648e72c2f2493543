"""Live displays: a value and callables go in, a widget comes out. Imported on first use only, as they load ipywidgets."""
