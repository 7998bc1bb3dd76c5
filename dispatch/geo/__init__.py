"""Pure, but for map files. H3 cells, distances, travel times and the road network. Imports ``values`` only."""
