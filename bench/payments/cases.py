"""The cases of ``bench payments``: each gateway, way to pay, call, fault, and crash of the host."""

import random
from collections.abc import Iterator
from typing import Final, Literal, get_args

from bench.payments import acquirer
from bench.payments.alipay import GATEWAYS, TIMEOUT_S
from bench.payments.host import NOTICE, Crash, CrashPoint
from bench.payments.ride import HOUR_S, PaymentCase, Story
from dispatch.payment.core.gateway_calls import PLACING
from dispatch.payment.core.port import Way
from sim.alipay_sandbox.faults import SandboxFault

WAYS: Final[tuple[Way, ...]] = ("page", "code", "scan")
CRASH_POINTS: Final[tuple[CrashPoint, ...]] = ("", "before", "unanswered", "committed")
CRASH_POINTS_OF_AN_HOUR: Final[tuple[CrashPoint, ...]] = ("", "unanswered")
UNPAID: Final[tuple[Story, ...]] = ("cash", "late", "leaves")
REFUNDED: Final[tuple[Story, ...]] = ("refund", "parts")
LASTING: Final = ("outage", "drop-answer", "system-error-before", "system-error-after")
"""Faults that are also tried around midnight."""
ANSWERS: Final = (
    "",
    "outage",
    "drop-answer",
    "delay-answer",
    "system-error-before",
    "system-error-after",
    "gateway-error",
    "answer-unsigned",
    "answer-forged",
    "refuse",
    "clock-skew",
    "gbk-answers",
)
"""Faults of a call; blank: none."""
NOTICES: Final = (
    "",
    "notice-lost",
    "notice-late",
    "notice-duplicate",
    "notice-reorder",
    "notice-forged",
    "notice-wrong-amount",
    "notice-wrong-seller",
)
STORMS: Final = 12
FAULTS_OF_CALLS: Final = 4
FAULTS_OF_NOTICES: Final = 2
CRASHES: Final = 3
"""Number of storms for each story, and of the faults and crashes in one."""
SECONDS: Final = {"outage": HOUR_S, "delay-answer": TIMEOUT_S / 2, "clock-skew": HOUR_S, "notice-late": 2 * HOUR_S}
REFUSALS: Final = {"refund": "SELLER_BALANCE_NOT_ENOUGH", "create": "BUYER_BALANCE_NOT_ENOUGH"}
"""Refusal code by call; other calls are refused for lack of permission."""

_MAPI_NAMES: Final = {"scan": "*pay", "query": "*query", "refund": "*refund"}


def cases() -> Iterator[PaymentCase]:
    for gateway in GATEWAYS:
        for way in WAYS:
            yield from _calls(gateway, way)
            yield from _notices(gateway, way)
            yield from _storms(gateway, way)


def faults_of(case: PaymentCase) -> tuple[SandboxFault, ...]:
    if case.seed:
        return _storm_faults(case)
    if not case.fault:
        return ()
    call = case.event or _api_name(case, case.call)
    # A notification would make the query unnecessary.
    lost = (SandboxFault(name="notice-lost"),) if case.call == "query" else ()
    code = REFUSALS.get(case.call, "ACCESS_FORBIDDEN") if case.fault == "refuse" else ""
    times = 1 if case.lasts == "once" and case.fault != "outage" else None
    seconds = 30.0 if (case.fault, case.lasts) == ("outage", "once") else SECONDS.get(case.fault, 0.0)
    return (SandboxFault(name=case.fault, call=call, times=times, seconds=seconds, code=code), *lost)


def crashes_of(case: PaymentCase) -> tuple[Crash, ...]:
    if not case.seed:
        return (Crash(case.crash, case.call),) if case.crash else ()
    dice = random.Random(-case.seed)
    calls = (*_calls_of(case.way), NOTICE)
    return tuple(Crash(dice.choice(CRASH_POINTS[1:]), dice.choice(calls), dice.randint(1, 3)) for _ in range(CRASHES))


