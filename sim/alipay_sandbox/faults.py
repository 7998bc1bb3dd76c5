"""Faults that can be injected at the start or over HTTP, each limited by call, count and probability."""

from __future__ import annotations

import random
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec


class FaultError(ValueError):
    """An unknown fault, or one with invalid fields."""


class FaultKind(msgspec.Struct, frozen=True):
    """Description of one fault."""

    touches: str
    """The meaning of ``call``: a gateway's call, a notification's event, the passenger's app or the bill."""
    meaning: str
    fields: tuple[str, ...] = ()
    """Fields beside ``call``, ``times`` and ``chance``."""


_CALL, _EVENT = "call", "event"
_SECONDS, _CODE = ("seconds",), ("code",)
KINDS: Final[dict[str, FaultKind]] = {
    "outage": FaultKind(_CALL, "Connections are cut before anything is read, for `seconds` from now", _SECONDS),
    "drop-answer": FaultKind(_CALL, "The call takes effect; after `seconds` the connection is cut", _SECONDS),
    "delay-answer": FaultKind(_CALL, "The call takes effect; the response is `seconds` late", _SECONDS),
    "system-error-before": FaultKind(_CALL, "SYSTEM_ERROR; the call has no effect"),
    "system-error-after": FaultKind(_CALL, "SYSTEM_ERROR; the call takes effect"),
    "gateway-error": FaultKind(_CALL, "The gateway's own error, unsigned; the call has no effect"),
    "answer-unsigned": FaultKind(_CALL, "The call takes effect; the response has no signature"),
    "answer-forged": FaultKind(_CALL, "The call takes effect; the response has a wrong signature"),
    "refuse": FaultKind(_CALL, "A signed business refusal with `code`; the call has no effect", _CODE),
    "retry-flag": FaultKind(_CALL, "A cancel responds `retry_flag=Y` and has no effect"),
    "notice-before-answer": FaultKind(
        _CALL, "The response waits until the trade's notification is delivered; a created order is paid at once"
    ),
    "clock-skew": FaultKind(_CALL, "The clock that checks `timestamp` is `seconds` ahead", _SECONDS),
    "gbk-answers": FaultKind(_CALL, "The response is written and signed in GBK, regardless of the request"),
    "notice-lost": FaultKind(_EVENT, "The notification is never sent"),
    "notice-late": FaultKind(_EVENT, "The first attempt is `seconds` late", _SECONDS),
    "notice-duplicate": FaultKind(_EVENT, "Each attempt is sent twice"),
    "notice-reorder": FaultKind(
        _EVENT, "The first attempt waits until another notification is sent, at most `seconds`", _SECONDS
    ),
    "notice-forged": FaultKind(_EVENT, "A copy that is signed with an unknown key precedes each attempt"),
    "notice-forged-early": FaultKind(
        _CALL, "A notification that the order of the call is paid arrives, signed with an unknown key"
    ),
    "notice-wrong-amount": FaultKind(
        _EVENT, "The first attempt states one cent more, correctly signed; repetitions are right"
    ),
    "notice-wrong-seller": FaultKind(
        _EVENT, "The first attempt names another seller, correctly signed; repetitions are right"
    ),
    "result-code": FaultKind(
        "app", "The passenger's app returns `code` to the page, regardless of the outcome; call is `tradePay`", _CODE
    ),
    "bill-spill": FaultKind("bill", "Events of a day's last `seconds` are in the next day's bill", _SECONDS),
}


class SandboxFault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A fault to inject. Raises :class:`FaultError` if its fields are invalid."""

    name: str
    call: str = "*"
    """Pattern of calls or events, for example ``alipay.trade.*``."""
    times: int | None = None
    """Number of strikes; None: unlimited."""
    chance: float = 1.0
    seconds: float = 0.0
    code: str = ""

    def __post_init__(self) -> None:
        kind = KINDS.get(self.name)
        if kind is None:
            raise FaultError(f"unknown fault {self.name!r}; known: {', '.join(KINDS)}")
        if not 0 <= self.chance <= 1 or (self.times is not None and self.times < 1):
            raise FaultError(f"{self.name}: chance must be from 0 to 1, times at least 1")
        if (self.seconds and "seconds" not in kind.fields) or bool(self.code) != ("code" in kind.fields):
            raise FaultError(f"{self.name}: takes {' and '.join(kind.fields) or 'neither seconds nor code'}")


class _ActiveFault:
    def __init__(self, fault: SandboxFault, began: float) -> None:
        self.fault: Final = fault
        self.began: Final = began
        self.hits = 0

    def spent(self) -> bool:
        return self.fault.times is not None and self.hits >= self.fault.times


class ActiveFaults:
    """The active faults. ``rng`` decides about faults with a probability."""

    def __init__(self, faults: Iterable[SandboxFault], rng: random.Random, now: float) -> None:
        self._rng = rng
        self._active: list[_ActiveFault] = []
        self.replace(faults, now)

    def replace(self, faults: Iterable[SandboxFault], now: float) -> None:
        self._active = [_ActiveFault(fault, now) for fault in faults]

    def clear(self, name: str = "") -> None:
        self._active = [active for active in self._active if name and active.fault.name != name]

    def hit(self, name: str, call: str) -> SandboxFault | None:
        """The first fault of that name that strikes this call; counts the strike."""
        for active in self._active:
            fault = active.fault
            if fault.name != name or active.spent() or not fnmatchcase(call, fault.call):
                continue
            if fault.chance >= 1 or self._rng.random() < fault.chance:
                active.hits += 1
                return fault
        return None

    def is_outage(self, call: str, now: float) -> bool:
        """True if an outage covers this call; counts the strike."""
        for active in self._active:
            fault = active.fault
            if fault.name == "outage" and now < active.began + fault.seconds and fnmatchcase(call, fault.call):
                active.hits += 1
                return True
        return False

    def to_json(self) -> list[dict[str, Any]]:
        return [msgspec.to_builtins(active.fault) | {"hits": active.hits} for active in self._active]


def parse_fault(text: str) -> SandboxFault:
    """Read ``drop-answer:call=alipay.trade.*,times=2``. Raises :class:`FaultError`."""
    name, _, rest = text.partition(":")
    fields: dict[str, Any] = dict(each.partition("=")[::2] for each in rest.split(",") if each)
    try:
        return msgspec.convert({"name": name} | fields, SandboxFault, strict=False)
    except msgspec.ValidationError as error:
        raise FaultError(f"{text!r}: {error}") from error


def read_faults(body: bytes) -> list[SandboxFault]:
    """Read a JSON list of faults. Raises :class:`FaultError`."""
    try:
        return msgspec.json.decode(body, type=list[SandboxFault])
    except msgspec.DecodeError as error:
        raise FaultError(str(error)) from error


def fault_table() -> str:
    rows = [
        f"| `{name}` | {kind.touches} | {', '.join(kind.fields)} | {kind.meaning}. |" for name, kind in KINDS.items()
    ]
    return "\n".join(["| fault | `call` names | also takes | what happens |", "|---|---|---|---|", *rows])
