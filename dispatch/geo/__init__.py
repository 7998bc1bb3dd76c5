"""Where things are and how long it takes to get there: pure, no state of the dispatch."""
