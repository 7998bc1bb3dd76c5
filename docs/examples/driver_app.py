"""A small driver app: signs in, goes online, sends positions, accepts offers, and survives a lost connection.

    pip install httpx websockets
    python driver_app.py http://127.0.0.1:8080 101 1234 V1

It uses only the documented protocol (docs/protocol.md), in its JSON form.
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
RESUMABLE_BELOW = 4500  # close codes below: reconnect and resume; from here on a new sign-in or a fix is needed


class DriverApp:
    """One driver in one car. ``place`` is the car's position; a real app reads it from the phone."""

    def __init__(self, server: str, number: str, pin: str, vehicle: str) -> None:
        self.server = server
        self.credentials = {"number": number, "pin": pin, "vehicle": vehicle}
        self.stream = f"vehicle:{vehicle}"
        self.place = (37.7793, -122.4193)
        self.socket: ClientConnection | None = None
        self.seen: int | None = None  # last sequence number of the vehicle's stream
        self.unacked: dict[int, list[float]] = {}  # fixes without acknowledgement, by number
        self.unanswered: dict[str, Message] = {}  # commands without a reply, by id
        self.fix_numbers = itertools.count(int(time.time() * 1000))  # increases across restarts of the app
        self.city_began = time.time()
        self.speed = 1.0  # of the city's clock; 1 except in demonstrations
        self.welcomed_at = time.monotonic()

    async def run(self) -> None:
        """Go online and reconnect until a close code forbids it."""
        token = await self.sign_in()
        await self.send_command("online")
        pause_s = 0.5
        while True:
            try:
                async with connect(self.address, subprotocols=[JSON], compression=None) as socket:
                    await self.serve(socket, token)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd is not None else 1006
                if code >= RESUMABLE_BELOW:
                    raise
                pause_s = 0.5
            except (OSError, InvalidHandshake):
                pause_s = min(pause_s * 2, 30.0)  # back off while the server is unavailable
            await asyncio.sleep(pause_s)

    @property
    def address(self) -> str:
        """URL of the WebSocket."""
        return self.server.replace("http", "ws", 1) + "/v1/ws"

    def now(self) -> float:
        """City time, computed from ``welcome``."""
        return self.city_began + (time.monotonic() - self.welcomed_at) * self.speed

    async def sign_in(self) -> str:
        """Exchange number, PIN and car for a token."""
        async with httpx.AsyncClient() as http:
            response = await http.post(f"{self.server}/v1/auth/driver", json=self.credentials)
        response.raise_for_status()
        return str(response.json()["token"])

    async def serve(self, socket: ClientConnection, token: str) -> None:
        """Run one connection, from ``hello`` to its end."""
        hello: Message = {"t": "hello", "token": token}
        if self.seen is not None:
            hello["resume"] = [{"stream": self.stream, "seq": self.seen}]
        await socket.send(json.dumps(hello))
        welcome = json.loads(await socket.recv())
        self.city_began, self.speed, self.welcomed_at = welcome["city_time"], welcome["speed"], time.monotonic()
        for command in self.unanswered.values():  # under the same ids: each acts once
            await socket.send(json.dumps(command))
        if self.unacked:
            await socket.send(json.dumps({"t": "fixes", "fixes": list(self.unacked.values())[-500:]}))
        self.socket = socket
        driving = asyncio.create_task(self.drive(socket))
        try:
            while True:
                await self.handle(json.loads(await socket.recv()))
        finally:
            self.socket = None
            driving.cancel()

    async def drive(self, socket: ClientConnection) -> None:
        """Send a position each second, and keep it until ``heard`` acknowledges it."""
        with suppress(ConnectionClosed):
            while True:
                n = next(self.fix_numbers)
                self.unacked[n] = [n, self.now(), *self.place]
                await socket.send(json.dumps({"t": "fix", "fix": self.unacked[n]}))
                await asyncio.sleep(FIX_EVERY_S)

    async def send_command(self, name: str, **fields: str) -> None:
        """Send a command now if connected, and after every reconnect until it is answered."""
        command: Message = {"t": name, "id": uuid.uuid4().hex, **fields}
        self.unanswered[command["id"]] = command
        if self.socket is not None:
            await self.socket.send(json.dumps(command))

    async def handle(self, message: Message) -> None:
        """Apply a message of the server."""
        match message["t"]:
            case "accepted":
                self.unanswered.pop(message["id"], None)
            case "rejected" if message.get("id") in self.unanswered:
                await self.handle_rejection(self.unanswered[message["id"]], message)
            case "heard":
                self.unacked = {n: fix for n, fix in self.unacked.items() if n > message["n"]}
            case "snapshot" | "update" if message["stream"] == self.stream:
                self.seen = message["seq"]
                await self.apply_vehicle(message.get("vehicle") or {})
            case _:
                pass

    async def handle_rejection(self, command: Message, rejection: Message) -> None:
        """Repeat a retryable command under its id; show a final rejection to the driver."""
        if rejection["retryable"] and self.socket is not None:
            await asyncio.sleep(0.5)
            await self.socket.send(json.dumps(command))
        else:
            del self.unanswered[command["id"]]
            print(f"{command['t']}: {rejection['code']} {rejection['text']}")

    async def apply_vehicle(self, vehicle: Message) -> None:
        """Accept the open offer, if there is one."""
        offer = vehicle.get("offer")
        if offer and not any(each.get("offer") == offer["offer"] for each in self.unanswered.values()):
            await self.send_command("accept", offer=offer["offer"])


if __name__ == "__main__":
    asyncio.run(DriverApp(*sys.argv[1:5]).run())
