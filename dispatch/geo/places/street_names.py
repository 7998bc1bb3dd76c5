"""Street names: normalised words for comparison, and a readable form."""

import re
import unicodedata
from types import MappingProxyType
from typing import Final

_SHORT: Final = MappingProxyType({
    "alley": "aly", "av": "ave", "avenue": "ave", "boul": "blvd", "boulevard": "blvd", "bl": "blvd", "circle": "cir",
    "court": "ct", "crt": "ct", "drive": "dr", "drv": "dr", "fort": "ft", "highway": "hwy", "lane": "ln", "mount": "mt",
    "parkway": "pkwy", "pky": "pkwy", "place": "pl", "plaza": "plz", "plza": "plz", "road": "rd", "saint": "st",
    "square": "sq", "sqr": "sq", "str": "st", "street": "st", "terr": "ter", "terrace": "ter", "tunnel": "tunl",
    "wy": "way",
})  # fmt: skip
"""Usual abbreviations (USPS Publication 28, appendix C1): one form for each word."""
KINDS: Final = frozenset(
    {"aly", "ave", "blvd", "cir", "ct", "dr", "hwy", "ln", "loop", "pkwy", "pl", "plz", "rd", "sq", "st", "ter", "way"}
)
"""Kinds of streets; they have little weight in comparisons."""
_ORDINALS: Final = MappingProxyType({
    word: f"{number}th"
    for number, word in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
         "twelfth"), 1,
    )
})  # fmt: skip
_CHINESE: Final = MappingProxyType({
    "国际机场": " international airport ", "机场": " airport ", "大街": " ave ", "大道": " blvd ", "街": " st ",
    "路": " rd ", "巷": " aly ", "第": " ",
})  # fmt: skip
_SILENT: Final = frozenset({"the", "of"})
_ORDINAL: Final = re.compile(r"0*([1-9][0-9]*)(?:st|nd|rd|th)")
_WORD: Final = re.compile(r"[^\W_]+")
_NO_PLACE: Final = re.compile(r"\b(?:UNNAMED|RAMP)\b|^(?:I-?|HWY |US-?)\s*[0-9]", re.IGNORECASE)
_AS_WRITTEN: Final = MappingProxyType({"OFARRELL": "O'Farrell", "OREILLY": "O'Reilly", "OSHAUGHNESSY": "O'Shaughnessy"})
"""Names whose capital letters without an apostrophe are unreadable."""


def words_of(text: str) -> list[str]:
    """A name or typed text as normalised words: lower case, no accents, abbreviations, ordinals always as ``5th``."""
    for chinese, ours in _CHINESE.items():
        text = text.replace(chinese, ours)
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    words = (_one_form(word) for word in _WORD.findall(plain.casefold().replace("'", "").replace("\u2019", "")))
    return [word for word in words if word not in _SILENT]


def _one_form(word: str) -> str:
    ordinal = _ORDINAL.fullmatch(word)
    if ordinal is not None:
        return f"{ordinal[1]}th"
    return _ORDINALS.get(word) or _SHORT.get(word, word)


def is_place(name: str) -> bool:
    """True if a pick-up is possible in a street of this name: not on a motorway or its ramps."""
    return bool(name.strip()) and _NO_PLACE.search(name) is None


def readable(name: str) -> str:
    """``03RD ST`` as ``3rd St``, ``MCALLISTER ST`` as ``McAllister St``. A name in lower case is unchanged."""
    if name != name.upper():
        return name
    words = name.split()
    return " ".join(_cased(word, first=number == 0) for number, word in enumerate(words))


def _cased(word: str, *, first: bool) -> str:
    ordinal = re.fullmatch(r"0*([1-9][0-9]*)(ST|ND|RD|TH)", word)
    if ordinal is not None:
        return f"{ordinal[1]}{ordinal[2].lower()}"
    if word in _AS_WRITTEN:
        return _AS_WRITTEN[word]
    if word.lower() in _SILENT and not first:
        return word.lower()
    if word.startswith("MC") and len(word) > 3:
        return f"Mc{word[2:].capitalize()}"
    return "-".join(part.capitalize() for part in word.split("-"))
