"""Pure. The vehicle: its state table, its decisions, its positions and track."""
