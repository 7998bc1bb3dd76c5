"""I/O. Rate limits per connection and address (local), and per account (shared through the bus). Imports the store's
bus port and the domain's errors.

The library ``limits`` is not used: it has no token bucket, and its asyncio storages have no local fallback.
"""
