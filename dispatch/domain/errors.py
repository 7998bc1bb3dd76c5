"""Every error a client can be told, and every code a socket can be closed with, as two numbered tables.

    DispatchError                  a command was refused; nothing was written
    └── IllegalMoveError           the state machine has no such move (names state, event and id)

An error says whether the same command may be sent again later (``retryable``). Numbers are for ever: they are
never given to something else. 1xxx what was said, 2xxx who said it, 3xxx vehicles and offers, 4xxx trips, 5xxx
payments, 6xxx the system itself.

Close codes 4000-4499 mean: connect again and resume. 4500-4999: do not, before something has changed.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from dispatch.values.money import Money


class ErrorCode(IntEnum):
    """The numbers of the errors."""

    MALFORMED = 1000
    INVALID_FIELD = 1001
    UNKNOWN_MESSAGE = 1002
    TOO_LARGE = 1003
    TOO_MANY_MESSAGES = 1004
    COMMAND_ID_REUSED = 1005
    HELLO_EXPECTED = 1006
    FIX_FROM_FUTURE = 1007
    BAD_TOKEN = 2000
    TOKEN_EXPIRED = 2001
    NOT_ALLOWED = 2002
    NOT_YOURS = 2003
    WRONG_CREDENTIALS = 2004
    TOO_MANY_ATTEMPTS = 2005
    TOKEN_REVOKED = 2006
    UNKNOWN_VEHICLE = 3000
    VEHICLE_ILLEGAL_MOVE = 3001
    OFFER_GONE = 3002
    OFFER_OTHER_VEHICLE = 3003
    VEHICLE_NOT_FREE = 3004
    VEHICLE_STALE = 3005
    VEHICLE_BUSY = 3006
    NO_METER = 3007
    OTHER_DRIVER = 3008
    UNKNOWN_TRIP = 4000
    TRIP_ILLEGAL_MOVE = 4001
    WRONG_RIDE_CODE = 4002
    TRIP_ENDED = 4003
    TRIP_EXISTS = 4004
    PICKUP_IN_PAST = 4005
    OUT_OF_AREA = 4006
    TRIP_CHANGED = 4007
    VEHICLE_UNSUITABLE = 4008
    ALREADY_RATED = 4009
    FEE_AGREED_TOO_LOW = 4010
    UNKNOWN_ALARM = 4011
    NO_TRIP_TO_PAY = 5000
    PAYMENT_OPEN = 5001
    ALREADY_PAID = 5002
    PAYMENT_REFUSED = 5003
    PAYMENT_UNCERTAIN = 5004
    PAYMENT_ILLEGAL_MOVE = 5005
    NOT_PAID = 5006
    REFUND_OPEN = 5007
    REFUND_TOO_MUCH = 5008
    FARE_NOT_AGREED = 5009
    FARE_METERED = 5010
    BUSY = 6000
    IN_PROGRESS = 6001
    UNAVAILABLE = 6002
    SHUTTING_DOWN = 6003
    INTERNAL = 6004


class ErrorSpec(NamedTuple):
    """The text of an error and whether the same command may be sent again."""

    text: str
    retryable: bool


ERRORS: Final[dict[ErrorCode, ErrorSpec]] = {
    ErrorCode.MALFORMED: ErrorSpec("The message cannot be read.", False),
    ErrorCode.INVALID_FIELD: ErrorSpec("A field has a value that is not allowed.", False),
    ErrorCode.UNKNOWN_MESSAGE: ErrorSpec("There is no such message.", False),
    ErrorCode.TOO_LARGE: ErrorSpec("The message is too large.", False),
    ErrorCode.TOO_MANY_MESSAGES: ErrorSpec("Too many messages. Slow down.", True),
    ErrorCode.COMMAND_ID_REUSED: ErrorSpec("This command id was used with another body.", False),
    ErrorCode.HELLO_EXPECTED: ErrorSpec("The first message has to be a hello with a token.", False),
    ErrorCode.FIX_FROM_FUTURE: ErrorSpec("The position's time lies in the future.", False),
    ErrorCode.BAD_TOKEN: ErrorSpec("The token is not valid.", False),
    ErrorCode.TOKEN_EXPIRED: ErrorSpec("The token has expired. Sign in again.", False),
    ErrorCode.NOT_ALLOWED: ErrorSpec("Your role may not do this.", False),
    ErrorCode.NOT_YOURS: ErrorSpec("This belongs to somebody else.", False),
    ErrorCode.WRONG_CREDENTIALS: ErrorSpec("The number, code or password is wrong.", False),
    ErrorCode.TOO_MANY_ATTEMPTS: ErrorSpec("Too many attempts. Try again later.", True),
    ErrorCode.TOKEN_REVOKED: ErrorSpec("You were signed out. Sign in again.", False),
    ErrorCode.UNKNOWN_VEHICLE: ErrorSpec("There is no such vehicle.", False),
    ErrorCode.VEHICLE_ILLEGAL_MOVE: ErrorSpec("The vehicle cannot do this in its present state.", False),
    ErrorCode.OFFER_GONE: ErrorSpec("The offer is no longer open.", False),
    ErrorCode.OFFER_OTHER_VEHICLE: ErrorSpec("The offer was made to another vehicle.", False),
    ErrorCode.VEHICLE_NOT_FREE: ErrorSpec("The vehicle is not free.", False),
    ErrorCode.VEHICLE_STALE: ErrorSpec("The vehicle has not been heard for too long.", True),
    ErrorCode.VEHICLE_BUSY: ErrorSpec("The vehicle has a trip. Finish or cancel it first.", False),
    ErrorCode.NO_METER: ErrorSpec("The vehicle has no trip that is metered.", False),
    ErrorCode.OTHER_DRIVER: ErrorSpec("Another driver is on shift in this vehicle.", False),
    ErrorCode.UNKNOWN_TRIP: ErrorSpec("There is no such trip.", False),
    ErrorCode.TRIP_ILLEGAL_MOVE: ErrorSpec("The trip cannot do this in its present state.", False),
    ErrorCode.WRONG_RIDE_CODE: ErrorSpec("The ride code is wrong. Ask the passenger again.", False),
    ErrorCode.TRIP_ENDED: ErrorSpec("The trip has ended.", False),
    ErrorCode.TRIP_EXISTS: ErrorSpec("There is such a trip already.", False),
    ErrorCode.PICKUP_IN_PAST: ErrorSpec("The pick-up time is too near or in the past.", False),
    ErrorCode.OUT_OF_AREA: ErrorSpec("The place is outside the area that is served.", False),
    ErrorCode.TRIP_CHANGED: ErrorSpec("The trip has changed meanwhile.", True),
    ErrorCode.VEHICLE_UNSUITABLE: ErrorSpec("The vehicle does not suit the trip.", False),
    ErrorCode.ALREADY_RATED: ErrorSpec("The trip has been rated.", False),
    ErrorCode.FEE_AGREED_TOO_LOW: ErrorSpec("Cancelling now costs a fee. Agree to it first.", False),
    ErrorCode.UNKNOWN_ALARM: ErrorSpec("There is no such alarm.", False),
    ErrorCode.NO_TRIP_TO_PAY: ErrorSpec("There is no fare to be paid here.", False),
    ErrorCode.PAYMENT_OPEN: ErrorSpec("A payment of this fare is open already.", True),
    ErrorCode.ALREADY_PAID: ErrorSpec("The fare is paid.", False),
    ErrorCode.PAYMENT_REFUSED: ErrorSpec("The payment was refused.", False),
    ErrorCode.PAYMENT_UNCERTAIN: ErrorSpec("Alipay did not answer clearly. Please wait.", True),
    ErrorCode.PAYMENT_ILLEGAL_MOVE: ErrorSpec("The payment cannot do this in its present state.", False),
    ErrorCode.NOT_PAID: ErrorSpec("Nothing was paid that could be given back.", False),
    ErrorCode.REFUND_OPEN: ErrorSpec("A refund of this fare is under way already.", True),
    ErrorCode.REFUND_TOO_MUCH: ErrorSpec("More than is left of the fare cannot be given back.", False),
    ErrorCode.FARE_NOT_AGREED: ErrorSpec("The fare has to be agreed first: type it, and let the driver confirm.", True),
    ErrorCode.FARE_METERED: ErrorSpec("The car has a meter: its fare is not typed.", False),
    ErrorCode.BUSY: ErrorSpec("The system is busy. Try again.", True),
    ErrorCode.IN_PROGRESS: ErrorSpec("The command is still at work. Ask again with the same id.", True),
    ErrorCode.UNAVAILABLE: ErrorSpec("The system cannot answer now. Ask again with the same id.", True),
    ErrorCode.SHUTTING_DOWN: ErrorSpec("The server is restarting. Connect again.", True),
    ErrorCode.INTERNAL: ErrorSpec("Something went wrong here. Ask again with the same id.", True),
}


class DispatchError(Exception):
    """A command was refused and nothing was written. ``amount`` is what it would have cost, where that is why."""

    def __init__(
        self, code: ErrorCode, *, field: str | None = None, detail: str | None = None, amount: Money | None = None
    ) -> None:
        self.code = code
        self.field = field
        self.detail = detail
        self.amount = amount
        super().__init__(code, field, detail)

    @property
    def text(self) -> str:
        """What a person is told: the table's text, with the detail behind it."""
        text = ERRORS[self.code].text
        return f"{text} ({self.detail})" if self.detail else text

    @property
    def retryable(self) -> bool:
        """Whether the same command may be sent again."""
        return ERRORS[self.code].retryable

    def __str__(self) -> str:
        where = f" at {self.field}" if self.field else ""
        return f"{self.code.value} {self.text}{where}"


