"""The table of permissions: it is whole, and what it says of streams is what entities do."""

from __future__ import annotations

from typing import get_args

from dispatch.api.client_messages import ClientMessage, FromClient
from dispatch.api.http_routes import READ_ROUTES
from dispatch.api.permissions import MESSAGES, READS, ROLES, readers_of, senders_of
from dispatch.domain.entity import SYSTEM, Principal
from dispatch.domain.stream_access import STREAMS, may_follow


def test_the_table_names_every_message_and_address_and_no_other() -> None:
    """A message or address that was forgotten would be nobody's; one that does not exist would be a slip."""
    assert set(MESSAGES) == set(get_args(FromClient))
    assert set(READS) == {f"{route.method} {route.path}" for route in READ_ROUTES}
    for cells in (*MESSAGES.values(), *READS.values()):
        assert set(cells) <= set(ROLES)


def test_what_is_not_named_is_forbidden() -> None:
    """A message that the table does not know is nobody's to send, and no stream of payments is followed by a client."""

    class Unheard(ClientMessage, frozen=True, tag="unheard"):
        pass

    assert senders_of(Unheard) == frozenset()
    assert not any(may_follow("payment", "T1", Principal(role, "T1", "T1")) for role in ROLES)
    assert may_follow("payment", "T1", SYSTEM)


def test_routes_ask_for_the_roles_of_the_table() -> None:
    """What the gateway checks is what the table says; only the city is everybody's."""
    for route in READ_ROUTES:
        assert route.roles == readers_of(f"{route.method} {route.path}")
        assert route.roles or route.path == "/v1/city"


def test_a_guest_may_only_look() -> None:
    """A shared link follows, and does nothing."""
    sends = {kind.__name__ for kind, cells in MESSAGES.items() if "guest" in cells}
    assert sends == {"Hello", "Attach", "Detach", "Ping"}
    assert [kind for kind, cells in STREAMS.items() if "guest" in cells] == ["trip"]
