"""Drivers: every adapter speaks to one engine and knows only ports, values and errors."""
