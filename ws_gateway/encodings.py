"""Which of the encodings that we have a browser takes (RFC 9110, 12.5.3)."""

from __future__ import annotations

from collections.abc import Iterable


def best_encoding(accept_encoding: str, ours: Iterable[str]) -> str:
    """The first of ``ours`` that ``accept_encoding`` names and does not refuse; empty: send it as it is."""
    taken = dict(map(_weighed, accept_encoding.lower().split(",")))
    return next((encoding for encoding in ours if taken.get(encoding, 0.0) > 0.0), "")


def _weighed(part: str) -> tuple[str, float]:
    name, _, weight = part.partition(";")
    try:
        return name.strip(), float(weight.strip().removeprefix("q=") or 1.0)
    except ValueError:
        return name.strip(), 0.0
