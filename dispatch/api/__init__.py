"""Pure. The client API: wire messages, HTTP bodies and routes, permissions, views, and the live map. May import
``dispatch.domain``, ``dispatch.geo`` and ``dispatch.values``."""
