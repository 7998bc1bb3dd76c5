"""Pure. Tariffs, the GPS meter, and fares with their lines. Imports ``dispatch.geo`` and ``dispatch.values``."""
