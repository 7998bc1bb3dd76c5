"""Texts by number or kind. English is the source; :mod:`ws_gateway.pay.i18n` translates."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from dispatch.domain.errors import ErrorCode
from dispatch.domain.fare.fare import LineKind


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "to be translated where it is shown"
    return text


class Problem(NamedTuple):
    """Title and advice of an error page, and its HTTP status."""

    status: int
    title: str
    advice: str


PROBLEMS: Final[Mapping[ErrorCode, Problem]] = MappingProxyType({
    ErrorCode.UNKNOWN_VEHICLE: Problem(
        404, N_("Car not found"), N_("Check the car number printed under the code in the car.")
    ),
    ErrorCode.UNKNOWN_TRIP: Problem(404, N_("Ride not found"), N_("Scan the code in the car again.")),
    ErrorCode.NOT_YOURS: Problem(
        403, N_("Only the payer of this ride can see its bill"), N_("Open the bill with the Alipay account that paid.")
    ),
    ErrorCode.BAD_TOKEN: Problem(
        400, N_("This page belongs to another session"), N_("Nothing was charged. Scan the code in the car again.")
    ),
    ErrorCode.TOKEN_EXPIRED: Problem(
        400, N_("This page has expired"), N_("Nothing was charged. Scan the code in the car again.")
    ),
    ErrorCode.WRONG_CREDENTIALS: Problem(
        403, N_("Your identity is not confirmed"), N_("Nothing was charged. Try again, or pay the driver in cash.")
    ),
    ErrorCode.NOT_ALLOWED: Problem(
        503, N_("This car's code does not support Alipay yet"), N_("Please pay the driver in another way.")
    ),
    ErrorCode.TOO_MANY_ATTEMPTS: Problem(429, N_("Too many attempts"), N_("Wait a minute, then try again.")),
    ErrorCode.TOO_LARGE: Problem(413, N_("The request is too large"), N_("Go back and try again.")),
    ErrorCode.MALFORMED: Problem(400, N_("The address is incomplete"), N_("Scan the code in the car again.")),
    ErrorCode.UNAVAILABLE: Problem(
        503, N_("Service temporarily unavailable"), N_("Nothing is lost or charged twice. Please try again later.")
    ),
    ErrorCode.INTERNAL: Problem(
        500, N_("Internal error"), N_("Nothing is lost or charged twice. Please try again later.")
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
    "no_show": N_("No-show"),
})  # fmt: skip

METHODS: Final[Mapping[str, str]] = MappingProxyType({
    "alipay_page": N_("Alipay, by the code in the car"),
    "alipay_app": N_("Alipay, in the app"),
    "alipay_scan": N_("Alipay, code shown to the driver"),
    "alipay_code": N_("Alipay, code on the driver's screen"),
})  # fmt: skip

NOTES: Final[Mapping[str, str]] = MappingProxyType({
    "amount": N_("Enter the amount that the driver asks for, such as 23.50."),
    "changed": N_("The fare has changed. Please check it again."),
    "stopped": N_("The payment is being cancelled. This takes a few seconds."),
})  # fmt: skip
"""Notes on a ride's page after a form: the URL names one of these."""


def problem_of(code: ErrorCode) -> Problem:
    """Errors without their own text are reported as internal."""
    return PROBLEMS.get(code, PROBLEMS[ErrorCode.INTERNAL])
