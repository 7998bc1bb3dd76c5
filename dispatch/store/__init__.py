"""I/O, but for the ports ``journal`` and ``bus``. SQL and Valkey. Imports the domain and the HTTP bodies that its
queries fill.
"""
