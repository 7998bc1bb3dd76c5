"""The page of one ride: its fare, the state of its payment, and the forms that advance it.

Rule 1: every form carries a signed value of this session; without it nothing happens, and the same form acts once.
Rule 2: after a form, the browser is redirected to the ride's page by GET, so a reload does not repeat the form.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import Response

from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.payment.core.error_texts import error_text
from dispatch.values.units import CityTime
from ws_gateway.pay.error_texts import N_, NOTES
from ws_gateway.pay.fare_commands import RideFare
from ws_gateway.pay.page_context import PageContext, known_name, ride_path
from ws_gateway.pay.payment_steps import WATCHED, Payer, PaymentStep, failure_of, step_of, typed_amount
from ws_gateway.pay.responses import RIDE_COOKIE, Visit
from ws_gateway.pay.signed_forms import PageSession, SignedForm

FORM_MAX: Final = 4096
WORD_FOR_S: Final = 900.0
"""Wall seconds after the payment during which the verification word is shown."""
RELOAD_S: Final = 5
"""Refresh interval of a page without scripts."""
_STANDS_ELSEWHERE: Final = frozenset(
    {
        ErrorCode.ALREADY_PAID,
        ErrorCode.FARE_METERED,
        ErrorCode.FARE_NOT_AGREED,
        ErrorCode.NOT_YOURS,
        ErrorCode.NO_TRIP_TO_PAY,
        ErrorCode.PAYMENT_OPEN,
        ErrorCode.TRIP_CHANGED,
        ErrorCode.TRIP_ILLEGAL_MOVE,
    }
)
"""Refusals after which the ride's page itself shows the new state."""
_FORMS: Final[dict[PaymentStep, tuple[str, ...]]] = {
    PaymentStep.PAY: ("order",),
    PaymentStep.TYPE: ("fare",),
    PaymentStep.OPEN: ("stop",),
}
_Act = Callable[[RideFare, Payer, SignedForm, str], Awaitable[str]]
"""Performs a form's action, given the entered amount; returns the note of the following page, or empty."""


