"""A small driver's app: signs in, goes online, sends positions, accepts offers, and survives a lost connection.

    pip install httpx websockets
    python driver_app.py http://127.0.0.1:8080 101 1234 V1

It knows nothing of the server but the protocol (docs/protocol.md), and speaks the JSON form of it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
import uuid
from contextlib import suppress
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

Message = dict[str, Any]
FIX_EVERY_S = 1.0
JSON = Subprotocol("taxi.v1.json")
RESUMABLE_BELOW = 4500  # close codes: below, connect again and resume; from here on something has to change first


class DriverApp:
    """One driver in one car. ``place`` is where the car is; a real app asks the phone."""

    def __init__(self, server: str, number: str, pin: str, vehicle: str) -> None:
        self.server = server
        self.credentials = {"number": number, "pin": pin, "vehicle": vehicle}
        self.stream = f"vehicle:{vehicle}"
        self.place = (37.7793, -122.4193)
        self.socket: ClientConnection | None = None
        self.seen: int | None = None  # the last number of our stream
        self.unheard: dict[int, list[float]] = {}  # fixes that are not safe yet, by number
        self.unanswered: dict[str, Message] = {}  # commands without an answer, by id
        self.fix_numbers = itertools.count(int(time.time() * 1000))  # counts up, also over restarts of the app
        self.city_began = time.time()
        self.speed = 1.0  # of the city's clock; 1 but in demonstrations
        self.welcomed_at = time.monotonic()

    async def run(self) -> None:
        """Go online and stay connected until the server says that there is no use in it."""
        token = await self.sign_in()
        await self.say("online")
        pause_s = 0.5
        while True:
            try:
                async with connect(self.address, subprotocols=[JSON], compression=None) as socket:
                    await self.talk(socket, token)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd is not None else 1006
                if code >= RESUMABLE_BELOW:
                    raise
                pause_s = 0.5
            except (OSError, InvalidHandshake):
                pause_s = min(pause_s * 2, 30.0)  # a server that is away is not to be hammered
            await asyncio.sleep(pause_s)

    @property
    def address(self) -> str:
        """The WebSocket's."""
        return self.server.replace("http", "ws", 1) + "/v1/ws"

    def now(self) -> float:
        """The city's time, from what the server told when it welcomed us."""
        return self.city_began + (time.monotonic() - self.welcomed_at) * self.speed

    async def sign_in(self) -> str:
        """Number, PIN and car give a token for some hours."""
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{self.server}/v1/auth/driver", json=self.credentials)
        answer.raise_for_status()
        return str(answer.json()["token"])

    async def talk(self, socket: ClientConnection, token: str) -> None:
        """One connection, from the hello on."""
        hello: Message = {"t": "hello", "token": token}
        if self.seen is not None:
            hello["resume"] = [{"stream": self.stream, "seq": self.seen}]
        await socket.send(json.dumps(hello))
        welcome = json.loads(await socket.recv())
        self.city_began, self.speed, self.welcomed_at = welcome["city_time"], welcome["speed"], time.monotonic()
        for command in self.unanswered.values():  # under the same ids: each acts once, however often it comes
            await socket.send(json.dumps(command))
        if self.unheard:
            await socket.send(json.dumps({"t": "fixes", "fixes": list(self.unheard.values())[-500:]}))
        self.socket = socket
        driving = asyncio.create_task(self.drive(socket))
        try:
            while True:
                await self.hear(json.loads(await socket.recv()))
        finally:
            self.socket = None
            driving.cancel()

    async def drive(self, socket: ClientConnection) -> None:
        """A position each second. It is kept until the server has said that it was heard."""
        with suppress(ConnectionClosed):
            while True:
                n = next(self.fix_numbers)
                self.unheard[n] = [n, self.now(), *self.place]
                await socket.send(json.dumps({"t": "fix", "fix": self.unheard[n]}))
                await asyncio.sleep(FIX_EVERY_S)

    async def say(self, name: str, **fields: str) -> None:
        """A command: sent now if connected, and again after every reconnect until it is answered."""
        command: Message = {"t": name, "id": uuid.uuid4().hex, **fields}
        self.unanswered[command["id"]] = command
        if self.socket is not None:
            await self.socket.send(json.dumps(command))

    async def hear(self, message: Message) -> None:
        """What a message changes."""
        match message["t"]:
            case "accepted":
                self.unanswered.pop(message["id"], None)
            case "rejected" if message.get("id") in self.unanswered:
                await self.refused(self.unanswered[message["id"]], message)
            case "heard":
                self.unheard = {n: fix for n, fix in self.unheard.items() if n > message["n"]}
            case "snapshot" | "update" if message["stream"] == self.stream:
                self.seen = message["seq"]
                await self.follow(message.get("vehicle") or {})
            case _:
                pass

    async def refused(self, command: Message, rejection: Message) -> None:
        """What may pass is asked again under its id; what is final is told to the driver."""
        if rejection["retryable"] and self.socket is not None:
            await asyncio.sleep(0.5)
            await self.socket.send(json.dumps(command))
        else:
            del self.unanswered[command["id"]]
            print(f"{command['t']}: {rejection['code']} {rejection['text']}")

    async def follow(self, vehicle: Message) -> None:
        """How the car stands now. This driver takes whatever is offered."""
        offer = vehicle.get("offer")
        if offer and not any(each.get("offer") == offer["offer"] for each in self.unanswered.values()):
            await self.say("accept", offer=offer["offer"])


if __name__ == "__main__":
    asyncio.run(DriverApp(*sys.argv[1:5]).run())
