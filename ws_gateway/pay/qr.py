"""The QR code of a car: the address of its page."""

from __future__ import annotations

from urllib.parse import quote

import segno


def pay_url(public_url: str, vehicle: str) -> str:
    """What a car's QR code says."""
    return f"{public_url}/pay/{quote(vehicle, safe='')}"


def inline_code(address: str) -> str:
    """The code alone as SVG inside a page."""
    return segno.make_qr(address, error="m").svg_inline(omitsize=True, title=address)
