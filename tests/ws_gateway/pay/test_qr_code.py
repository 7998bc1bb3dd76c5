"""The pictures that are stuck into cars."""

from __future__ import annotations

from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
import segno
from PIL import Image

from ws_gateway.pay.qr_code import SIDE, PictureError, inline_code, pay_url, png_picture, svg_picture

ADDRESS = pay_url("https://taxi.example", "V123")


def test_the_address() -> None:
    """The car's number is part of it, whatever stands in it."""
    assert ADDRESS == "https://taxi.example/pay/V123"
    assert pay_url("https://taxi.example", "A:1") == "https://taxi.example/pay/A%3A1"


def test_svg() -> None:
    """Well-formed; number and name stand under the code, in any script, and cannot break out of it."""
    drawn = ET.fromstring(svg_picture(ADDRESS, "V123", "大众 & <Söhne>"))
    texts = [each.text for each in drawn.iter() if each.tag.endswith("text")]
    assert texts == ["V123", "大众 & <Söhne>"]
    assert ADDRESS in [each.text for each in drawn.iter() if each.tag.endswith("title")]


def test_png() -> None:
    """The squares are those of the code, and something is written under them."""
    with Image.open(BytesIO(png_picture(ADDRESS, "V123", "Golden Gate Cabs"))) as picture:
        modules = int(segno.make_qr(ADDRESS, error="q").symbol_size()[0])
        scale = SIDE // modules
        left = (SIDE - modules * scale) // 2
        rows = list(segno.make_qr(ADDRESS, error="q").matrix_iter(border=4))
        seen = [
            [
                int(picture.getpixel((left + x * scale + scale // 2, left + y * scale + scale // 2)) == 0)
                for x in range(modules)
            ]
            for y in range(modules)
        ]
        assert seen == [list(row) for row in rows]
        assert picture.crop((0, SIDE, SIDE, picture.height)).getextrema() == (0, 255)


def test_what_a_png_cannot_write() -> None:
    """Boxes instead of a name would be worse than no picture."""
    with pytest.raises(PictureError, match=r"\.svg"):
        png_picture(ADDRESS, "V123", "大众")


def test_the_code_inside_a_page() -> None:
    """Needs no style and no script of its own, so that the page's policy holds."""
    code = inline_code(ADDRESS)
    assert code.startswith("<svg ")
    assert "style" not in code
    assert "<script" not in code
