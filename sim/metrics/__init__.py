"""Measurements of a simulated run: counts, percentiles, deliveries, assignments."""
