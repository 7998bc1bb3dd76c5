"""I/O. uvicorn and its protocols, origins, static files. Private APIs of uvicorn and websockets are used here only; a
test names each attribute. Imports ``http.responses``, ``limits``, ``ports``."""
