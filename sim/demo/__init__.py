"""The demonstration: a whole system, a city around it, and checks of the run. Imports everything."""
