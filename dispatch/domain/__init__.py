"""Pure. Trips, vehicles and fares: commands in, events out. Imports ``values`` and ``geo`` only."""
