"""``taxi reconcile`` and ``taxi payments``: what they print, and their exit codes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from dispatch.domain.entity import Row
from dispatch.store.journal import Batch, Committed
from dispatch.store.journals.sql_journal import open_journal
from dispatch.store.migrations import upgrade
from tests.dispatch.payment.reconciliation.bill_samples import bill_file, row
from tests.dispatch.server.reconciliation_samples import APPLICATION, entry
from tests.taxi_cli.conftest import Taxi

DATA = ("--data-dir", "data")
RECONCILE = ("reconcile", "2026-11-21", *DATA)
UNKNOWN = ("payments", *DATA, "--unknown")


def keep(*rows: Row) -> None:
    """Put rows into the journal of ``data``, which is made."""

    async def write() -> None:
        journal = await open_journal("sqlite:///data/journal.sqlite", shards=256)
        assert await journal.commit(Batch(rows=list(rows))) == Committed()
        await journal.close()

    Path("data").mkdir(exist_ok=True)
    upgrade("sqlite:///data/journal.sqlite")
    asyncio.run(write())


def configure(**values: str) -> None:
    """A settings file in the working directory."""
    lines = [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in values.items()]
    Path("taxi.toml").write_text("\n".join(["[alipay]", *lines]), encoding="utf-8")


def given(*bills: bytes) -> Sequence[str]:
    """The bills as files, and the options that name them."""
    for number, content in enumerate(bills):
        Path(f"{number}.zip").write_bytes(content)
    return [word for number in range(len(bills)) for word in ("--file", f"{number}.zip")]


def test_a_day_that_agrees(taxi: Taxi) -> None:
    """Exit code 0, and the table."""
    keep(entry("T1", 1235), entry("T1", 235, "T1_R1"))
    done = taxi(*RECONCILE, *given(bill_file([row("T1", 1235), row("T1", -235, "T1_R1")])))

    assert done.exit_code == 0, done.output
    assert "No open items." in done.stdout
    assert "10.00" in done.stdout


def test_a_day_with_something_open(taxi: Taxi) -> None:
    """Exit code 1, and each item by its numbers."""
    keep(entry("T1", 1235), entry("T2", 100))
    files = given(bill_file([row("T1", 1234), row("T3", 500)]))
    table, json = taxi(*RECONCILE, *files), taxi(*RECONCILE, *files, "--json")

    assert (table.exit_code, json.exit_code) == (1, 1)
    assert "3 open" in table.stdout
    assert "only in Alipay's bill" in table.stdout
    (report,) = msgspec.json.decode(json.stdout)["accounts"]
    assert [(line["order"], line["standing"]) for line in report["lines"]] == [
        ("T1", "differs"),
        ("T2", "only_ours"),
        ("T3", "only_theirs"),
    ]
    assert report["open"] == 3
    assert report["totals"]["only_theirs"] == {"items": 1, "ours": "0.00", "theirs": "5.00"}


def test_what_cannot_be_done(taxi: Taxi) -> None:
    """Exit code 2 and one line: no journal, no application, no bill, another day's bill, and a file that is none."""
    file = given(bill_file([]))
    assert taxi(*RECONCILE, *file).exit_code == 2
    keep()
    Path("page.zip").write_bytes(b"<html>")
    for words, named in (
        (RECONCILE, "app_id"),
        ((*RECONCILE, "--company", "blue"), "app_id"),
        (("reconcile", "2026-11-20", *DATA, *file), "the files are for 2026-11-21"),
        ((*RECONCILE, "--file", "page.zip"), "the zip cannot be read"),
        ((*RECONCILE, "--file", "none.zip"), "none.zip"),
        ((*RECONCILE, "--config", "none.toml"), "none.toml"),
    ):
        done = taxi(*words)
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.output
        assert named in done.stderr


def test_a_gateway_that_does_not_answer(taxi: Taxi) -> None:
    """Exit code 2, for nothing is known of the day; said once for each account."""
    keep()
    configure(**APPLICATION)
    done = taxi(*RECONCILE, "--json")

    assert done.exit_code == 2
    failed = msgspec.json.decode(done.stdout)["failed"]
    assert "cannot be downloaded: connection" in failed[""]


def test_another_companys_file(taxi: Taxi) -> None:
    """A bill of an account that is not ours is refused."""
    keep()
    configure(**(APPLICATION | {"partner": "2088000000000009"}))
    done = taxi(*RECONCILE, *given(bill_file([])))

    assert done.exit_code == 2
    assert "not for 2088000000000009" in done.stderr


def test_no_payment_is_unknown(taxi: Taxi) -> None:
    """Exit code 0."""
    keep()
    done = taxi(*UNKNOWN)

    assert (done.exit_code, done.stdout) == (0, "No unknown payments.\n")


def test_payments_that_are_unknown(taxi: Taxi) -> None:
    """Exit code 1, with what a person needs to look them up."""
    known = {"state": "unknown", "seq": 1, "trip": "T1", "order_no": "T1_1_1", "vehicle": "V1", "unclear": "timeout"}
    money = {"amount_minor": 1235, "currency": "USD", "opened_at": 1_795_233_600.0, "updated_at": 1_795_233_660.0}
    keep(Row("payment", "T1", known | money), Row("payment", "T2", {"state": "paid", "seq": 1}))
    table, json = taxi(*UNKNOWN), taxi(*UNKNOWN, "--json")

    assert (table.exit_code, json.exit_code) == (1, 1)
    assert "timeout" in table.stdout
    (told,) = msgspec.json.decode(json.stdout)["unknown"]
    assert (told["order"], told["amount"], told["why"]) == ("T1_1_1", "12.35 USD", "timeout")
    assert told["opened"].endswith(" +08:00")


def test_payments_alone_asks_what(taxi: Taxi) -> None:
    """Exit code 1 and a line that names what there is."""
    done = taxi("payments", *DATA)

    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "--unknown" in done.stderr


@pytest.mark.parametrize("json", [False, True])
def test_a_check_that_finds_something(taxi: Taxi, json: bool) -> None:
    """Exit code 1, and a sentence for each thing."""
    done = taxi("payments", "check", *(["--json"] if json else []))

    assert done.exit_code == 1
    if json:
        assert msgspec.json.decode(done.stdout)["ok"] is False
    else:
        assert done.stdout == "✗ default account: no gateway is configured: payment by Alipay is not possible\n"
