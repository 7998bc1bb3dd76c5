"""Pure. The trip: its state machine, and the decisions on booking and fare payment. Imports ``dispatch.domain`` and
``dispatch.values``."""