class IllegalMoveError(DispatchError):
    """The state machine knows no such move. Nothing was written."""

    def __init__(self, code: ErrorCode, *, entity: str, state: str, event: str) -> None:
        self.entity = entity
        self.state = state
        self.event = event
        super().__init__(code, detail=f"{entity} is {state}: no {event}")


class CloseCode(IntEnum):
    """Why the server closed a socket. Below 4500: connect again and resume."""

    RESTARTING = 4000
    SLOW = 4001
    LOST_HOST = 4002
    BAD_TOKEN = 4500
    TOKEN_EXPIRED = 4501
    REPLACED = 4502
    PROTOCOL = 4503
    TOO_LARGE = 4504
    FLOOD = 4505
    HELLO_TIMEOUT = 4506
    REVOKED = 4507


CLOSE_TEXTS: Final[dict[CloseCode, str]] = {
    CloseCode.RESTARTING: "The server is restarting.",
    CloseCode.SLOW: "The client does not read fast enough.",
    CloseCode.LOST_HOST: "The server lost touch with its own parts.",
    CloseCode.BAD_TOKEN: "The token is not valid.",
    CloseCode.TOKEN_EXPIRED: "The token has expired. Sign in again.",
    CloseCode.REPLACED: "A newer connection of the same driver took over.",
    CloseCode.PROTOCOL: "The client sent what it may not.",
    CloseCode.TOO_LARGE: "A message was too large.",
    CloseCode.FLOOD: "The client sent far too many messages.",
    CloseCode.HELLO_TIMEOUT: "No hello came.",
    CloseCode.REVOKED: "The client was signed out.",
}


def may_reconnect(code: int) -> bool:
    """Whether a client that was closed with ``code`` should connect again and resume."""
    return code < 4500
