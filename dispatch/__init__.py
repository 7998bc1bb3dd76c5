"""The dispatch system as a library: domain, matching, payment, storage, actors. Imports nothing from ``ws_gateway``,
``sim``, ``bench`` or ``taxi_cli``.
"""
