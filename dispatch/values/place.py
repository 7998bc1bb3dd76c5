"""A place: a point with its name, as events, commands and messages carry it."""

from typing import Annotated

import msgspec
from msgspec import Meta

Lat = Annotated[float, Meta(ge=-90, le=90)]
Lng = Annotated[float, Meta(ge=-180, le=180)]
Text = Annotated[str, Meta(max_length=300, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
"""Free text from a person, without control characters other than tab and newline."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A point in degrees, with an optional address or landmark."""

    lat: Lat
    lng: Lng
    text: Text = ""
