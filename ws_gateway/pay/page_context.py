"""The parts shared by all endpoints of the payment pages, and their error page."""

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
    """``word`` returns the current verification word, ``new_id`` unguessable ids."""

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
        return self.signer.sign(note, self.clock.wall())

    def problem(self, visit: Visit, code: ErrorCode, *, again: str = "", detail: str = "") -> Response:
        problem = problem_of(code)
        shown = {
            "title": visit.texts.translate(problem.title),
            "advice": visit.texts.translate(problem.advice),
            "detail": detail,
            "again": again,
            "number": code.value,
        }
        return self.responses.page(visit, "problem.html", shown, status=problem.status)


def known_name(text: str, unknown: ErrorCode) -> str:
    """The id of a car or trip. Raises ``unknown`` if the text cannot be an id."""
    if _NAME.fullmatch(text) is None:
        raise DispatchError(unknown)
    return text


def ride_path(vehicle: str, trip: str) -> str:
    return f"/pay/{quote(vehicle, safe='')}/{quote(trip, safe='')}"
