"""An archive is valid only as a whole: a missing end, another hash or other counts are damage."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dispatch.store.backup.format import FORMAT, VERSION, ArchiveError, FrameWriter, Head, Rows, Secret, summary_of

COUNTS = {"trip": 2, "event": 0}


def archive(path: Path, *, counts: dict[str, int] = COUNTS, version: int = VERSION, end: bool = True) -> Path:
    """Two rows in two frames, and a secret."""
    with gzip.open(path, "wb") as out:
        writer = FrameWriter(out)  # type: ignore[arg-type]
        writer.write(Head(FORMAT, version, "0009", {"trip": ("id",), "event": ("id",)}))
        writer.write(Rows("trip", [["T1"]]))
        writer.write(Rows("trip", [["T2"]]))
        writer.write(Secret("token_secret", b"x"))
        if end:
            writer.end(counts)
    return path


def test_a_whole_archive_is_summed_up(tmp_path: Path) -> None:
    """Head, counts and the names of secrets."""
    head, summary = summary_of(archive(tmp_path / "a.taxi"))

    assert (head.revision, summary.rows, summary.counts, summary.secrets) == ("0009", 2, COUNTS, ["token_secret"])
    assert summary.bytes == (tmp_path / "a.taxi").stat().st_size


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"end": False}, "the end is missing"),
        ({"counts": {"trip": 3}}, "the numbers of rows do not match"),
        ({"version": VERSION + 1}, f"is in format {VERSION + 1}"),
    ],
)
def test_a_part_of_an_archive_is_refused(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    """Each defect is named."""
    with pytest.raises(ArchiveError, match=message):
        summary_of(archive(tmp_path / "a.taxi", **changes))  # type: ignore[arg-type]


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    """The hash covers all frames before the tail."""
    path = archive(tmp_path / "a.taxi")
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"T2", b"T3")))

    with pytest.raises(ArchiveError, match="the hash does not match"):
        summary_of(path)
