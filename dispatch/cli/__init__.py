"""The ``taxi`` command."""

from dispatch.cli.main import main

__all__ = ["main"]
