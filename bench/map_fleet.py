"""The cars of ``bench map``: ``python -m bench.map_fleet HOST PORT FIXES_PER_S SOUTH WEST NORTH EAST TOKEN_FILE``.

Each car is a socket of its own, signed on and on shift, and drives at 8 m/s along a grid inside the box: straight on,
now and then round a corner, back at the border. Spoken to in lines, as :mod:`bench.ingest_load`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from math import cos, radians
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from bench.ingest_load import Car, Load, begin, frame, obey
from dispatch.geo.cells import Box
from dispatch.message_parts import Fix
from dispatch.messages import GpsFix

SPEED_MPS: Final = 8.0
_M_PER_DEG: Final = 111_195.0
_TURNS_IN: Final = 15
"""On average a car turns once in so many seconds."""
_AT_ONCE: Final = 200
"""Cars that sign on at the same time: their commits go together."""
_encode = msgspec.msgpack.Encoder().encode


class GridCar(Car):
    """A car on its grid. ``heading`` is one of 0, 90, 180, 270 degrees."""

    def __init__(self, number: int, box: Box) -> None:
        super().__init__(number)
        self._box = box
        self.lat, self.lng = self._drawn.uniform(box.south, box.north), self._drawn.uniform(box.west, box.east)
        self._heading = 90.0 * self._drawn.randrange(4)
        self._lng_m = _M_PER_DEG * cos(radians(box.south))
        self._at = 0.0

    def fix(self, at: float) -> bytes:
        """Where the car has come to since the last fix."""
        gone_m = SPEED_MPS * min(at - self._at, 2.0)
        self._at = at
        if self._drawn.randrange(_TURNS_IN) == 0:
            self._heading = (self._heading + self._drawn.choice((90.0, 270.0))) % 360
        self._drive(gone_m)
        self._n += 1
        return frame(_encode(GpsFix(Fix(self._n, at, self.lat, self.lng, SPEED_MPS, self._heading))))

    def _drive(self, meters: float) -> None:
        north = {0.0: 1, 180.0: -1}.get(self._heading, 0)
        east = {90.0: 1, 270.0: -1}.get(self._heading, 0)
        lat, lng = self.lat + north * meters / _M_PER_DEG, self.lng + east * meters / self._lng_m
        box = self._box
        if box.south <= lat <= box.north and box.west <= lng <= box.east:
            self.lat, self.lng = lat, lng
        else:
            self._heading = (self._heading + 180) % 360


async def _main(host: str, port: int, per_s: float, box: Box, tokens: list[str]) -> None:
    cars = [GridCar(number, box) for number in range(len(tokens))]
    slots = asyncio.Semaphore(_AT_ONCE)
    began = time.monotonic()
    phones = await asyncio.gather(
        *(begin(host, port, car, token, slots) for car, token in zip(cars, tokens, strict=True))
    )
    sys.stderr.write(f"{len(phones)} cars on shift after {time.monotonic() - began:.0f} s\n")
    await obey(Load(phones, cars, per_s))


if __name__ == "__main__":
    _, where, port_text, rate, *corners, file = sys.argv
    area = Box(*(float(corner) for corner in corners))
    uvloop.run(_main(where, int(port_text), float(rate), area, Path(file).read_text(encoding="ascii").split()))
