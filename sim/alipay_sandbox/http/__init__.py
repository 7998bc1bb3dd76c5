"""The sandbox over HTTP: the ASGI app, the gateway endpoint with its faults, pages, control API and notifier.

May import ``model`` and ``gateways``.
"""
