"""How a machine is measured: its own memory, processors and accelerators, or an inventory that somebody wrote down."""
