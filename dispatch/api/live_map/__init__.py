"""Pure. The live map: vehicles by H3 cell, and the encoding of cell frames. Imports ``dispatch.api.fields`` and
``dispatch.geo``."""
