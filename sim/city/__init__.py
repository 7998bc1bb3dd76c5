"""A simulated city: the apps of drivers and passengers, speaking the wire and nothing else."""
