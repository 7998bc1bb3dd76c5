"""I/O. Connections and their subscriptions: between sockets on one side, hosts and the bus on the other. Imports
``session``, ``auth``, ``ports``.
"""
