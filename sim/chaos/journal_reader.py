"""Reads the journal for the checks: event names by number, outcomes of offers, heads of streams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Connection, select

from dispatch.domain.entity import Event
from dispatch.domain.events import decode_trip_event, decode_vehicle_event, event_name
from dispatch.store import tables as schema
from dispatch.store.database import open_database
from sim.chaos.consistency_checks import OfferOutcome, outcome_of

T = TypeVar("T")
READ_WITHIN_S: Final = 60.0
_DECODERS: Final[Mapping[str, Callable[[bytes], Event]]] = {"vehicle": decode_vehicle_event, "trip": decode_trip_event}


class JournalFacts(msgspec.Struct):
    """Events of vehicles and trips."""

    written: dict[str, dict[int, str]]
    """The event at each number of each stream."""
    outcomes: list[OfferOutcome]


async def read_facts(url: str) -> JournalFacts:
    return await _read(url, _facts)


async def read_heads(url: str) -> dict[str, int]:
    return await _read(url, _heads)


async def _read(url: str, query: Callable[[Connection], T]) -> T:
    database = open_database(url, timeout_s=READ_WITHIN_S)
    try:
        return await database.read(query)
    finally:
        await database.close()


def _facts(connection: Connection) -> JournalFacts:
    written: defaultdict[str, dict[int, str]] = defaultdict(dict)
    outcomes: list[OfferOutcome] = []
    column = schema.event.c
    rows = select(column.kind, column.id, column.seq, column.body).where(column.kind.in_(sorted(_DECODERS)))
    for kind, name, seq, body in connection.execute(rows):
        event = _DECODERS[kind](bytes(body))
        written[f"{kind}:{name}"][seq] = event_name(event)
        outcome = outcome_of(event)
        if outcome is not None:
            outcomes.append(outcome)
    return JournalFacts(written, outcomes)


def _heads(connection: Connection) -> dict[str, int]:
    column = schema.stream.c
    rows = select(column.id, column.last).where(column.kind == "vehicle")
    return {f"vehicle:{name}": last for name, last in connection.execute(rows)}
