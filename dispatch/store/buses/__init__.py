"""I/O: the bus on Redis or Valkey, an embedded server, and all key names. Imports ``dispatch.store.bus``."""
