"""Words that pages say by number or kind. English is the source; :mod:`ws_gateway.pay.i18n` says them in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from dispatch.domain.errors import ErrorCode
from dispatch.domain.fare.fare import LineKind


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "to be translated where it is shown"
    """Mark a text for the catalog."""
    return text


class Problem(NamedTuple):
    """Why a page cannot be shown, what to do, and the HTTP status that goes with it."""

    status: int
    title: str
    advice: str


PROBLEMS: Final[Mapping[ErrorCode, Problem]] = MappingProxyType({
    ErrorCode.UNKNOWN_VEHICLE: Problem(
        404, N_("There is no such car"), N_("Check the number: it is printed under the code in the car.")
    ),
    ErrorCode.UNKNOWN_TRIP: Problem(404, N_("There is no such ride"), N_("Scan the code in the car again.")),
    ErrorCode.NOT_YOURS: Problem(
        403, N_("Only whoever paid this ride can see its bill"), N_("Open it with the Alipay account that paid.")
    ),
    ErrorCode.BAD_TOKEN: Problem(
        400, N_("This page does not belong to your visit"), N_("Nothing was charged. Scan the code in the car again.")
    ),
    ErrorCode.TOKEN_EXPIRED: Problem(
        400, N_("This page is too old"), N_("Nothing was charged. Scan the code in the car again.")
    ),
    ErrorCode.WRONG_CREDENTIALS: Problem(
        403, N_("Alipay did not tell who you are"), N_("Nothing was charged. Try again, or pay the driver in cash.")
    ),
    ErrorCode.NOT_ALLOWED: Problem(
        503, N_("This car cannot take Alipay by its code yet"), N_("Please pay the driver in another way.")
    ),
    ErrorCode.TOO_MANY_ATTEMPTS: Problem(429, N_("Too many attempts"), N_("Wait a minute, then try again.")),
    ErrorCode.TOO_LARGE: Problem(413, N_("That was too much"), N_("Go back and try again.")),
    ErrorCode.MALFORMED: Problem(400, N_("This address is not complete"), N_("Scan the code in the car again.")),
    ErrorCode.UNAVAILABLE: Problem(
        503, N_("We cannot answer just now"), N_("Nothing is lost, and nothing is charged twice. Try again soon.")
    ),
    ErrorCode.INTERNAL: Problem(
        500, N_("Something went wrong here"), N_("Nothing is lost, and nothing is charged twice. Try again soon.")
    ),
})  # fmt: skip

LINES: Final[Mapping[LineKind, str]] = MappingProxyType({
    "flag_fall": N_("Flag fall"),
    "distance": N_("Distance"),
    "waiting": N_("Waiting"),
    "night": N_("Night surcharge"),
    "airport": N_("Airport fee"),
    "taximeter": N_("Taximeter"),
    "typed": N_("Fare as agreed with the driver"),
    "cancellation": N_("Late cancellation"),
    "no_show": N_("Passenger did not come"),
})  # fmt: skip

METHODS: Final[Mapping[str, str]] = MappingProxyType({
    "alipay_page": N_("Alipay, by the code in the car"),
    "alipay_app": N_("Alipay, in the app"),
    "alipay_scan": N_("Alipay, code shown to the driver"),
    "alipay_code": N_("Alipay, code on the driver's screen"),
})  # fmt: skip

NOTES: Final[Mapping[str, str]] = MappingProxyType({
    "amount": N_("Type the amount that the driver asks for, such as 23.50."),
    "changed": N_("The fare has changed meanwhile. Please look at it again."),
    "stopped": N_("The payment is being given up. This takes a few seconds."),
})  # fmt: skip
"""What a ride's page adds after a form: the address names one of these."""


def problem_of(code: ErrorCode) -> Problem:
    """What to say; what has no words of its own is our fault."""
    return PROBLEMS.get(code, PROBLEMS[ErrorCode.INTERNAL])
