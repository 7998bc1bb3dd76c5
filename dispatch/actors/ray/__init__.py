"""I/O. Ray actors, their placement and supervision; the only package that imports Ray."""
