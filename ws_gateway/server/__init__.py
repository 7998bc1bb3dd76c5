"""I/O. uvicorn, its protocols, origins and static files."""
