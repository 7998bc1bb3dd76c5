"""A simulated city: drivers and passengers whose apps use the wire protocol only."""
