"""I/O. Reads of consoles, passengers and drivers (:mod:`dispatch.api.http_routes`). Imports ``http``."""
