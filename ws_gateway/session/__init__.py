"""Pure. One client's session without I/O: frames in, effects out. Imports the wire messages, ``actors.core.protocol``
and ``ws_gateway.limits.token_bucket``.
"""
