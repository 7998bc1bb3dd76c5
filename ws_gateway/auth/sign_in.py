"""Sign-in of the four roles. Each returns a token, or raises ``DispatchError``.

Rule 1. A wrong name and a wrong secret get the same answer after the same time.
Rule 2. Guesses are counted at all gateways together: a name is locked after some wrong secrets in a row.
Rule 3. A passenger's code derives from the gateways' secret, the phone and the time, so any gateway can check the code
        of another, also without the bus. A code is valid once.
"""

from collections.abc import Callable
from hashlib import blake2b
from hmac import compare_digest
from typing import NamedTuple

import msgspec

from dispatch.clock import Clock
from dispatch.domain.audit import sign_in_entry
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.registry import DeviceRecord, DispatcherRecord, DriverRecord, VehicleRecord
from dispatch.values.ids import DriverId, PassengerId, VehicleId
from dispatch.values.roles import Role
from dispatch.values.units import WallTime
from ws_gateway.auth.passwords import SecretCheck
from ws_gateway.auth.tokens import Tokens
from ws_gateway.limits.shared_limits import AttemptBus, AttemptLimiter
from ws_gateway.ports import AuditLog, Registry, SmsSender
from ws_gateway.settings import GatewaySettings


class Issued(msgspec.Struct, frozen=True, omit_defaults=True):
    """The response to a sign-in. ``expires_at`` is wall time."""

    token: str
    expires_at: float
    role: Role
    subject: str
    vehicle: str | None = None


class _Code(NamedTuple):
    """A passenger's code, and the name under which its use is counted."""

    name: str
    text: str


class SignIn:
    """``new_id`` returns a new id at each call; ``secret`` is the key of the codes."""

    def __init__(
        self,
        *,
        registry: Registry,
        sms: SmsSender,
        tokens: Tokens,
        clock: Clock,
        settings: GatewaySettings,
        secret: bytes,
        new_id: Callable[[], str],
        bus: AttemptBus,
        audit: AuditLog,
    ) -> None:
        self._registry = registry
        self._sms = sms
        self._tokens = tokens
        self._clock = clock
        self._ttl_s = settings.token_ttl_s
        self._code_ttl_s = settings.sms_code_ttl_s
        self._secret = secret[:64]
        self._new_id = new_id
        self._check = SecretCheck()
        self._audit = audit
        self._attempts = AttemptLimiter(bus, secret, settings.sign_in_attempts, settings.sign_in_lock_s, clock)
        self._sent = AttemptLimiter(bus, secret, settings.sms_per_hour, 3600.0, clock)
        self._used = AttemptLimiter(bus, secret, 1, 2 * settings.sms_code_ttl_s, clock)
        self._codes = settings.sms_per_hour

    async def driver(self, number: str, pin: str, vehicle: str) -> Issued:
        driver = await self._registry.get(DriverRecord, number)
        stored = driver.pin_hash if driver is not None and driver.active else None
        await self._must_match("driver", number, stored, pin)
        car = await self._registry.get(VehicleRecord, vehicle)
        if car is None or not car.active:
            raise DispatchError(ErrorCode.UNKNOWN_VEHICLE, field="vehicle")
        if not await self._registry.may_drive(DriverId(number), VehicleId(vehicle)):
            raise DispatchError(ErrorCode.NOT_ALLOWED, field="vehicle", detail=vehicle)
        return self._issue("driver", number, vehicle)

    async def dispatcher(self, name: str, password: str) -> Issued:
        dispatcher = await self._registry.get(DispatcherRecord, name)
        stored = dispatcher.password_hash if dispatcher is not None and dispatcher.active else None
        await self._must_match("dispatcher", name, stored, password)
        issued = self._issue("dispatcher", name)
        await self._audit.record_entries([sign_in_entry(name, self._new_id(), self._clock.city())])
        return issued

    async def device(self, device: str, key: str) -> Issued:
        found = await self._registry.get(DeviceRecord, device)
        await self._must_match("device", device, found.key_hash if found is not None and found.active else None, key)
        if found is None:
            raise DispatchError(ErrorCode.WRONG_CREDENTIALS)
        return self._issue("device", device, found.vehicle)

    async def send_code(self, phone: str) -> None:
        wall = self._clock.wall()
        await self._sent.count(f"sms {phone}")
        code = await self._code(phone, wall)
        if code is None:
            raise DispatchError(ErrorCode.TOO_MANY_ATTEMPTS)
        try:
            await self._sms.send(phone, code.text, wall)
        except OSError as error:
            raise DispatchError(ErrorCode.UNAVAILABLE) from error

    async def passenger(self, phone: str, code: str) -> Issued:
        """Sign in a passenger by the code sent to the phone; registers the passenger."""
        wall = self._clock.wall()
        name = f"passenger {phone}"
        await self._attempts.count(name)
        good = [await self._code(phone, at) for at in (wall, WallTime(wall - self._code_ttl_s))]
        right = [each for each in good if each is not None and compare_digest(each.text.encode(), code.encode())]
        if not right:
            raise DispatchError(ErrorCode.WRONG_CREDENTIALS)
        await self._use(right[0])
        await self._attempts.reset(name)
        new_id = PassengerId(f"p{self._new_id()}")
        passenger = await self._registry.passenger_by_phone(phone, new_id=new_id, created=wall)
        return self._issue("passenger", passenger.id)

    async def passenger_by_alipay(self, alipay_user_id: str) -> Issued:
        """Sign in a passenger whom Alipay has authenticated; registers the passenger."""
        new_id = PassengerId(f"p{self._new_id()}")
        found = await self._registry.passenger_by_alipay(alipay_user_id, new_id=new_id, created=self._clock.wall())
        return self._issue("passenger", found.id)

    async def _code(self, phone: str, wall: WallTime) -> _Code | None:
        """The phone's first unused code of this period of ``sms_code_ttl_s``; None if all are used."""
        span = int(wall // self._code_ttl_s)
        name = await self._used.first_uncounted([f"sms {span} {phone} {number}" for number in range(self._codes)])
        if name is None:
            return None
        drawn = blake2b(name.encode(), digest_size=8, key=self._secret).digest()
        return _Code(name, f"{int.from_bytes(drawn, 'big') % 1_000_000:06d}")

    async def _use(self, code: _Code) -> None:
        try:
            await self._used.count(code.name)
        except DispatchError as error:
            raise DispatchError(ErrorCode.WRONG_CREDENTIALS) from error

    async def _must_match(self, role: Role, name: str, stored: str | None, secret: str) -> None:
        """The attempt is counted before the check, so that concurrent guesses are counted too."""
        counted = f"{role} {name}"
        await self._attempts.count(counted)
        if not await self._check.matches(stored, secret):
            raise DispatchError(ErrorCode.WRONG_CREDENTIALS)
        await self._attempts.reset(counted)

    def _issue(self, role: Role, subject: str, vehicle: str | None = None) -> Issued:
        wall = self._clock.wall()
        token = self._tokens.issue(role, subject, session=self._new_id(), wall=wall, vehicle=vehicle)
        return Issued(token=token, expires_at=wall + self._ttl_s, role=role, subject=subject, vehicle=vehicle)
