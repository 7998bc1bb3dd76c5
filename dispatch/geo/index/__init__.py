"""Pure. The index of vehicles by H3 cell, and the search for the nearest."""
