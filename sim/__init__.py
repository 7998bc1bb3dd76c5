"""Simulated people and counterparts: the city's apps, Alipay's sandbox, the demonstration, faults, and deterministic
simulation.
"""
