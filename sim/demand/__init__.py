"""Ride requests: sampled from aggregates or replayed from recorded trips."""
