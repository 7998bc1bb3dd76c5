"""What can be made to go wrong, at the start or over HTTP; each fault is limited by call, count and chance."""

from __future__ import annotations

import random
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec


class FaultError(ValueError):
    """A fault that does not exist, or is told wrong."""


class Kind(msgspec.Struct, frozen=True):
    """One way to go wrong."""

    touches: str
    """What ``call`` names: a gateway's call, a notification's event, the passenger's app or the bill."""
    meaning: str
    fields: tuple[str, ...] = ()
    """What it takes beside ``call``, ``times`` and ``chance``."""


_CALL, _NOTICE = "call", "event"
KINDS: Final[dict[str, Kind]] = {
    "outage": Kind(
        _CALL, "For `seconds` from when it is set, connections are cut before anything is read", ("seconds",)
    ),
    "drop-answer": Kind(
        _CALL, "The call takes effect; after `seconds` the connection is cut, unanswered", ("seconds",)
    ),
    "delay-answer": Kind(_CALL, "The call takes effect; the answer comes after `seconds`", ("seconds",)),
    "system-error-before": Kind(_CALL, "SYSTEM_ERROR, and nothing happened"),
    "system-error-after": Kind(_CALL, "SYSTEM_ERROR, though the call took effect"),
    "gateway-error": Kind(_CALL, "The gateway's own error, unsigned, and nothing happened"),
    "answer-unsigned": Kind(_CALL, "The call takes effect; the answer has lost its signature"),
    "answer-forged": Kind(_CALL, "The call takes effect; the answer's signature is wrong"),
    "refuse": Kind(_CALL, "A signed business refusal with `code`, and nothing happened", ("code",)),
    "retry-flag": Kind(_CALL, "A cancel answers `retry_flag=Y`, and nothing happened"),
    "notice-before-answer": Kind(
        _CALL, "The answer waits until the trade's notification was delivered; a created order is paid at once"
    ),
    "clock-skew": Kind(_CALL, "The gateway's clock is `seconds` ahead when it checks `timestamp`", ("seconds",)),
    "gbk-answers": Kind(_CALL, "The answer is written and signed in GBK, whatever was asked"),
    "notice-lost": Kind(_NOTICE, "The notification is never sent"),
    "notice-late": Kind(_NOTICE, "Its first sending comes `seconds` late", ("seconds",)),
    "notice-duplicate": Kind(_NOTICE, "Each sending is made twice"),
    "notice-reorder": Kind(
        _NOTICE, "Its first sending waits until another notification has overtaken it, at most `seconds`", ("seconds",)
    ),
    "notice-forged": Kind(_NOTICE, "One that a stranger signed goes before it"),
    "notice-forged-early": Kind(_CALL, "The order that the call opened is told as paid, signed by a stranger"),
    "notice-wrong-amount": Kind(_NOTICE, "Its first sending tells a cent more, well signed; repetitions are right"),
    "notice-wrong-seller": Kind(_NOTICE, "Its first sending names another seller, well signed; repetitions are right"),
    "result-code": Kind(
        "app", "The passenger's app tells the page `code`, whatever happened; call is `tradePay`", ("code",)
    ),
    "bill-spill": Kind("bill", "What happened in a day's last `seconds` stands in the next day's bill", ("seconds",)),
}


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something to go wrong. Raises :class:`FaultError` where it makes no sense."""

    name: str
    call: str = "*"
    """Which calls or events: a pattern, ``alipay.trade.*``."""
    times: int | None = None
    """How often; None for always."""
    chance: float = 1.0
    seconds: float = 0.0
    code: str = ""

    def __post_init__(self) -> None:
        kind = KINDS.get(self.name)
        if kind is None:
            raise FaultError(f"no fault {self.name!r}: there are {', '.join(KINDS)}")
        if not 0 <= self.chance <= 1 or (self.times is not None and self.times < 1):
            raise FaultError(f"{self.name}: chance is from 0 to 1, times from 1")
        if (self.seconds and "seconds" not in kind.fields) or bool(self.code) != ("code" in kind.fields):
            raise FaultError(f"{self.name}: takes {' and '.join(kind.fields) or 'neither seconds nor code'}")


class _Active:
    def __init__(self, fault: Fault, began: float) -> None:
        self.fault: Final = fault
        self.began: Final = began
        self.hits = 0

    def spent(self) -> bool:
        return self.fault.times is not None and self.hits >= self.fault.times


class Faults:
    """The faults that are set. Chance comes from ``dice``."""

    def __init__(self, faults: Iterable[Fault], dice: random.Random, now: float) -> None:
        self._dice = dice
        self._active: list[_Active] = []
        self.replace(faults, now)

    def replace(self, faults: Iterable[Fault], now: float) -> None:
        """Set these, and no others."""
        self._active = [_Active(fault, now) for fault in faults]

    def clear(self, name: str = "") -> None:
        """Take those of one name away, or all."""
        self._active = [active for active in self._active if name and active.fault.name != name]

    def take(self, name: str, call: str) -> Fault | None:
        """The first fault of that name that strikes this call; it counts as having struck."""
        for active in self._active:
            fault = active.fault
            if fault.name != name or active.spent() or not fnmatchcase(call, fault.call):
                continue
            if fault.chance >= 1 or self._dice.random() < fault.chance:
                active.hits += 1
                return fault
        return None

    def out(self, call: str, now: float) -> bool:
        """Whether there is an outage for this call."""
        for active in self._active:
            fault = active.fault
            if fault.name == "outage" and now < active.began + fault.seconds and fnmatchcase(call, fault.call):
                active.hits += 1
                return True
        return False

    def listed(self) -> list[dict[str, Any]]:
        """What is set, and how often each struck."""
        return [msgspec.to_builtins(active.fault) | {"hits": active.hits} for active in self._active]


def parse_fault(text: str) -> Fault:
    """Read ``drop-answer:call=alipay.trade.*,times=2``. Raises :class:`FaultError`."""
    name, _, rest = text.partition(":")
    told: dict[str, Any] = dict(each.partition("=")[::2] for each in rest.split(",") if each)
    try:
        return msgspec.convert({"name": name} | told, Fault, strict=False)
    except msgspec.ValidationError as error:
        raise FaultError(f"{text!r}: {error}") from error


def read_faults(body: bytes) -> list[Fault]:
    """Read a JSON list of faults. Raises :class:`FaultError`."""
    try:
        return msgspec.json.decode(body, type=list[Fault])
    except msgspec.DecodeError as error:
        raise FaultError(str(error)) from error


def fault_table() -> str:
    """All faults as a table in Markdown."""
    rows = [
        f"| `{name}` | {kind.touches} | {', '.join(kind.fields)} | {kind.meaning}. |" for name, kind in KINDS.items()
    ]
    return "\n".join(["| fault | `call` names | also takes | what happens |", "|---|---|---|---|", *rows])
