"""The QR code of a car: the address of its page, and its number under the code."""

from __future__ import annotations

from io import BytesIO
from typing import Final
from urllib.parse import quote

import segno

_MODULE: Final = 10
"""Pixels of one of the code's squares."""


def pay_url(public_url: str, vehicle: str) -> str:
    """What a car's QR code says."""
    return f"{public_url}/pay/{quote(vehicle, safe='')}"


def inline_code(address: str) -> str:
    """The code alone as SVG inside a page."""
    made = BytesIO()
    segno.make_qr(address, error="m").save(
        made, kind="svg", scale=4, xmldecl=False, svgns=True, omitsize=True, title=address, nl=False
    )
    return made.getvalue().decode()
