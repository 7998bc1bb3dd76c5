"""Pure. Tariffs, the GPS meter and the fare, line by line."""
