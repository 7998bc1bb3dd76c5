"""Makes a small journal with the real cores, and keeps it as gzipped SQL: ``python -m tests.recorded.make FILE``.

Before a migration is added, run this in a checkout of the release that lacks it; the file's name says its revision
(``journal_0006.sql.gz``). It uses what all releases have: the harness of ``tests.dispatch.actors`` and the journal's
port. A recorded file is never made again.
"""

from __future__ import annotations

import asyncio
import gzip
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, insert

from dispatch.domain.commands import (
    AcceptOffer,
    ArriveAtPickup,
    CallGateway,
    CancelTrip,
    DeclineOffer,
    FinishRide,
    PayFare,
    RateRide,
    RecordGatewayResponse,
    RefundFare,
    StartBreak,
    StartHail,
    StartRide,
    StartShift,
    TakeOutOfService,
)
from dispatch.domain.entity import EntityKey, Principal
from dispatch.payment.core.gateway_calls import GatewayResponse, encode_response
from dispatch.payment.core.port import NotFound, OrderCreated, Refund, Refunded, TradeStatus, TradeView
from dispatch.store import tables as schema
from dispatch.store.journal import Batch, Committed, Conflict
from dispatch.store.journals.memory_journal import MemoryJournal
from dispatch.store.journals.sql_journal import open_journal
from dispatch.store.migrations import upgrade
from dispatch.values.money import Money
from tests.dispatch.actors.core.harness import (
    CODE,
    DISPATCHER,
    SHARDS,
    City,
    Host,
    driver,
    profile,
    trip_key,
    vehicle_key,
)

BUYER = "2088102122458832"
CARS = tuple(f"V{number}" for number in range(1, 13))


class Kept(MemoryJournal):
    """A journal in memory that keeps what was committed, batch by batch."""

    def __init__(self, city: City) -> None:
        super().__init__(shards=SHARDS, tables=city.tables)
        self.batches: list[Batch] = []

    async def commit(self, batch: Batch) -> Committed | Conflict:
        """Write it, and keep it if it was written."""
        result = await super().commit(batch)
        if isinstance(result, Committed):
            self.batches.append(batch)
        return result


