"""The queries and commands that the payment pages send to vehicles and trips."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol

import msgspec

from dispatch.actors.core.protocol import Done, Envelope, HostsUnavailableError, Reply
from dispatch.domain.commands import GetFare, PayFare, ResolveScan, StopPaying, TypeFare, encode_command
from dispatch.domain.entity import SYSTEM, Command
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.registry import VehicleRecord
from dispatch.domain.trip.trip_state import FareSheet
from dispatch.payment.core.rules import ALIPAY_PAGE
from dispatch.store.journal import JournalUnavailableError
from dispatch.values.money import Money
from ws_gateway.pay.payment_steps import Payer

NO_RIDE: Final = frozenset({ErrorCode.NO_TRIP_TO_PAY, ErrorCode.UNKNOWN_VEHICLE, ErrorCode.VEHICLE_ILLEGAL_MOVE})
"""A vehicle's refusals that mean: there is nothing to pay."""


class CommandSender(Protocol):
    """The part of :class:`dispatch.actors.core.protocol.Hosts` that is used here."""

    async def command(self, envelope: Envelope) -> Reply:
        """Send a command until it is answered. Raises ``HostsUnavailableError``."""


class VehicleDirectory(Protocol):
    """The part of :class:`ws_gateway.ports.Registry` that is used here."""

    async def get(self, kind: type[VehicleRecord], entry_id: str) -> VehicleRecord | None:
        """Raises ``JournalUnavailableError``."""


class RideFare(NamedTuple):
    """A trip's fare sheet, and the number of the trip's last event."""

    trip: str
    sheet: FareSheet
    seq: int


class FareCommands:
    """Every method raises ``DispatchError``; ``UNAVAILABLE`` if no host answers.

    The id of a command derives from the payer, the trip and the form's ``nonce``: the same form acts once.
    """

    def __init__(self, hosts: CommandSender, cars: VehicleDirectory, new_id: Callable[[], str]) -> None:
        self._hosts = hosts
        self._cars = cars
        self._new_id = new_id

    async def car(self, vehicle: str) -> VehicleRecord:
        """Raises ``UNKNOWN_VEHICLE``."""
        try:
            found = await self._cars.get(VehicleRecord, vehicle)
        except JournalUnavailableError as error:
            raise DispatchError(ErrorCode.UNAVAILABLE) from error
        if found is None or not found.active:
            raise DispatchError(ErrorCode.UNKNOWN_VEHICLE)
        return found

    async def ride_in(self, vehicle: str) -> str | None:
        """The trip that a scan in this car refers to; None if there is none now."""
        try:
            done = await self._ask(f"vehicle:{vehicle}", ResolveScan())
        except DispatchError as error:
            if error.code in NO_RIDE:
                return None
            raise
        trip = done.result.get("trip")
        return trip if isinstance(trip, str) else None

    async def fare(self, trip: str) -> RideFare:
        """Raises ``UNKNOWN_TRIP``."""
        done = await self._ask(f"trip:{trip}", GetFare())
        return RideFare(trip, msgspec.convert(done.result, FareSheet), done.seq)

    async def pay(self, trip: str, payer: Payer, nonce: str) -> None:
        await self._act(trip, PayFare(ALIPAY_PAGE, buyer=payer.user_id, scanned=True), payer, nonce)

    async def type_fare(self, trip: str, amount: Money, payer: Payer, nonce: str) -> None:
        await self._act(trip, TypeFare(amount), payer, nonce)

    async def stop_paying(self, trip: str, payer: Payer, nonce: str) -> None:
        await self._act(trip, StopPaying(), payer, nonce)

    async def _ask(self, key: str, question: Command) -> Done:
        return await self._send(Envelope(key, f"page:{self._new_id()}", SYSTEM, encode_command(question), keep=False))

    async def _act(self, trip: str, command: Command, payer: Payer, nonce: str) -> None:
        body = encode_command(command)
        name = blake2b(f"{payer.user_id}\0{trip}\0{nonce}".encode(), digest_size=16).hexdigest()
        digest = blake2b(body, digest_size=16).digest()
        await self._send(Envelope(f"trip:{trip}", f"page:{name}", payer.principal, body, digest))

    async def _send(self, envelope: Envelope) -> Done:
        try:
            answer = await self._hosts.command(envelope)
        except HostsUnavailableError as error:
            raise DispatchError(ErrorCode.UNAVAILABLE) from error
        if isinstance(answer, Done):
            return answer
        raise DispatchError(ErrorCode(answer.code), field=answer.field, detail=answer.detail)
