"""Pure. The live map: vehicles by H3 cell, and the encoding of a cell's frame."""
