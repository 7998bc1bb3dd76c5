"""The roles of signed-in users and devices."""

from typing import Literal

Role = Literal["driver", "passenger", "dispatcher", "device", "guest"]
"""A guest follows one trip through a shared link, read-only."""
Audience = Role
"""The role for which a view of a trip or vehicle is made."""
