"""The ``taxi`` command. Imports everything; nothing imports it."""

from taxi_cli.main import main

__all__ = ["main"]
