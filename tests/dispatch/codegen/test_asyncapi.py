"""The protocol's documents are made from the structs and agree with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest

from dispatch.api.client_messages import ClientMessage, FromClient
from dispatch.api.server_messages import FromServer, ServerMessage
from dispatch.codegen.asyncapi import asyncapi, json_schema, render_protocol_markdown
from dispatch.codegen.examples import EXAMPLES
from dispatch.domain.errors import CloseCode, ErrorCode

DOCUMENT = Path(__file__).parents[3] / "docs" / "protocol.md"
SAID = [message for dialogue in EXAMPLES.values() for message in dialogue]


def test_the_document_is_current() -> None:
    """``docs/protocol.md`` is what the structs say; render it anew after a change."""
    assert DOCUMENT.read_text(encoding="utf-8") == render_protocol_markdown()


def test_every_message_error_and_close_code_is_documented() -> None:
    """Nothing that goes over the wire is left out of the document."""
    text = render_protocol_markdown()
    for kind in (*get_args(FromClient), *get_args(FromServer)):
        assert f"### `{kind.__struct_config__.tag}`" in text
    for code in (*ErrorCode, *CloseCode):
        assert f"| {int(code)} | {code.name} |" in text


@pytest.mark.parametrize("message", SAID, ids=lambda message: type(message).__name__)
def test_examples_fit_the_schema(message: ClientMessage | ServerMessage) -> None:
    """Every example is a valid message, by the JSON Schema and by the structs."""
    plain = msgspec.json.decode(msgspec.json.encode(message))
    jsonschema.Draft202012Validator(json_schema()).validate(plain)
    kinds: Any = FromClient if isinstance(message, ClientMessage) else FromServer
    assert msgspec.json.decode(msgspec.json.encode(plain), type=kinds) == message


def test_the_schema_refuses_what_the_structs_refuse() -> None:
    """Ranges are in the schema: a latitude of 91 fits no message."""
    validator = jsonschema.Draft202012Validator(json_schema())
    assert validator.is_valid({"t": "fix", "fix": [1, 0.0, 90.0, 0.0]})
    assert not validator.is_valid({"t": "fix", "fix": [1, 0.0, 91.0, 0.0]})


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return here + [each for value in node.values() for each in _references(value)]
    return [each for value in node for each in _references(value)] if isinstance(node, list) else []


@pytest.mark.parametrize("document", [asyncapi(), json_schema()], ids=["asyncapi", "json_schema"])
def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """No reference in either document dangles."""
    references = _references(document)
    assert references
    for reference in references:
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_asyncapi_names_both_directions_and_roles() -> None:
    """Clients' messages are received, the server's are sent, and each of a client's names its roles."""
    document = asyncapi()
    assert document["asyncapi"].startswith("3.")
    assert {name: each["action"] for name, each in document["operations"].items()} == {
        "receive": "receive",
        "send": "send",
    }
    assert document["components"]["messages"]["StartRide"]["x-roles"] == ["driver"]
    assert len(document["channels"]["socket"]["messages"]) == len(get_args(FromClient)) + len(get_args(FromServer))