class PaidCity(City):
    """A city whose fares are collected: an Alipay where every order is paid as soon as it is ``paying``."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = self.kept = Kept(self)
        self.paying = True
        self.amounts: dict[str, Money] = {}
        self.bear("payment")

    def deliver(self, host: Host) -> bool:
        """Calls to the gateway are answered at once; the rest goes as ever."""
        gateway = [call for call in host.calls if call.envelope is None]
        host.calls = [call for call in host.calls if call.envelope is not None]
        for call in gateway:
            work = msgspec.msgpack.decode(call.scheduled.command, type=CallGateway)
            told = RecordGatewayResponse(call.scheduled.name, work.order, encode_response(self.answer(work)))
            host.submit(self.envelope(call.scheduled.owner, told, keep=False))
            host.pump()
            host.core.call_done(call.scheduled, answered=True, retry_at=0.0)
            host.collect()
        return super().deliver(host) or bool(gateway)

    def answer(self, work: CallGateway) -> GatewayResponse:
        """What Alipay says."""
        if work.call == "create":
            facts = msgspec.msgpack.decode(work.arguments)
            self.amounts[work.order] = msgspec.convert(facts["amount"], Money)
            return OrderCreated(work.order, f"N-{work.order}")
        if work.call == "query" and work.order in self.amounts:
            status = TradeStatus.SUCCESS if self.paying else TradeStatus.WAITING
            return TradeView(
                out_trade_no=work.order,
                trade_no=f"N-{work.order}",
                status=status,
                amount=self.amounts[work.order],
                buyer_id=BUYER,
            )
        if work.call == "refund":
            asked = msgspec.msgpack.decode(work.arguments, type=Refund)
            return Refunded(out_trade_no=work.order, refund_no=asked.refund_no, amount=asked.amount)
        return NotFound(work.order)

    # stories

    def ride(self, trip: str, vehicle: str, until: str = "ended") -> None:
        """From the request to ``assigned``, ``arrived``, ``begun`` or ``ended``; the car is online."""
        self.request(trip, passenger=f"P{trip}")
        self.fix(vehicle)
        offer = self.offer(trip, vehicle)
        self.do(vehicle_key(vehicle), AcceptOffer(offer), driver(vehicle))
        if until == "assigned":
            return
        self.do(vehicle_key(vehicle), ArriveAtPickup(trip), driver(vehicle))
        if until == "arrived":
            return
        self.do(vehicle_key(vehicle), StartRide(trip, CODE), driver(vehicle))
        for north in range(100, 900, 100):
            self.pass_time(8.0, step=8.0)
            self.fix(vehicle, float(north))
        if until == "ended":
            self.do(vehicle_key(vehicle), FinishRide(trip), driver(vehicle))

    def pay(self, trip: str, method: str = "alipay_app") -> None:
        """The passenger pays (in cash: the driver has it), and all that follows runs."""
        vehicle = self.trip(trip).data.vehicle or ""
        payer = driver(vehicle) if method == "cash" else Principal("passenger", f"P{trip}")
        self.do(trip_key(trip), PayFare(method, "" if method == "cash" else BUYER), payer)
        self.pass_time(5.0)


def a_day(city: PaidCity) -> None:
    """Every state that a car, a trip and a payment can be found in, or nearly."""
    for vehicle in CARS:
        city.online(vehicle)
    city.ride("T1", "V1")
    city.pay("T1", "cash")
    city.do(trip_key("T1"), RateRide(5), Principal("passenger", "PT1"))
    city.ride("T2", "V1")
    city.pay("T2")
    refund = RefundFare("complaint", Money(100, "USD"))
    city.do(EntityKey("payment", "T2"), refund, Principal("dispatcher", "D1"))
    city.settle()
    city.ride("T3", "V2")
    city.request("T4", passenger="PT4")
    city.fix("V3")
    city.do(vehicle_key("V3"), DeclineOffer(city.offer("T4", "V3")), driver("V3"))
    city.do(trip_key("T4"), CancelTrip("no"), Principal("passenger", "PT4"))
    city.ride("T5", "V4", "assigned")
    city.do(trip_key("T5"), CancelTrip("late"), Principal("passenger", "PT5"))
    city.request("T6", passenger="PT6")
    city.pass_time(400.0, step=20.0)
    for _ in range(70):
        city.do(vehicle_key("V5"), StartBreak(), driver("V5"))
        city.do(vehicle_key("V5"), StartShift(profile("V5")), driver("V5"))
    city.do(vehicle_key("V6"), StartBreak(), driver("V6"))
    city.do(vehicle_key("V7"), TakeOutOfService("brakes"), DISPATCHER)
    city.request("T7", passenger="PT7", pickup_at=city.clock.city() + 7200.0)
    city.ride("T8", "V8", "assigned")
    city.ride("T9", "V9", "arrived")
    city.ride("T10", "V10", "begun")
    city.fix("V11")
    city.do(vehicle_key("V11"), StartHail("T11"), driver("V11"))
    city.paying = False
    city.pay("T3")
    city.request("T12", passenger="PT12")
    city.fix("V12")
    city.offer("T12", "V12")
    city.request("T13", passenger="PT13")


def made() -> PaidCity:
    """The city after its day."""
    city = PaidCity()
    a_day(city)
    return city


def beside(connection: Connection) -> None:
    """A row in each table that no entity writes."""
    known = set(schema.ROWS) | {"stream", "event", "reply", "due", "claim", "snapshot", "meta"}
    for table in schema.metadata.sorted_tables:
        if table.name not in known:
            connection.execute(insert(table), [_row(table)])


def _row(table: Table) -> dict[str, Any]:
    samples: dict[type, Any] = {str: "V1", int: 4, float: 12.5, bool: True, bytes: b"\x00\x01"}
    return {
        column.name: ["refund"] if column.type.__class__.__name__ == "JSON" else samples[column.type.python_type]
        for column in table.columns
    }


async def write(batches: Sequence[Batch], url: str, *, others: bool = True) -> None:
    """Write batches into the journal at ``url``, which is made."""
    upgrade(url)
    journal = await open_journal(url, shards=SHARDS)
    for batch in batches:
        assert isinstance(await journal.commit(batch), Committed)
    if others:
        await journal.database.write(beside)
    await journal.close()


def main(target: Path) -> None:
    """Make the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        asyncio.run(write(made().kept.batches, f"sqlite:///{path}"))
        connection = sqlite3.connect(path)
        text = "\n".join(connection.iterdump())
        connection.close()
    target.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
