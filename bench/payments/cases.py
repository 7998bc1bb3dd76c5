"""All that ``bench payments`` tries: each gateway, way, call, fault, and death of the host."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final, Literal, get_args

from bench.payments import acquirer
from bench.payments.alipay import GATEWAYS, TIMEOUT_S
from bench.payments.host import NOTICE, Death, Step
from bench.payments.ride import HOUR_S, Case, Story
from dispatch.payment.core.gateway_calls import PLACING
from dispatch.payment.core.port import Way
from sim.alipay_sandbox.faults import SandboxFault

WAYS: Final[tuple[Way, ...]] = ("page", "code", "scan")
STEPS: Final[tuple[Step, ...]] = ("", "before", "unanswered", "committed")
STEPS_OF_AN_HOUR: Final[tuple[Step, ...]] = ("", "unanswered")
UNPAID: Final[tuple[Story, ...]] = ("cash", "late", "leaves")
REFUNDED: Final[tuple[Story, ...]] = ("refund", "parts")
LASTING: Final = ("outage", "drop-answer", "system-error-before", "system-error-after")
"""Faults that are also tried about midnight."""
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
"""What can go wrong with any call; blank: nothing."""
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
DEATHS: Final = 3
"""How many storms each story meets, and what is in one."""
SECONDS: Final = {"outage": HOUR_S, "delay-answer": TIMEOUT_S / 2, "clock-skew": HOUR_S, "notice-late": 2 * HOUR_S}
REFUSALS: Final = {"refund": "SELLER_BALANCE_NOT_ENOUGH", "create": "BUYER_BALANCE_NOT_ENOUGH"}
"""The code of a refusal by call; any other is refused for want of permission."""

_MAPI: Final = {
    "create": "alipay.acquire.create",
    "precreate": "alipay.acquire.precreate",
    "scan": "alipay.acquire.*pay",
    "query": "alipay.acquire.*query",
    "close": "alipay.acquire.close",
    "cancel": "alipay.acquire.cancel",
    "refund": "alipay.acquire.*refund",
}
_OPENAPI: Final = {
    "create": "alipay.trade.create",
    "precreate": "alipay.trade.precreate",
    "scan": "alipay.trade.pay",
    "query": "alipay.trade.query",
    "close": "alipay.trade.close",
    "cancel": "alipay.trade.cancel",
    "refund": "alipay.trade.refund",
}


def cases() -> Iterator[Case]:
    """The whole matrix, always in the same order."""
    for gateway in GATEWAYS:
        for way in WAYS:
            yield from _calls(gateway, way)
            yield from _notices(gateway, way)
            yield from _storms(gateway, way)


def faults_of(case: Case) -> tuple[SandboxFault, ...]:
    """What the sandbox is told to do wrong."""
    if case.seed:
        return _storm_faults(case)
    if not case.fault:
        return ()
    struck = case.event or _called(case, case.call)
    # Where the notification comes, nobody needs the query.
    lost = (SandboxFault(name="notice-lost"),) if case.call == "query" else ()
    code = REFUSALS.get(case.call, "ACCESS_FORBIDDEN") if case.fault == "refuse" else ""
    times = 1 if case.lasts == "once" and case.fault != "outage" else None
    seconds = 30.0 if (case.fault, case.lasts) == ("outage", "once") else SECONDS.get(case.fault, 0.0)
    return (SandboxFault(name=case.fault, call=struck, times=times, seconds=seconds, code=code), *lost)


def deaths_of(case: Case) -> tuple[Death, ...]:
    """Where the host dies."""
    if not case.seed:
        return (Death(case.step, case.call),) if case.step else ()
    dice = random.Random(-case.seed)
    calls = (*_calls_of(case.way), NOTICE)
    return tuple(Death(dice.choice(STEPS[1:]), dice.choice(calls), dice.randint(1, 3)) for _ in range(DEATHS))


def _called(case: Case, call: str) -> str:
    if case.gateway == "acquirer":
        return call
    return (_MAPI if case.gateway.startswith("mapi") else _OPENAPI)[call]


def _calls_of(way: Way) -> tuple[str, ...]:
    return (PLACING[way], "query", "close" if way == "page" else "cancel", "refund")


def _storm_faults(case: Case) -> tuple[SandboxFault, ...]:
    """Some of everything, a few times each."""
    dice = random.Random(case.seed)
    made = []
    for _ in range(FAULTS_OF_CALLS):
        name, call, times = (
            dice.choice(_possible(case.gateway, ANSWERS, acquirer.ANSWERS)[1:]),
            dice.choice(_calls_of(case.way)),
            dice.randint(1, 4),
        )
        code = "ACCESS_FORBIDDEN" if name == "refuse" else ""
        seconds = dice.choice((20.0, 300.0, HOUR_S)) if name == "outage" else SECONDS.get(name, 0.0)
        made.append(SandboxFault(name=name, call=_called(case, call), times=times, seconds=seconds, code=code))
    for _ in range(FAULTS_OF_NOTICES):
        name = dice.choice(_possible(case.gateway, NOTICES, acquirer.NOTICES)[1:])
        made.append(SandboxFault(name=name, times=dice.randint(1, 3), seconds=SECONDS.get(name, 0.0)))
    return tuple(made)


def _storms(gateway: str, way: Way) -> Iterator[Case]:
    for story in get_args(Story):
        for seed in range(1, STORMS + 1):
            yield Case(gateway=gateway, way=way, story=story, fault="storm", call="*", lasts="hour", seed=seed)


def _calls(gateway: str, way: Way) -> Iterator[Case]:
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


def _call(gateway: str, way: Way, story: Story, call: str, faults: tuple[str, ...]) -> Iterator[Case]:
    for fault in _possible(gateway, faults, acquirer.ANSWERS):
        for lasts in _spans(fault):
            for step in STEPS if lasts == "once" else STEPS_OF_AN_HOUR:
                yield Case(gateway=gateway, way=way, story=story, fault=fault, call=call, lasts=lasts, step=step)


def _possible(gateway: str, faults: tuple[str, ...], there: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fault for fault in faults if fault in there) if gateway == "acquirer" else faults


def _spans(fault: str) -> tuple[Literal["once", "hour", "midnight"], ...]:
    if not fault or fault.startswith("notice"):
        return ("once",)
    return ("once", "hour", "midnight") if fault in LASTING else ("once", "hour")


def _notices(gateway: str, way: Way) -> Iterator[Case]:
    stories: tuple[tuple[Story, str], ...] = (
        ("pays", "paid"),
        ("cash", "closed"),
        ("late", "*"),
        ("parts", "refunded"),
    )
    steps: tuple[Step, ...] = ("", "before", "committed")
    for story, event in stories:
        for fault in _possible(gateway, NOTICES, acquirer.NOTICES):
            for step in steps:
                yield Case(gateway=gateway, way=way, story=story, fault=fault, call=NOTICE, event=event, step=step)
