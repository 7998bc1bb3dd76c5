"""Updates the translation catalogues of the payment pages: ``python -m ws_gateway.pay.compile_catalog``.

Texts come from the templates and from ``pay.error_texts``. A new text is untranslated in the ``.po``; a test reports
it.
"""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from ws_gateway.pay.browser import LANGUAGES
from ws_gateway.pay.i18n import DOMAIN, FOLDER, LOCALES, SOURCE_LANGUAGE

_METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2.ext.babel_extract")]
_HEADER: Final = (
    "# The texts of the passenger's page. Made by python -m ws_gateway.pay.compile_catalog; translations stay."
)
_NEVER: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""A constant date, so that a catalogue changes only when its texts do."""
_ABOUT: Final[dict[str, Any]] = {
    "project": "taxi-dispatch",
    "version": "1",
    "last_translator": "taxi-dispatch",
    "language_team": "taxi-dispatch",
    "msgid_bugs_address": "taxi-dispatch",
}
_OPTIONS: Final[Mapping[str, dict[str, str]]] = {
    "templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
}


def template_catalog() -> Catalog:
    catalog = Catalog(domain=DOMAIN, project="taxi-dispatch")
    found = extract_from_dir(str(FOLDER), _METHODS, dict(_OPTIONS), strip_comment_tags=True)
    for file, line, text, _comments, context in found:
        catalog.add(text, None, [(Path(file).as_posix(), line)], context=context)
    return catalog


def source_of(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_catalog(language: str) -> Catalog:
    with source_of(language).open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def updated(kept: Catalog, texts: Catalog) -> Catalog:
    """``texts`` with the translations of ``kept``."""
    catalog = Catalog(kept.locale, DOMAIN, _HEADER, fuzzy=False, creation_date=_NEVER, revision_date=_NEVER, **_ABOUT)
    for message in texts:
        known = kept.get(message.id, message.context) if message.id else None
        if message.id:
            translated = known.string if known is not None else ""
            catalog.add(message.id, translated, message.locations, message.flags, context=message.context)
    return catalog


def compiled(catalog: Catalog) -> bytes:
    made = BytesIO()
    write_mo(made, catalog)
    return made.getvalue()


def write_catalogs() -> None:
    texts = template_catalog()
    for language in LANGUAGES:
        if language == SOURCE_LANGUAGE:
            continue
        path = source_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = read_catalog(language) if path.exists() else Catalog(locale=language, domain=DOMAIN)
        catalog = updated(kept, texts)
        with path.open("wb") as file:
            write_po(file, catalog, width=118, omit_header=False, sort_output=True, include_lineno=False)
        path.with_suffix(".mo").write_bytes(compiled(catalog))


if __name__ == "__main__":
    write_catalogs()
    sys.stdout.write(f"{LOCALES}\n")
