"""The document store on a relational database."""
