"""The catalogs: every text is translated, and what is shipped is what is written."""

from __future__ import annotations

from babel.messages.catalog import Catalog

from dispatch.domain.fare.fare import LineKind
from dispatch.payment.core.rules import WAYS
from ws_gateway.pay.compile_catalog import compiled, read_catalog, source_of, template_catalog
from ws_gateway.pay.error_texts import LINES, METHODS


def _ids(catalog: Catalog) -> set[object]:
    return {message.id for message in catalog if message.id}


def test_every_text_is_translated() -> None:
    """No text of a page is missing in Chinese, and none stands there that no page says any more."""
    chinese = read_catalog("zh")
    assert _ids(template_catalog()) == _ids(chinese)
    assert [message.id for message in chinese if message.id and (not message.string or message.fuzzy)] == []


def test_what_is_filled_in_is_there() -> None:
    """A translation has the same places to fill as its text (``compile_catalog`` writes both)."""
    assert [list(message.check()) for message in read_catalog("zh") if list(message.check())] == []


def test_the_compiled_catalog_is_current() -> None:
    """``pay.mo`` is made from ``pay.po`` as it stands."""
    assert source_of("zh").with_suffix(".mo").read_bytes() == compiled(read_catalog("zh"))


def test_lines_and_methods_have_words() -> None:
    """Every kind of line of a fare, and every way of paying through Alipay."""
    assert set(LINES) == set(LineKind.__args__)  # type: ignore[attr-defined] # a Literal's values
    assert set(METHODS) == set(WAYS)
