"""A whole system under injected faults, checked against its journal. Imports everything."""
