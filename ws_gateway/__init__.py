"""The gateway: WebSocket and HTTP in front of the hosts. Imports ``dispatch``, never ``sim``, ``bench`` or
``taxi_cli``. The packages inside are layers (``.importlinter``): a package imports only those below it."""
