"""The sticker of a car: its QR code, and below it the car number and the company's name."""

from io import BytesIO
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

import segno
from PIL import Image, ImageDraw, ImageFont

SIDE: Final = 600
"""Side of the code with its quiet zone, in pixels."""
_NUMBER_HIGH: Final = 72
_COMPANY_HIGH: Final = 40


class PictureError(ValueError):
    """The picture cannot be made as requested."""


def svg_picture(address: str, vehicle: str, company: str = "") -> bytes:
    code = segno.make_qr(address, error="q").svg_inline(omitsize=True)
    placed = code.replace("<svg ", f'<svg x="0" y="0" width="{SIDE}" height="{SIDE}" ', 1)
    texts = [
        f'<text x="{SIDE // 2}" y="{middle}" font-size="{high}" font-family="sans-serif" font-weight="{weight}" '
        f'text-anchor="middle" dominant-baseline="central">{escape(text)}</text>'
        for text, middle, high, weight in _texts(vehicle, company)
    ]
    high = _height(company)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{high}" viewBox="0 0 {SIDE} {high}">',
        f"<title>{escape(address)}</title>",
        f'<rect width="{SIDE}" height="{high}" fill="#fff"/>',
        placed,
        *texts,
        "</svg>",
    ]
    return ("\n".join(parts) + "\n").encode()


def png_picture(address: str, vehicle: str, company: str = "") -> bytes:
    """The sticker as PNG. Raises :class:`PictureError` for a name outside its Latin font."""
    if not (vehicle + company).isprintable() or max(map(ord, vehicle + company)) > ord("ÿ"):
        raise PictureError("a PNG can only show Latin letters: make it an .svg")
    code = segno.make_qr(address, error="q")
    made = BytesIO()
    scale = SIDE // code.symbol_size()[0]
    code.save(made, kind="png", scale=scale)
    picture = Image.new("1", (SIDE, _height(company)), 1)
    with Image.open(made) as squares:
        picture.paste(squares, ((SIDE - squares.width) // 2, (SIDE - squares.height) // 2))
    pen = ImageDraw.Draw(picture)
    for text, middle, high, _ in _texts(vehicle, company):
        pen.text((SIDE // 2, middle), text, fill=0, font=ImageFont.load_default(_fitting(text, high)), anchor="mm")
    written = BytesIO()
    picture.save(written, "png")
    return written.getvalue()


def _texts(vehicle: str, company: str) -> list[tuple[str, int, int, str]]:
    texts = [(vehicle, SIDE + _NUMBER_HIGH // 2, _fitting(vehicle, _NUMBER_HIGH), "bold")]
    if company:
        middle = SIDE + _NUMBER_HIGH + _COMPANY_HIGH
        texts.append((company, middle, _fitting(company, _COMPANY_HIGH), "normal"))
    return texts


def _fitting(text: str, high: int) -> int:
    """The height at which a text is no wider than the code."""
    return min(high, int(SIDE * 1.5 / max(1, len(text))))


def _height(company: str) -> int:
    return SIDE + _NUMBER_HIGH + (2 * _COMPANY_HIGH if company else _COMPANY_HIGH // 2)


def pay_url(public_url: str, vehicle: str) -> str:
    return f"{public_url}/pay/{quote(vehicle, safe='')}"


def inline_code(address: str) -> str:
    return segno.make_qr(address, error="m").svg_inline(omitsize=True, title=address)
