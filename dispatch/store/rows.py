"""Rows of a table as structs."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

R = TypeVar("R", bound=msgspec.Struct)


def struct_of(kind: type[R], row: Any) -> R:  # noqa: ANN401 - a row of a table with the struct's columns
    """``row`` as a ``kind``, checked."""
    return msgspec.convert({name: getattr(row, name) for name in kind.__struct_fields__}, kind)
