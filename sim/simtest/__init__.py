"""Deterministic simulation: the production cores and wiring on a virtual clock, with faults drawn from a seed."""
