"""Steps that happen once, whoever tries."""
