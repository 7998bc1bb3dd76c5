"""``python -m taxi_cli``: the ``taxi`` command."""

from taxi_cli import main

main()
