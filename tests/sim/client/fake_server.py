"""A small server that speaks the protocol: enough of a dispatcher to let simulated apps ride and pay.

It has no journal and no clock of its own but a fast one; whatever it does wrong on purpose is switched on by a test.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from dispatch.api.client_messages import (
    SUBPROTOCOL_MSGPACK,
    AcceptOffer,
    ArriveAtPickup,
    CancelTrip,
    ClientCommand,
    DeclineOffer,
    Estimate,
    FinishRide,
    FromClient,
    GpsFix,
    Hello,
    PayFare,
    Rate,
    RequestRide,
    ReturnTrip,
    StartBreak,
    StartHail,
    StartRide,
    StartShift,
)
from dispatch.api.fields import CarView, FareView, MoneyView, OfferView, PaymentView, TripView, VehicleView
from dispatch.api.server_messages import Accepted, Heard, ServerMessage, Snapshot, Update, Welcome
from dispatch.clock import CityClock
from dispatch.values.place import Place

FARE = MoneyView(1234, "USD")
CODE = "4711"


@dataclass
class Stream:
    name: str
    view: TripView | VehicleView
    seq: int = 0
    past: list[bytes] = field(default_factory=list)
    listeners: list[WebSocket] = field(default_factory=list)


class ToyServer:
    """``url``, ``ws_url`` once it runs. ``speed`` is the city's."""

    def __init__(self, sms_file: Path, speed: float) -> None:
        self.sms_file = sms_file
        now = time.time()
        self.clock = CityClock(speed=speed, wall_anchor=now, city_anchor=1_212_195_600.0)
        self.streams: dict[str, Stream] = {}
        self.answers: dict[str, bytes] = {}
        self.sockets: dict[str, WebSocket] = {}
        self.fixes = 0
        self.hellos = 0
        self.paid: dict[str, int] = {}
        self.lose_answers = 0
        self._offers: dict[str, str] = {}
        self._decoder = msgspec.msgpack.Decoder(FromClient)
        self._encoder = msgspec.msgpack.Encoder()
        self.app = Starlette(
            routes=[
                Route("/v1/auth/driver", self._sign_in_driver, methods=["POST"]),
                Route("/v1/auth/passenger/code", self._send_code, methods=["POST"]),
                Route("/v1/auth/passenger", self._sign_in_passenger, methods=["POST"]),
                Route("/sandbox/tradepay", self._trade_pay, methods=["POST"]),
                WebSocketRoute("/v1/ws", self._talk),
            ]
        )

    # ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _sign_in_driver(self, request: Request) -> Response:
        body = await request.json()
        if body["pin"] != "1234":
            return JSONResponse({"code": 2004, "text": "wrong", "retryable": False}, 401)
        return JSONResponse({"token": f"driver {body['vehicle']}", "expires_at": time.time() + 3600})

    async def _send_code(self, request: Request) -> Response:
        phone = (await request.json())["phone"]
        with self.sms_file.open("a") as file:
            file.write(json.dumps({"phone": phone, "code": f"{hash(phone) % 1000}", "at": 0}) + "\n")
        return Response(status_code=202)

    async def _sign_in_passenger(self, request: Request) -> Response:
        body = await request.json()
        assert body["code"] == f"{hash(body['phone']) % 1000}"
        return JSONResponse({"token": f"passenger {body['phone']}", "expires_at": time.time() + 3600})

    async def _trade_pay(self, request: Request) -> Response:
        body = await request.json()
        trip = body["trade_no"].removeprefix("trade-")
        self.paid[trip] = FARE.minor
        self._tell_trip(trip, "fare_paid", state="paid", payment=PaymentView("paid", amount=FARE))
        vehicle = self._trip(trip).car
        assert vehicle is not None
        paid = PaymentView("paid", amount=FARE, order=trip)
        self._tell_vehicle(vehicle.vehicle, "payment_told", paid=paid)
        return JSONResponse({"resultCode": "9000", "memo": ""})

    # ── the socket ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _talk(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol=SUBPROTOCOL_MSGPACK)
        try:
            hello = self._decoder.decode(await socket.receive_bytes())
            assert isinstance(hello, Hello)
            self.hellos += 1
            role, subject = hello.token.split(" ")
            self.sockets[subject] = socket
            await self._welcome(socket, hello, role, subject)
            while True:
                message = self._decoder.decode(await socket.receive_bytes())
                await self._hear(socket, subject, message)
        except WebSocketDisconnect:
            pass
        finally:
            for stream in self.streams.values():
                if socket in stream.listeners:
                    stream.listeners.remove(socket)

    async def _welcome(self, socket: WebSocket, hello: Hello, role: str, subject: str) -> None:
        vehicle = subject if role == "driver" else None
        await self._send(
            socket,
            Welcome(
                "driver" if vehicle else "passenger", subject, "s", self.clock.city(), self.clock.speed, vehicle=vehicle
            ),
        )
        wanted = {cursor.stream: cursor.seq for cursor in hello.resume}
        if vehicle:
            wanted.setdefault(f"vehicle:{vehicle}", -1)
        for name, after in wanted.items():
            await self._attach(socket, name, after)

    async def _attach(self, socket: WebSocket, name: str, after: int) -> None:
        stream = self._stream(name)
        stream.listeners.append(socket)
        if after >= 0:
            for body in stream.past[after:]:
                await socket.send_bytes(body)
        else:
            await self._send(socket, self._snapshot(stream))

    async def _hear(self, socket: WebSocket, subject: str, message: object) -> None:
        if isinstance(message, GpsFix):
            self.fixes += 1
            await self._send(socket, Heard(message.fix.n))
        elif isinstance(message, ClientCommand):
            if message.id not in self.answers:
                self.answers[message.id] = self._encoder.encode(self._act(socket, subject, message))
                if self.lose_answers > 0:
                    self.lose_answers -= 1
                    return
            await socket.send_bytes(self.answers[message.id])
            self._match()

    def _act(self, socket: WebSocket, subject: str, message: ClientCommand) -> Accepted:
        act: Callable[..., Accepted] = getattr(self, f"_on_{type(message).__name__}")
        return act(socket, subject, message)

    # ── what drivers say ─────────────────────────────────────────────────────────────────────────────────────────

    def _own(self, vehicle: str, message: ClientCommand, event: str, **changes: object) -> Accepted:
        seq = self._tell_vehicle(vehicle, event, **changes)
        return Accepted(id=message.id, stream=f"vehicle:{vehicle}", seq=seq)

    def _on_StartShift(self, _: WebSocket, vehicle: str, message: StartShift) -> Accepted:  # noqa: N802
        return self._own(vehicle, message, "shift_started", state="idle")

    def _on_StartBreak(self, _: WebSocket, vehicle: str, message: StartBreak) -> Accepted:  # noqa: N802
        return self._own(vehicle, message, "break_started", state="break")

    def _on_AcceptOffer(self, _: WebSocket, vehicle: str, message: AcceptOffer) -> Accepted:  # noqa: N802
        trip = self._offers[message.offer]
        self._tell_trip(trip, "trip_assigned", state="assigned", car=CarView(vehicle, "7ABC", "Ann"), code=CODE)
        return self._own(vehicle, message, "offer_accepted", state="to_pickup", trip=trip, offer=None)

    def _on_DeclineOffer(self, _: WebSocket, vehicle: str, message: DeclineOffer) -> Accepted:  # noqa: N802
        self._tell_trip(self._offers[message.offer], "offer_lapsed", state="matching")
        return self._own(vehicle, message, "offer_declined", state="idle", offer=None)

    def _on_ReturnTrip(self, _: WebSocket, vehicle: str, message: ReturnTrip) -> Accepted:  # noqa: N802
        self._tell_trip(message.trip, "assignment_given_back", state="matching", car=None)
        return self._own(vehicle, message, "trip_given_back", state="idle", trip=None)

    def _on_ArriveAtPickup(self, _: WebSocket, vehicle: str, message: ArriveAtPickup) -> Accepted:  # noqa: N802
        self._tell_trip(message.trip, "driver_arrived", state="arrived")
        return self._own(vehicle, message, "pickup_reached", state="at_pickup")

    def _on_StartRide(self, _: WebSocket, vehicle: str, message: StartRide) -> Accepted:  # noqa: N802
        assert message.code == CODE
        self._tell_trip(message.trip, "ride_began", state="in_progress")
        return self._own(vehicle, message, "ride_started", state="on_trip")

    def _on_StartHail(self, _: WebSocket, vehicle: str, message: StartHail) -> Accepted:  # noqa: N802
        trip = f"h{len(self.streams)}"
        view = TripView(trip, "in_progress", "hail", "standard", self.clock.city(), car=CarView(vehicle, "7ABC", "Ann"))
        self.streams[f"trip:{trip}"] = Stream(f"trip:{trip}", view, 1)
        accepted = self._own(vehicle, message, "ride_started", state="on_trip", trip=trip, offer=None)
        return msgspec.structs.replace(accepted, result={"trip": trip})

    def _on_FinishRide(self, _: WebSocket, vehicle: str, message: FinishRide) -> Accepted:  # noqa: N802
        self._tell_trip(message.trip, "ride_ended", state="fare_due", fare=FareView(FARE, []))
        return self._own(vehicle, message, "ride_finished", state="idle", trip=None)

    # ── what passengers say ──────────────────────────────────────────────────────────────────────────────────────

    def _on_Estimate(self, _: WebSocket, __: str, message: Estimate) -> Accepted:  # noqa: N802
        return Accepted(id=message.id)

    def _on_RequestRide(self, socket: WebSocket, _: str, message: RequestRide) -> Accepted:  # noqa: N802
        trip = f"t{len(self.streams)}"
        view = TripView(
            trip, "matching", "app", "standard", self.clock.city(), pickup=message.pickup, dropoff=message.dropoff
        )
        stream = self.streams[f"trip:{trip}"] = Stream(f"trip:{trip}", view)
        stream.listeners.append(socket)
        self._tell_trip(trip, "trip_requested")
        return Accepted(id=message.id, stream=stream.name, seq=1, state="matching", result={"trip": trip})

    def _on_CancelTrip(self, _: WebSocket, __: str, message: CancelTrip) -> Accepted:  # noqa: N802
        seq = self._tell_trip(message.trip, "trip_cancelled", state="cancelled")
        for stream in self.streams.values():
            view = stream.view
            if isinstance(view, VehicleView) and view.offer is not None and view.offer.trip == message.trip:
                self._tell_vehicle(view.vehicle, "offer_withdrawn", state="idle", offer=None)
        return Accepted(id=message.id, stream=f"trip:{message.trip}", seq=seq)

    def _on_PayFare(self, socket: WebSocket, _: str, message: PayFare) -> Accepted:  # noqa: N802
        trip = message.trip or next(
            s.view.trip
            for s in reversed(self.streams.values())
            if isinstance(s.view, TripView) and s.view.car and s.view.car.vehicle == message.vehicle
        )
        stream = self._stream(f"trip:{trip}")
        if socket not in stream.listeners:
            stream.listeners.append(socket)
        self._tell_trip(trip, "payment_began", state="paying")
        payment = PaymentView("paying", trade=f"trade-{trip}", amount=FARE)
        seq = self._tell_trip(trip, "payment_ordered", payment=payment)
        return Accepted(id=message.id, stream=stream.name, seq=seq, state="paying")

    def _on_Rate(self, _: WebSocket, __: str, message: Rate) -> Accepted:  # noqa: N802
        seq = self._tell_trip(message.trip, "ride_rated", stars=message.stars)
        return Accepted(id=message.id, stream=f"trip:{message.trip}", seq=seq)

    def _on_Detach(self, _: WebSocket, __: str, message: ClientCommand) -> Accepted:  # noqa: N802
        return Accepted(id=message.id)

    # ── streams ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _stream(self, name: str) -> Stream:
        kind, _, own = name.partition(":")
        if name not in self.streams and kind == "vehicle":
            self.streams[name] = Stream(name, VehicleView(own, "offline"))
        return self.streams[name]

    def _trip(self, trip: str) -> TripView:
        view = self.streams[f"trip:{trip}"].view
        assert isinstance(view, TripView)
        return view

    def _tell_trip(self, trip: str, event: str, **changes: object) -> int:
        return self._tell(self._stream(f"trip:{trip}"), event, changes)

    def _tell_vehicle(self, vehicle: str, event: str, **changes: object) -> int:
        return self._tell(self._stream(f"vehicle:{vehicle}"), event, changes)

    def _tell(self, stream: Stream, event: str, changes: dict[str, object]) -> int:
        stream.seq += 1
        stream.view = msgspec.structs.replace(stream.view, **changes)
        trip = stream.view if isinstance(stream.view, TripView) else None
        vehicle = stream.view if isinstance(stream.view, VehicleView) else None
        update = Update(stream.name, stream.seq, event, self.clock.city(), trip, vehicle)
        body = self._encoder.encode(update)
        stream.past.append(body)
        for socket in list(stream.listeners):
            self._post(socket, body)
        return stream.seq

    def _snapshot(self, stream: Stream) -> Snapshot:
        trip = stream.view if isinstance(stream.view, TripView) else None
        vehicle = stream.view if isinstance(stream.view, VehicleView) else None
        return Snapshot(stream.name, stream.seq, recovered=False, trip=trip, vehicle=vehicle)

    def _match(self) -> None:
        """Offer every waiting trip to any idle car."""
        views = [stream.view for stream in self.streams.values()]
        idle = [v for v in views if isinstance(v, VehicleView) and v.state == "idle"]
        waiting = [v for v in views if isinstance(v, TripView) and v.state == "matching"]
        for car, trip in zip(idle, waiting, strict=False):
            offer = OfferView(
                f"o{len(self._offers)}", trip.trip, trip.pickup or Place(0, 0), 60, self.clock.city() + 20, trip.dropoff
            )
            self._offers[offer.offer] = trip.trip
            self._tell_trip(trip.trip, "trip_offered", state="offered")
            self._tell_vehicle(car.vehicle, "offer_made", state="offered", offer=offer)

    # ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def break_sockets(self, code: int) -> None:
        """Close every open socket."""
        for socket in list(self.sockets.values()):
            with suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(code)
        self.sockets.clear()

    async def _send(self, socket: WebSocket, message: ServerMessage) -> None:
        await socket.send_bytes(self._encoder.encode(message))

    def _post(self, socket: WebSocket, body: bytes) -> None:
        """Order is kept: tasks of one loop start in the order in which they were made."""
        task = asyncio.ensure_future(_quietly(socket, body))
        _posts.add(task)
        task.add_done_callback(_posts.discard)


_posts: set[asyncio.Future[None]] = set()


async def _quietly(socket: WebSocket, body: bytes) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):
        await socket.send_bytes(body)


@asynccontextmanager
async def running(toy: ToyServer) -> AsyncIterator[str]:
    """Serve on a free port; yields ``127.0.0.1:port``."""
    config = uvicorn.Config(
        toy.app, port=0, ws="websockets-sansio", lifespan="off", log_level="critical", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    config.load()
    started = asyncio.Event()
    original = server.startup

    async def startup(sockets: object = None) -> None:
        await original()
        started.set()

    server.startup = startup  # type: ignore[method-assign]
    task = asyncio.create_task(server._serve())
    await started.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task
