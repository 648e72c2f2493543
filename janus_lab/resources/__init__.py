"""What the machine has: measuring it, saying what may be leased, writing a configuration that fits it."""
