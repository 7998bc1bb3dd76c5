"""Measurements, each against an alternative in the same run. Imports everything."""
