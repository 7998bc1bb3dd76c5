"""``python -m dispatch.cli``: the ``taxi`` command."""

from dispatch.cli import main

main()
