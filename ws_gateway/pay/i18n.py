"""Pages in the reader's language: Jinja2 templates, gettext catalogues, amounts and times by Babel.

The compiled catalogues are made from the ``.po`` files (``python -m ws_gateway.pay.compile_catalog``).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

import jinja2
from babel.dates import format_datetime
from babel.numbers import format_currency
from babel.support import Translations

from dispatch.domain.fare.fare import FareLine
from dispatch.payment.core.error_texts import ErrorText
from dispatch.payment.core.rotating_word import VerificationWord
from dispatch.values.money import Money
from ws_gateway.pay.browser import LANGUAGES
from ws_gateway.pay.error_texts import LINES, METHODS

FOLDER: Final = Path(__file__).parent
LOCALES: Final = FOLDER / "locale"
DOMAIN: Final = "pay"
SOURCE_LANGUAGE: Final = "en"


class Translator:
    """One language. Use :func:`translator`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = _catalog(language)
        self._pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._pages.globals.update(money=self.money, language=language, languages=LANGUAGES)
        self._pages.install_gettext_translations(self._texts, newstyle=True)  # type: ignore[attr-defined] # by i18n

    def render(self, template: str, shown: Mapping[str, object]) -> str:
        return self._pages.get_template(template).render(shown)

    def translate(self, text: str) -> str:
        return self._texts.gettext(text)

    def money(self, amount: Money) -> str:
        """``$12.34``, ``US$12.34``, ``¥23.00``."""
        return str(format_currency(amount.decimal(), amount.currency, locale=self.language))

    def moment(self, at: float, zone: ZoneInfo) -> str:
        return str(format_datetime(datetime.fromtimestamp(at, zone), "medium", locale=self.language))

    def line(self, line: FareLine) -> tuple[str, str, str]:
        quantity = ""
        if line.unit == "%":
            quantity = f"{line.quantity:g}%"
        elif line.kind in ("distance", "waiting"):
            quantity = f"{line.quantity:g} × {line.unit}"  # noqa: RUF001 - a multiplication
        return self.translate(LINES[line.kind]), quantity, self.money(line.amount)

    def method(self, method: str) -> str:
        return self.translate(METHODS[method]) if method in METHODS else method

    def word(self, word: VerificationWord) -> str:
        return word.zh if self.language == "zh" else word.en

    def phrase(self, phrase: ErrorText) -> tuple[str, str]:
        """What happened at Alipay, and what to do."""
        return (phrase.zh, phrase.do_zh) if self.language == "zh" else (phrase.en, phrase.do_en)


def _catalog(language: str) -> NullTranslations:
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    return Translations.load(LOCALES, [language], DOMAIN)


@cache
def _all() -> Mapping[str, Translator]:
    return MappingProxyType({language: Translator(language) for language in LANGUAGES})


def translator(language: str) -> Translator:
    return _all()[language]
