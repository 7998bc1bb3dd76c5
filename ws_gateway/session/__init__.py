"""Pure. One client's session without I/O: frames in, effects out. Imports the wire messages and
``actors.core.protocol``.
"""
