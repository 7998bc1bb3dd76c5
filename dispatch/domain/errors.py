"""Errors and WebSocket close codes, as two numbered tables.

    DispatchError                  a command was rejected; nothing was written
    └── IllegalMoveError           the state machine has no such transition (names state, event and id)

An error states whether the same command may be retried (``retryable``). Numbers are permanent and never reused. 1xxx
messages, 2xxx authentication and permissions, 3xxx vehicles and offers, 4xxx trips, 5xxx payments, 6xxx the system.

Close codes 4000-4499: reconnect and resume. 4500-4999: do not reconnect before the cause is fixed.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from dispatch.values.money import Money


class ErrorCode(IntEnum):
    """Error numbers. 3003 and 5004 are reserved and never raised."""

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
    """The text of an error, and whether the same command may be retried."""

    text: str
    retryable: bool


ERRORS: Final[dict[ErrorCode, ErrorSpec]] = {
    ErrorCode.MALFORMED: ErrorSpec("The message cannot be decoded.", False),
    ErrorCode.INVALID_FIELD: ErrorSpec("A field has an invalid value.", False),
    ErrorCode.UNKNOWN_MESSAGE: ErrorSpec("Unknown message.", False),
    ErrorCode.TOO_LARGE: ErrorSpec("The message is too large.", False),
    ErrorCode.TOO_MANY_MESSAGES: ErrorSpec("Too many messages. Slow down.", True),
    ErrorCode.COMMAND_ID_REUSED: ErrorSpec("This command id was already used with different content.", False),
    ErrorCode.HELLO_EXPECTED: ErrorSpec("The first message must be hello with a token.", False),
    ErrorCode.FIX_FROM_FUTURE: ErrorSpec("The time of the position is in the future.", False),
    ErrorCode.BAD_TOKEN: ErrorSpec("The token is not valid.", False),
    ErrorCode.TOKEN_EXPIRED: ErrorSpec("The token has expired. Sign in again.", False),
    ErrorCode.NOT_ALLOWED: ErrorSpec("Your role may not do this.", False),
    ErrorCode.NOT_YOURS: ErrorSpec("This belongs to another user.", False),
    ErrorCode.WRONG_CREDENTIALS: ErrorSpec("The number, code or password is wrong.", False),
    ErrorCode.TOO_MANY_ATTEMPTS: ErrorSpec("Too many attempts. Try again later.", True),
    ErrorCode.TOKEN_REVOKED: ErrorSpec("You were signed out. Sign in again.", False),
    ErrorCode.UNKNOWN_VEHICLE: ErrorSpec("Unknown vehicle.", False),
    ErrorCode.VEHICLE_ILLEGAL_MOVE: ErrorSpec("This is not possible in the vehicle's current state.", False),
    ErrorCode.OFFER_GONE: ErrorSpec("The offer is no longer open.", False),
    ErrorCode.OFFER_OTHER_VEHICLE: ErrorSpec("The offer was made to another vehicle.", False),
    ErrorCode.VEHICLE_NOT_FREE: ErrorSpec("The vehicle is not available.", False),
    ErrorCode.VEHICLE_STALE: ErrorSpec("The vehicle's last position is too old.", True),
    ErrorCode.VEHICLE_BUSY: ErrorSpec("The vehicle has a trip. Finish or cancel it first.", False),
    ErrorCode.NO_METER: ErrorSpec("The vehicle has no metered ride in progress.", False),
    ErrorCode.OTHER_DRIVER: ErrorSpec("Another driver is on shift in this vehicle.", False),
    ErrorCode.UNKNOWN_TRIP: ErrorSpec("Unknown trip.", False),
    ErrorCode.TRIP_ILLEGAL_MOVE: ErrorSpec("This is not possible in the trip's current state.", False),
    ErrorCode.WRONG_RIDE_CODE: ErrorSpec("The ride code is wrong. Ask the passenger again.", False),
    ErrorCode.TRIP_ENDED: ErrorSpec("The trip has ended.", False),
    ErrorCode.TRIP_EXISTS: ErrorSpec("This trip already exists.", False),
    ErrorCode.PICKUP_IN_PAST: ErrorSpec("The pick-up time is too soon or in the past.", False),
    ErrorCode.OUT_OF_AREA: ErrorSpec("The place is outside the service area.", False),
    ErrorCode.TRIP_CHANGED: ErrorSpec("The trip has changed in the meantime.", True),
    ErrorCode.VEHICLE_UNSUITABLE: ErrorSpec("The vehicle does not meet the trip's requirements.", False),
    ErrorCode.ALREADY_RATED: ErrorSpec("The trip has already been rated.", False),
    ErrorCode.FEE_AGREED_TOO_LOW: ErrorSpec("Cancelling now costs a fee. Agree to it first.", False),
    ErrorCode.UNKNOWN_ALARM: ErrorSpec("Unknown alarm.", False),
    ErrorCode.NO_TRIP_TO_PAY: ErrorSpec("No fare is due here.", False),
    ErrorCode.PAYMENT_OPEN: ErrorSpec("A payment of this fare is already open.", True),
    ErrorCode.ALREADY_PAID: ErrorSpec("The fare has already been paid.", False),
    ErrorCode.PAYMENT_REFUSED: ErrorSpec("The payment was refused.", False),
    ErrorCode.PAYMENT_UNCERTAIN: ErrorSpec("Alipay's answer is unclear. Please wait.", True),
    ErrorCode.PAYMENT_ILLEGAL_MOVE: ErrorSpec("This is not possible in the payment's current state.", False),
    ErrorCode.NOT_PAID: ErrorSpec("There is no payment to refund.", False),
    ErrorCode.REFUND_OPEN: ErrorSpec("A refund of this fare is already in progress.", True),
    ErrorCode.REFUND_TOO_MUCH: ErrorSpec("The refund exceeds the remaining amount.", False),
    ErrorCode.FARE_NOT_AGREED: ErrorSpec(
        "The fare is not agreed yet: the passenger types it and the driver confirms it.", True
    ),
    ErrorCode.FARE_METERED: ErrorSpec("The vehicle has a meter; its fare cannot be typed.", False),
    ErrorCode.BUSY: ErrorSpec("The system is busy. Try again.", True),
    ErrorCode.IN_PROGRESS: ErrorSpec("The command is still in progress. Try again with the same id.", True),
    ErrorCode.UNAVAILABLE: ErrorSpec("The system is temporarily unavailable. Try again with the same id.", True),
    ErrorCode.SHUTTING_DOWN: ErrorSpec("The server is restarting. Connect again.", True),
    ErrorCode.INTERNAL: ErrorSpec("An internal error occurred. Try again with the same id.", True),
}


class DispatchError(Exception):
    """A command was rejected and nothing was written. ``amount`` is the price, if that is the reason."""

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
        """The table's text, followed by the detail in parentheses."""
        text = ERRORS[self.code].text
        return f"{text} ({self.detail})" if self.detail else text

    @property
    def retryable(self) -> bool:
        return ERRORS[self.code].retryable

    def __str__(self) -> str:
        where = f" at {self.field}" if self.field else ""
        return f"{self.code.value} {self.text}{where}"


class IllegalMoveError(DispatchError):
    """The state machine has no such transition. Nothing was written."""

    def __init__(self, code: ErrorCode, *, entity: str, state: str, event: str) -> None:
        self.entity = entity
        self.state = state
        self.event = event
        super().__init__(code, detail=f"{entity} is {state}: no {event}")


class CloseCode(IntEnum):
    """Why the server closed a socket. Below 4500 the client reconnects and resumes."""

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
    CloseCode.SLOW: "The client reads too slowly.",
    CloseCode.LOST_HOST: "The server lost its connection to an internal component.",
    CloseCode.BAD_TOKEN: "The token is not valid.",
    CloseCode.TOKEN_EXPIRED: "The token has expired. Sign in again.",
    CloseCode.REPLACED: "Replaced by a newer connection of the same driver or device.",
    CloseCode.PROTOCOL: "Protocol violation: message not allowed in this state.",
    CloseCode.TOO_LARGE: "A message was too large.",
    CloseCode.FLOOD: "The client sent too many messages.",
    CloseCode.HELLO_TIMEOUT: "No hello within the time limit.",
    CloseCode.REVOKED: "The client was signed out.",
}


def may_reconnect(code: int) -> bool:
    return code < 4500
