"""Pure. The business rules: entities that turn commands into events, and their commands, events and errors. May import
``dispatch.geo`` and ``dispatch.values``."""
