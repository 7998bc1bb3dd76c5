"""Pure. The vehicle: its state machine, the decisions on shift, offers and ride, its position and its track. Imports
``dispatch.domain``, ``dispatch.geo`` and ``dispatch.values``."""
