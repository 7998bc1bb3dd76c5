"""Clocks and timers of a simulated city."""
