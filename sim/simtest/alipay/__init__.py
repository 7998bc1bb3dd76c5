"""Alipay inside a simulation: its true state, and the port through which payment hosts reach it."""
