"""I/O. The asyncio side of hosts and matchers: commits, calls, publishing. Imports ``actors.core``, ``actors.rpc``,
matching, payment and the store, but not Ray.
"""
