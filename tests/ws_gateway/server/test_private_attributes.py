"""The private parts of uvicorn and websockets that ``ws_gateway.server`` uses: a new version must still have them."""

from __future__ import annotations

import ast
import asyncio
import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import h11
import pytest
import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets import protocol as websockets_protocol
from websockets import server as websockets_server
from websockets import speedups, streams

import ws_gateway

SERVER = Path(ws_gateway.__file__).parent / "server"
HTTP_METHODS = (
    "connection_made",
    "connection_lost",
    "data_received",
    "handle_websocket_upgrade",
    "on_response_complete",
)
HTTP_FIELDS = ("conn", "flow", "loop", "transport")
SOCKET_METHODS = ("data_received", "handle_connect", "send_receive_event_to_app")
SOCKET_FIELDS = (
    "close_sent",
    "conn",
    "curr_msg_data_type",
    "frames",
    "loop",
    "read_paused",
    "response",
    "scope",
    "transport",
)
SERVER_METHODS = ("handle_exit", "startup")
SERVER_FIELDS = ("force_exit", "servers", "should_exit")


@pytest.fixture
async def config() -> Config:
    """A loaded configuration."""
    config = Config(cast("Any", SimpleNamespace()), loop="none", lifespan="off", log_config=None)
    config.load()
    return config


def _made(kind: type[Any], config: Config) -> Any:
    return kind(config=config, server_state=ServerState(), app_state={}, _loop=asyncio.get_running_loop())


async def test_the_http_protocol_has_them(config: Config) -> None:
    """Methods that are overridden and fields that are read, and the states of a request."""
    protocol = _made(H11Protocol, config)
    assert all(callable(getattr(protocol, name)) for name in HTTP_METHODS)
    protocol.transport = protocol.flow = None  # set by ``connection_made``
    assert all(hasattr(protocol, name) for name in HTTP_FIELDS)
    assert "self.read_paused" in inspect.getsource(FlowControl)
    assert protocol.conn.their_state is h11.IDLE


async def test_the_websocket_protocol_has_them(config: Config) -> None:
    """Methods that are overridden, fields that are read, and the parser's state between two messages."""
    protocol = _made(WebSocketsSansIOProtocol, config)
    assert all(callable(getattr(protocol, name)) for name in SOCKET_METHODS)
    source = inspect.getsource(WebSocketsSansIOProtocol)
    assert [name for name in SOCKET_FIELDS if f"self.{name}" not in source] == []
    assert "self.response.status_code" in source
    assert '"state"' in source
    parser = websockets_server.ServerProtocol()
    assert parser.state is websockets_protocol.CONNECTING
    assert websockets_protocol.OPEN is not parser.state
    assert parser.reader.buffer == b""
    assert isinstance(parser.reader, streams.StreamReader)
    assert parser.current_size is None
    assert speedups.apply_mask(b"\x01\x02", b"\x01\x00\x00\x00") == b"\x00\x02"


async def test_the_server_has_them(config: Config) -> None:
    """Methods that are overridden and flags that are set."""
    server = uvicorn.Server(config)
    assert all(callable(getattr(server, name)) for name in SERVER_METHODS)
    source = inspect.getsource(uvicorn.Server)
    assert [name for name in SERVER_FIELDS if f"self.{name}" not in source] == []


def test_nothing_else_is_used() -> None:
    """Every attribute that the protocols take from ``self`` and did not define themselves is named above."""
    named = {*HTTP_METHODS, *HTTP_FIELDS, *SOCKET_METHODS, *SOCKET_FIELDS, *SERVER_METHODS, *SERVER_FIELDS}
    used: set[str] = set()
    for file in ("http_protocol.py", "websocket_protocol.py", "uvicorn_server.py"):
        for kind in ast.walk(ast.parse((SERVER / file).read_text(encoding="utf-8"))):
            if isinstance(kind, ast.ClassDef):
                used |= _inherited(kind)
    assert used - named == set()


def _inherited(kind: ast.ClassDef) -> set[str]:
    own = {node.name for node in kind.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    for node in kind.body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        own |= {target.id for target in targets if isinstance(target, ast.Name)}
    taken = [
        node
        for node in ast.walk(kind)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    ]
    own |= {node.attr for node in taken if node.attr.startswith("_")}
    return {node.attr for node in taken} - own