def _api_name(case: PaymentCase, call: str) -> str:
    if case.gateway == "acquirer":
        return call
    if case.gateway.startswith("mapi"):
        return f"alipay.acquire.{_MAPI_NAMES.get(call, call)}"
    return f"alipay.trade.{'pay' if call == 'scan' else call}"


def _calls_of(way: Way) -> tuple[str, ...]:
    return (PLACING[way], "query", "close" if way == "page" else "cancel", "refund")


def _storm_faults(case: PaymentCase) -> tuple[SandboxFault, ...]:
    dice = random.Random(case.seed)
    made = []
    for _ in range(FAULTS_OF_CALLS):
        name = dice.choice(_possible(case.gateway, ANSWERS, acquirer.ANSWERS)[1:])
        call, times = dice.choice(_calls_of(case.way)), dice.randint(1, 4)
        code = "ACCESS_FORBIDDEN" if name == "refuse" else ""
        seconds = dice.choice((20.0, 300.0, HOUR_S)) if name == "outage" else SECONDS.get(name, 0.0)
        made.append(SandboxFault(name=name, call=_api_name(case, call), times=times, seconds=seconds, code=code))
    for _ in range(FAULTS_OF_NOTICES):
        name = dice.choice(_possible(case.gateway, NOTICES, acquirer.NOTICES)[1:])
        made.append(SandboxFault(name=name, times=dice.randint(1, 3), seconds=SECONDS.get(name, 0.0)))
    return tuple(made)


def _storms(gateway: str, way: Way) -> Iterator[PaymentCase]:
    for story in get_args(Story):
        for seed in range(1, STORMS + 1):
            yield PaymentCase(gateway=gateway, way=way, story=story, fault="storm", call="*", lasts="hour", seed=seed)


def _calls(gateway: str, way: Way) -> Iterator[PaymentCase]:
    ending = "close" if way == "page" else "cancel"
    pays: Story = "password" if way == "scan" else "pays"
    yield from _call(gateway, way, "pays", PLACING[way], (*ANSWERS, "notice-before-answer", "notice-forged-early"))
    if way == "scan":
        yield from _call(gateway, way, "password", "scan", (*ANSWERS, "notice-before-answer", "notice-forged-early"))
    yield from _call(gateway, way, pays, "query", ANSWERS)
    more = ("retry-flag",) if ending == "cancel" else ()
    for story in UNPAID:
        yield from _call(gateway, way, story, ending, (*ANSWERS, *more))
    for story in REFUNDED:
        yield from _call(gateway, way, story, "refund", ANSWERS)
    yield from _call(gateway, way, "cancel", "cancel", (*ANSWERS, "retry-flag"))


def _call(gateway: str, way: Way, story: Story, call: str, faults: tuple[str, ...]) -> Iterator[PaymentCase]:
    for fault in _possible(gateway, faults, acquirer.ANSWERS):
        for lasts in _spans(fault):
            for crash in CRASH_POINTS if lasts == "once" else CRASH_POINTS_OF_AN_HOUR:
                yield PaymentCase(
                    gateway=gateway, way=way, story=story, fault=fault, call=call, lasts=lasts, crash=crash
                )


def _possible(gateway: str, faults: tuple[str, ...], of_acquirer: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fault for fault in faults if fault in of_acquirer) if gateway == "acquirer" else faults


def _spans(fault: str) -> tuple[Literal["once", "hour", "midnight"], ...]:
    if not fault or fault.startswith("notice"):
        return ("once",)
    return ("once", "hour", "midnight") if fault in LASTING else ("once", "hour")


def _notices(gateway: str, way: Way) -> Iterator[PaymentCase]:
    events: dict[Story, str] = {"pays": "paid", "cash": "closed", "late": "*", "parts": "refunded"}
    crashes: tuple[CrashPoint, ...] = ("", "before", "committed")
    for story, event in events.items():
        for fault in _possible(gateway, NOTICES, acquirer.NOTICES):
            for crash in crashes:
                yield PaymentCase(
                    gateway=gateway, way=way, story=story, fault=fault, call=NOTICE, event=event, crash=crash
                )
