"""``taxi qr``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.taxi_cli.conftest import Taxi


def test_one_car(taxi: Taxi) -> None:
    """The picture is made by its file's ending, and the address is said."""
    for kind, begin in (("svg", b"<svg"), ("png", b"\x89PNG")):
        done = taxi("qr", "V123", "--out", f"code.{kind}", "--company", "Golden Gate")
        assert done.exit_code == 0, done.output
        assert done.stdout == f"code.{kind}: http://127.0.0.1:8080/pay/V123\n"
        assert Path(f"code.{kind}").read_bytes().startswith(begin)


def test_the_public_address(taxi: Taxi) -> None:
    """The code says the address under which the outside reaches us."""
    Path("taxi.toml").write_text('[server]\npublic_url = "https://taxi.example/"\n')
    done = taxi("qr", "V1", "--out", "code.svg", "--config", "taxi.toml")
    assert done.stdout == "code.svg: https://taxi.example/pay/V1\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("V1",), "--out is required"),
        (("--out", "a.svg"), "either VEHICLE or --all"),
        (("V1", "--all", "--out", "a"), "either VEHICLE or --all"),
        (("V1", "--out", "a.jpg"), "--out must end in .svg or .png"),
        (("V 1", "--out", "a.svg"), "'V 1' is not a valid vehicle id"),
        (("V1", "--out", "no/such/folder.svg"), "No such file"),
        (("V1", "--out", "a.png", "--company", "大众"), "make it an .svg"),
    ],
)
def test_what_cannot_be_made(taxi: Taxi, words: tuple[str, ...], said: str) -> None:
    """One line says why, and nothing is written."""
    done = taxi("qr", *words)
    assert done.exit_code == 1
    assert said in done.stderr
    assert not list(Path().glob("a*"))


@pytest.mark.integration
def test_cars_of_the_registry(taxi: Taxi) -> None:
    """With a data folder an unknown car is refused; ``--all`` makes one for each that is in use."""
    for number, more in (("V1", ()), ("V2", ()), ("V3", ("--inactive",))):
        added = taxi("add", "vehicle", number, "--plate", f"P{number}", "--company", "C", "--data-dir", "data", *more)
        assert added.exit_code == 0, added.output
    assert taxi("qr", "V1", "--out", "a.svg", "--data-dir", "data").exit_code == 0
    refused = taxi("qr", "V9", "--out", "b.svg", "--data-dir", "data")
    assert refused.exit_code == 1
    assert "vehicle V9" in refused.stderr
    assert not Path("b.svg").exists()
    done = taxi("qr", "--all", "--png", "--out", "codes", "--data-dir", "data")
    assert done.stdout == "2 codes written to codes\n"
    assert sorted(path.name for path in Path("codes").iterdir()) == ["V1.png", "V2.png"]
