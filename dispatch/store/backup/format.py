"""The archive of a journal: one file that restores to SQLite and to PostgreSQL.

Gzip over frames. Each frame is four bytes of length (big-endian) and a MessagePack struct: a head, the rows of one
table after another, optional secrets, and a tail with the number of rows of each table and the SHA-256 of all frames
before it. An archive without a tail, or with another hash, is invalid.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import msgspec

FORMAT: Final = "taxi-journal"
VERSION: Final = 1
SIZE: Final = 4
MOST_BYTES: Final = 1 << 28
"""Maximum length of a frame; a higher length is damage."""
SECRETS: Final = ("token_secret", "master_keys")
"""Files of the data folder that contain secrets."""


class ArchiveError(Exception):
    """The archive cannot be written, is damaged, or does not fit."""


class Head(msgspec.Struct, frozen=True, tag="head"):
    """The revision of the tables, and the columns of each table in the order of their values in rows."""

    format: str
    version: int
    revision: str
    tables: dict[str, tuple[str, ...]]


class Rows(msgspec.Struct, frozen=True, tag="rows"):
    """Some rows of one table."""

    table: str
    rows: list[list[Any]]


class Secret(msgspec.Struct, frozen=True, tag="secret"):
    """One file of the data folder."""

    name: str
    content: bytes


class Tail(msgspec.Struct, frozen=True, tag="tail"):
    """The last frame."""

    counts: dict[str, int]
    sha256: str


class Summary(msgspec.Struct, kw_only=True):
    """Contents of an archive. ``bytes`` is the file's size."""

    revision: str
    rows: int
    counts: dict[str, int]
    secrets: list[str]
    sha256: str
    bytes: int


Frame = Head | Rows | Secret | Tail

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Frame).decode


class FrameWriter:
    """Writes frames and hashes them; the tail is the last one."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._hash = hashlib.sha256()

    def write(self, frame: Frame) -> None:
        body = _encode(frame)
        data = len(body).to_bytes(SIZE, "big") + body
        self._hash.update(data)
        self._out.write(data)

    def end(self, counts: dict[str, int]) -> str:
        digest = self._hash.hexdigest()
        self.write(Tail(counts, digest))
        return digest


def frames(path: Path) -> Iterator[Frame]:
    """The frames of an archive, head first, tail last. Raises :class:`ArchiveError` if it is damaged.

    Damage may be detected at the end only: the frames are valid only after the tail has been read.
    """
    digest, counted = hashlib.sha256(), dict[str, int]()
    try:
        with gzip.open(path, "rb") as source:
            while True:
                data = _next(source)
                frame = _decode(data[SIZE:])
                if isinstance(frame, Tail):
                    _check_tail(frame, digest.hexdigest(), counted)
                    yield frame
                    return
                if isinstance(frame, Rows):
                    counted[frame.table] = counted.get(frame.table, 0) + len(frame.rows)
                digest.update(data)
                yield frame
    except (EOFError, gzip.BadGzipFile, msgspec.DecodeError, UnicodeDecodeError, zlib.error) as error:
        raise ArchiveError(f"{path} is not an archive, or is damaged: {error}") from error


def _next(source: gzip.GzipFile) -> bytes:
    size = source.read(SIZE)
    length = int.from_bytes(size, "big")
    if len(size) < SIZE or length > MOST_BYTES:
        raise EOFError("the end is missing")
    body = source.read(length)
    if len(body) < length:
        raise EOFError("a frame is incomplete")
    return size + body


def _check_tail(tail: Tail, digest: str, counted: dict[str, int]) -> None:
    if tail.sha256 != digest:
        raise EOFError("the hash does not match")
    if {name: count for name, count in tail.counts.items() if count} != counted:
        raise EOFError("the numbers of rows do not match")


def summary_of(path: Path) -> tuple[Head, Summary]:
    """Read and check a whole archive. Raises :class:`ArchiveError`."""
    head: Head | None = None
    secrets: list[str] = []
    tail: Tail | None = None
    for frame in frames(path):
        match frame:
            case Head():
                head = frame
            case Secret():
                secrets.append(frame.name)
            case Tail():
                tail = frame
            case Rows():
                pass
    if head is None or tail is None or head.format != FORMAT:
        raise ArchiveError(f"{path} is not an archive of a journal")
    if head.version != VERSION:
        raise ArchiveError(f"{path} is in format {head.version}, this release reads {VERSION}")
    return head, Summary(
        revision=head.revision,
        rows=sum(tail.counts.values()),
        counts=tail.counts,
        secrets=secrets,
        sha256=tail.sha256,
        bytes=path.stat().st_size,
    )
