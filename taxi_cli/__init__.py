"""I/O: the ``taxi`` command. Imports all other packages; no package imports it."""

from taxi_cli.main import main

__all__ = ["main"]
