"""What all endpoints of the passenger's page stand at: the parts they are made of, and how they say what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from starlette.responses import Response

from dispatch.clock import Clock
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.payment.core.rotating_word import VerificationWord
from ws_gateway.pay.alipay_oauth import Authorizers
from ws_gateway.pay.error_texts import problem_of
from ws_gateway.pay.fare_commands import FareCommands
from ws_gateway.pay.rate_limits import PageLimits
from ws_gateway.pay.responses import PageResponses, Visit
from ws_gateway.pay.signed_forms import FormSigner, SignedValue

_NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class PageContext(msgspec.Struct, frozen=True):
    """The parts. ``word`` is the minute's word, ``new_id`` makes names that nobody can guess."""

    commands: FareCommands
    signer: FormSigner
    authorizers: Authorizers
    responses: PageResponses
    limits: PageLimits
    clock: Clock
    zone: ZoneInfo
    public_url: str
    word: Callable[[], VerificationWord]
    new_id: Callable[[], str]

    def sign(self, note: SignedValue) -> str:
        """A note, good from now on."""
        return self.signer.sign(note, self.clock.wall())

    def problem(self, visit: Visit, code: ErrorCode, *, again: str = "", said: str = "") -> Response:
        """A page that says what is wrong, by number, and what to do."""
        problem = problem_of(code)
        shown = {
            "title": visit.texts.translate(problem.title),
            "advice": visit.texts.translate(problem.advice),
            "said": said,
            "again": again,
            "number": code.value,
        }
        return self.responses.page(visit, "problem.html", shown, status=problem.status)


def known_name(text: str, unknown: ErrorCode) -> str:
    """The name of a car or trip as it may be asked for. Raises ``unknown`` for what can be none."""
    if _NAME.fullmatch(text) is None:
        raise DispatchError(unknown)
    return text


def ride_path(vehicle: str, trip: str) -> str:
    """The address of a ride's page."""
    return f"/pay/{quote(vehicle, safe='')}/{quote(trip, safe='')}"
