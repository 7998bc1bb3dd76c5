"""The apps of drivers, passengers and dispatchers inside a simulation."""