class RidePage:
    """The endpoints of a ride's page and of its bill."""

    def __init__(self, context: PageContext) -> None:
        self._context = context

    async def page(self, visit: Visit, request: Request) -> Response:
        """``GET /pay/{vehicle}/{trip}``."""
        vehicle, trip = _names(request)
        if visit.session is None:
            return self._context.responses.redirect(f"/pay/{quote(vehicle, safe='')}?ride={trip}")
        fare = await self._fare(visit.session, vehicle, trip)
        payer = Payer(visit.session.user_id)
        step = step_of(fare.sheet, payer)
        if step is PaymentStep.AGREE and request.query_params.get("type"):
            step = PaymentStep.TYPE
        note = request.query_params.get("note", "")
        shown = {
            **self._shown(visit, fare, step),
            **self._texts_for(visit, fare, payer, step),
            "forms": {act: self._form(visit.session, fare, act) for act in _FORMS.get(step, ())},
            "note": visit.texts.translate(NOTES[note]) if note in NOTES else "",
            "stopping": note == "stopped",
        }
        return self._context.responses.page(visit, "ride.html", shown)

    def _shown(self, visit: Visit, fare: RideFare, step: PaymentStep) -> dict[str, object]:
        sheet, path = fare.sheet, ride_path(fare.sheet.vehicle, fare.trip)
        return {
            "step": step.value,
            "seq": fare.seq,
            "trip": fare.trip,
            "sheet": sheet,
            "fare": sheet.fare,
            "lines": [visit.texts.line(line) for line in sheet.lines],
            "trade": sheet.trade if step is PaymentStep.OPEN else "",
            "watched": step in WATCHED,
            "refresh_s": RELOAD_S if step in WATCHED else 0,
            "ride_url": path,
            "state_url": f"{path}/state",
            "bill_url": f"/pay/bill/{quote(fare.trip, safe='')}",
        }

    def _texts_for(self, visit: Visit, fare: RideFare, payer: Payer, step: PaymentStep) -> dict[str, object]:
        sheet, texts = fare.sheet, visit.texts
        failed = failure_of(sheet, payer)
        return {
            "failure": texts.phrase(error_text(failed)) if failed and step is PaymentStep.PAY else None,
            "unclear": texts.phrase(error_text("SYSTEM_ERROR")) if step is PaymentStep.CHECKING else None,
            "word": self._word(visit, fare, step),
            "paid_at": texts.moment(sheet.paid_at, self._context.zone) if sheet.paid_at is not None else "",
        }

    def _word(self, visit: Visit, fare: RideFare, step: PaymentStep) -> str:
        paid_at = fare.sheet.paid_at
        if step is not PaymentStep.PAID or paid_at is None:
            return ""
        shown_until = CityTime(paid_at + WORD_FOR_S * self._context.clock.speed)
        return visit.texts.word(self._context.word()) if self._context.clock.city() < shown_until else ""

    async def state(self, visit: Visit, request: Request) -> Response:
        """``GET /pay/{vehicle}/{trip}/state``: for the page's script. 401 after the session expired."""
        if visit.session is None:
            return self._context.responses.json({"step": "", "seq": 0}, 401)
        fare = await self._fare(visit.session, *_names(request))
        step = step_of(fare.sheet, Payer(visit.session.user_id))
        return self._context.responses.json(
            {"step": step.value, "seq": fare.seq, "word": self._word(visit, fare, step)}
        )

    async def bill(self, visit: Visit, request: Request) -> Response:
        """``GET /pay/bill/{trip}``: for the payer."""
        trip = known_name(request.path_params["trip"], ErrorCode.UNKNOWN_TRIP)
        if visit.session is None:
            raise DispatchError(ErrorCode.TOKEN_EXPIRED)
        fare = await self._context.commands.fare(trip)
        sheet, texts = fare.sheet, visit.texts
        if not Payer(visit.session.user_id).paid(sheet):
            raise DispatchError(ErrorCode.NOT_YOURS)
        times = ((N_("Pick-up"), sheet.started_at), (N_("Drop-off"), sheet.finished_at), (N_("Paid at"), sheet.paid_at))
        shown = {
            **self._shown(visit, fare, PaymentStep.PAID),
            "method": texts.method(sheet.method),
            "times": [
                (texts.translate(name), texts.moment(at, self._context.zone)) for name, at in times if at is not None
            ],
        }
        return self._context.responses.page(visit, "bill.html", shown)

    async def order(self, visit: Visit, request: Request) -> Response:
        """``POST /pay/{vehicle}/{trip}/order``: pay the fare shown on the page, and remember the ride."""
        response = await self._act(visit, request, "order", self._pay)
        if response.status_code == 303:
            self._context.responses.set_cookie(response, RIDE_COOKIE, ride_path(*_names(request)))
        return response

    async def fare(self, visit: Visit, request: Request) -> Response:
        """``POST /pay/{vehicle}/{trip}/fare``: enter the fare of a car without a meter."""
        return await self._act(visit, request, "fare", self._type)

    async def stop(self, visit: Visit, request: Request) -> Response:
        """``POST /pay/{vehicle}/{trip}/stop``: cancel the open order, to pay in another way."""
        return await self._act(visit, request, "stop", self._stop)

    async def again(self, _: Visit, request: Request) -> Response:
        """``GET`` of a form's URL, as after a reload: redirects to the ride's page."""
        return self._context.responses.redirect(ride_path(*_names(request)))

    async def _pay(self, fare: RideFare, payer: Payer, form: SignedForm, _: str) -> str:
        if step_of(fare.sheet, payer) is not PaymentStep.PAY or fare.sheet.fare is None:
            return ""
        if form.minor != fare.sheet.fare.minor:
            return "changed"
        await self._context.commands.pay(fare.trip, payer, form.nonce)
        return ""

    async def _type(self, fare: RideFare, payer: Payer, form: SignedForm, typed: str) -> str:
        amount = typed_amount(typed, fare.sheet.currency)
        if amount is None:
            return "amount"
        try:
            await self._context.commands.type_fare(fare.trip, amount, payer, form.nonce)
        except DispatchError as error:
            if error.code is not ErrorCode.INVALID_FIELD:
                raise
            return "amount"
        return ""

    async def _stop(self, fare: RideFare, payer: Payer, form: SignedForm, _: str) -> str:
        await self._context.commands.stop_paying(fare.trip, payer, form.nonce)
        return "stopped"

    async def _act(self, visit: Visit, request: Request, act: str, do: _Act) -> Response:
        vehicle, trip = _names(request)
        fields = await _fields(request)
        if visit.session is None:
            return self._context.problem(visit, ErrorCode.TOKEN_EXPIRED, again=ride_path(vehicle, trip))
        form = self._context.signer.read(SignedForm, fields.get("form", ""), self._context.clock.wall())
        if (form.sid, form.trip, form.act) != (visit.session.sid, trip, act):
            raise DispatchError(ErrorCode.BAD_TOKEN)
        fare = await self._fare(visit.session, vehicle, trip)
        try:
            note = await do(fare, Payer(visit.session.user_id), form, fields.get("amount", ""))
        except DispatchError as error:
            if error.code not in _STANDS_ELSEWHERE:
                raise
            note = ""
        retype = "&type=1" if note == "amount" else ""
        return self._context.responses.redirect(
            ride_path(vehicle, trip) + (f"?note={note}{retype}" if note else ""), posted=True
        )

    async def _fare(self, session: PageSession, vehicle: str, trip: str) -> RideFare:
        """The fare of this car's ride. An account that another application identified cannot pay it."""
        fare = await self._context.commands.fare(trip)
        if fare.sheet.vehicle != vehicle:
            raise DispatchError(ErrorCode.UNKNOWN_TRIP)
        if session.account != self._context.authorizers.account_of(fare.sheet.company):
            raise DispatchError(ErrorCode.TOKEN_EXPIRED)
        return fare

    def _form(self, session: PageSession, fare: RideFare, act: str) -> str:
        minor = fare.sheet.fare.minor if fare.sheet.fare is not None else None
        return self._context.sign(
            SignedForm(sid=session.sid, trip=fare.trip, act=act, nonce=self._context.new_id(), minor=minor)
        )


def _names(request: Request) -> tuple[str, str]:
    """The car and the trip of the URL. Raises ``DispatchError``."""
    vehicle, trip = request.path_params["vehicle"], request.path_params["trip"]
    return known_name(vehicle, ErrorCode.UNKNOWN_VEHICLE), known_name(trip, ErrorCode.UNKNOWN_TRIP)


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form. Raises ``DispatchError``: ``TOO_LARGE``, ``MALFORMED``."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > FORM_MAX:
            raise DispatchError(ErrorCode.TOO_LARGE)
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=8, errors="strict"))
    except ValueError as error:
        raise DispatchError(ErrorCode.MALFORMED) from error
