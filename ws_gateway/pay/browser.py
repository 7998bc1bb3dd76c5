"""The browser as its request headers describe it: Alipay's app or another, and the language."""

import re
from collections.abc import Mapping
from typing import Final

LANGUAGES: Final = ("en", "zh")
_IN_APP: Final = re.compile(r"\bLanguage/([A-Za-z]{2})")


def is_alipay(user_agent: str) -> bool:
    """Whether the user agent claims to be Alipay's app. A hint only: it can be forged."""
    return "alipayclient" in user_agent.lower()


def language_of(chosen: str, headers: Mapping[str, str]) -> str:
    """The page's language: the one ``chosen`` before, else the app's (``Language/zh-Hans``), else the browser's."""
    if chosen in LANGUAGES:
        return chosen
    in_app = _IN_APP.search(headers.get("user-agent", ""))
    if in_app is not None:
        return _known(in_app[1]) or LANGUAGES[0]
    return next(filter(None, map(_known, _wanted(headers.get("accept-language", "")))), LANGUAGES[0])


def _wanted(accept_language: str) -> list[str]:
    """The tags of an ``Accept-Language``, most wanted first (RFC 9110, 12.5.4)."""
    weighed = []
    for part in accept_language.split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1.0), tag))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighed, key=lambda pair: pair[0]) if weight < 0]


def _known(tag: str) -> str | None:
    primary = tag[:2].lower()
    return primary if primary in LANGUAGES and not tag[2:3].isalpha() else None
