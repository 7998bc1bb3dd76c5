"""The apps' side of the protocol: one client of the gateway, its sign-in, cursors and unacknowledged fixes. Imports
``dispatch.api``, never the server.
"""
