"""Commands as they travel; ``tests/recorded`` holds every form that was ever written."""

from __future__ import annotations

import msgspec
import pytest

from dispatch.domain.commands import AcceptOffer, MakeOffer, decode_command, encode_command
from dispatch.domain.entity import Command
from dispatch.values.place import Place


@pytest.mark.parametrize("command", [AcceptOffer("o1"), MakeOffer("o1", "t1", 3, Place(37.7, -122.4), 90.0)])
def test_a_command_is_read_as_it_was_sent(command: Command) -> None:
    """Encoding and decoding lose nothing, defaults included."""
    assert decode_command(encode_command(command)) == command


def test_an_unknown_command_is_refused() -> None:
    """A body whose tag no command has is an error, not a command."""
    with pytest.raises(msgspec.ValidationError):
        decode_command(msgspec.msgpack.encode({"c": "fly"}))
