"""Hostile or badly broken clients, one function per kind. Each returns how the server ended the connection.

An end is a close code; 1006 if the socket was cut without one; an HTTP status if the handshake was refused; or
``still there`` if the server did not end the connection in the given time.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NamedTuple

from bench.harness.fix_sender import UPGRADE_REQUEST, encode, masked_frame
from dispatch.api.client_messages import SUBPROTOCOL_MSGPACK, Hello, Ping
from sim.client.socket import ABNORMAL_CLOSURE, HandshakeRefusedError, SocketClient, open_tcp

End = int | str
STILL_THERE: Final = "still there"
CROWD_ADDRESS: Final = "127.0.0.77"
OTHERS_ADDRESS: Final = "127.0.0.66"
"""Not the usual loopback address, so that the limits by address apply to the attackers alone."""
_SMALL_BUFFER: Final = 4_096
MALFORMED: Final = (
    UPGRADE_REQUEST.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
    UPGRADE_REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"),
    UPGRADE_REQUEST.replace("Version: 13", "Version: 8"),
    UPGRADE_REQUEST.replace(SUBPROTOCOL_MSGPACK, "soap"),
    UPGRADE_REQUEST.replace("Host: bench\r\n", ""),
    UPGRADE_REQUEST.replace("GET", "POST"),
    UPGRADE_REQUEST.replace("/v1/ws", "/v1/nowhere"),
    UPGRADE_REQUEST.replace("Host: bench", "Host: bench\r\nX: " + "x" * 200_000),
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    "\r\n" * 20_000,
)


class AttackTarget(NamedTuple):
    """Where the server is, a driver's token, and the seconds an attack may take."""

    host: str
    port: int
    token: str
    within_s: float


Attack = Callable[[AttackTarget], Coroutine[Any, Any, End]]


async def slow_reader(target: AttackTarget) -> End:
    """Sends pings at a fast rate and reads no answer."""
    async with _connected(target, receive_buffer=_SMALL_BUFFER) as client:
        client.transport.pause_reading()
        ends, number = asyncio.get_running_loop().time() + target.within_s, 0
        with suppress(OSError):
            while asyncio.get_running_loop().time() < ends:
                number += 1
                client.send(Ping(f"{number:064d}"))
                await asyncio.sleep(1 / 45)
        return await _end_after_pause(client)


async def slow_writer(target: AttackTarget) -> End:
    """Sends its first message one byte at a time."""
    async with _connected(target, signed_in=False) as client:
        await client.shake_hands()
        return await _write_slowly(client, masked_frame(bytes(256)), target.within_s)


async def slow_request(target: AttackTarget) -> End:
    """Sends its handshake one byte at a time."""
    async with _connected(target, signed_in=False) as client:
        return await _write_slowly(client, UPGRADE_REQUEST.encode() * 9, target.within_s)


async def never_pongs(target: AttackTarget) -> End:
    async with _connected(target) as client:
        return await _end(client, target.within_s)


async def half_open(target: AttackTarget) -> End:
    """Signs in, then neither reads nor writes."""
    async with _connected(target, receive_buffer=_SMALL_BUFFER) as client:
        client.transport.pause_reading()
        await asyncio.sleep(target.within_s)
        return await _end_after_pause(client)


async def compressed_bomb(target: AttackTarget) -> End:
    """Sends 4 kB that would expand to 4 MB, without compression having been negotiated."""
    packed = zlib.compress(bytes(4_000_000), 9)[2:-4]
    return await _write_once(target, b"\xc2" + masked_frame(packed)[1:])


async def huge_frame(target: AttackTarget) -> End:
    """Announces a frame of one terabyte."""
    return await _write_once(target, b"\x82\xff" + (1 << 40).to_bytes(8, "big") + bytes(4 + 10_000))


async def flood(target: AttackTarget) -> End:
    """Sends as many messages as possible."""
    return await _write_once(target, b"".join(masked_frame(encode(Ping(f"f{number}"))) for number in range(6_000)))


async def silent(target: AttackTarget) -> End:
    """One of a crowd that opens sockets from one address and sends nothing."""
    async with _connected(target, signed_in=False, source=CROWD_ADDRESS) as client:
        try:
            await client.shake_hands()
        except HandshakeRefusedError as error:
            return error.status
        except ConnectionError:
            return ABNORMAL_CLOSURE
        return await _end(client, target.within_s)


def malformed_upgrade(text: str) -> Attack:
    async def attack(target: AttackTarget) -> End:
        async with _connected(target, signed_in=False) as client:
            client.transport.write(text.encode("latin-1"))
            try:
                await asyncio.wait_for(client.opened, target.within_s)
            except HandshakeRefusedError as error:
                return error.status
            except TimeoutError:
                return STILL_THERE
            except ConnectionError:
                return ABNORMAL_CLOSURE
            return await _end(client, target.within_s)

    return attack


KINDS: Final[Mapping[str, Attack]] = {
    "slow_reader": slow_reader,
    "slow_writer": slow_writer,
    "slow_request": slow_request,
    "never_pongs": never_pongs,
    "half_open": half_open,
    "compressed_bomb": compressed_bomb,
    "huge_frame": huge_frame,
    "flood": flood,
}


@asynccontextmanager
async def _connected(
    target: AttackTarget, *, signed_in: bool = True, source: str = OTHERS_ADDRESS, receive_buffer: int = 0
) -> AsyncIterator[SocketClient]:
    """A client that answers no pings; cut at the end. Raises ``OSError``."""
    url = f"ws://{target.host}:{target.port}/v1/ws"
    client = await open_tcp(url, source=source, receive_buffer=receive_buffer, answers_pings=False)
    try:
        if signed_in:
            await client.shake_hands()
            await client.request(Hello(target.token), "welcome")
        yield client
    finally:
        client.abort()


async def _end(client: SocketClient, within_s: float) -> End:
    try:
        return await asyncio.wait_for(asyncio.shield(client.closed), within_s)
    except TimeoutError:
        return STILL_THERE


async def _end_after_pause(client: SocketClient) -> End:
    with suppress(RuntimeError):  # the connection is already lost
        client.transport.resume_reading()
    return await _end(client, 1.0)


async def _write_once(target: AttackTarget, data: bytes) -> End:
    async with _connected(target) as client:
        client.transport.write(data)
        return await _end(client, target.within_s)


async def _write_slowly(client: SocketClient, data: bytes, within_s: float) -> End:
    ending = asyncio.ensure_future(_end(client, within_s))
    for byte in data:
        if ending.done():
            break
        client.transport.write(bytes([byte]))
        await asyncio.wait([ending], timeout=within_s / 100)
    return await ending
