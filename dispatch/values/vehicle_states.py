"""The numbering of vehicle states in map frames and tracks."""

from typing import Final

MAP_STATES: Final = ("offline", "idle", "offered", "to_pickup", "at_pickup", "on_trip", "break", "out_of_service")
"""Vehicle states; a frame or track stores a state as its index here."""
