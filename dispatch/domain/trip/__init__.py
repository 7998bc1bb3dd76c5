"""Pure. The trip: its state table and its decisions."""
