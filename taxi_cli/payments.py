"""``taxi reconcile`` and ``taxi payments``: reconciliation, unclear payments, and a check of the Alipay accounts.

Exit codes: 0 nothing to do, 1 open items, 2 the command failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from taxi_cli.database import require_journal
from taxi_cli.options import NOT_DONE, Config, DataDir, Json, fail, new_table, print_json, settings_for

if TYPE_CHECKING:
    from rich.table import Table

    from dispatch.config.loader import Settings
    from dispatch.payment.reconciliation.report import ReconciliationReport
    from dispatch.server.daily_reconciliation import BillAccount
    from dispatch.store.queries.ledger import SqlLedger
    from dispatch.store.queries.trip_rows import PaymentRow

T = TypeVar("T")

OPEN = 1

payments = typer.Typer(help="Unclear payments, and a check of the Alipay accounts.", invoke_without_command=True)


def reconcile(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="Day in Beijing.")],
    company: Annotated[str | None, typer.Option(help="Only this company's account; default: all accounts.")] = None,
    file: Annotated[
        list[Path] | None, typer.Option(help="A downloaded bill; repeatable, for the neighbouring days.")
    ] = None,
    json: Json = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Reconcile a day's ledger with Alipay's bill.

    Exit code 1: open items; 2: the day cannot be reconciled.
    """
    from dispatch.payment.reconciliation.report import report_of
    from dispatch.server.daily_reconciliation import NotReconciledError, bill_account, bill_accounts

    settings = settings_for(config, data_dir, NOT_DONE)
    one = company is not None or file
    accounts = [bill_account(settings, company or "")] if one else bill_accounts(settings)
    if not accounts:
        raise fail("no application (alipay.app_id) is configured for the download of a bill; use --file", NOT_DONE)
    reports: list[ReconciliationReport] = []
    failures: dict[str, str] = {}

    async def run(ledger: SqlLedger) -> None:
        for account in accounts:
            try:
                found = await _reconciled(day, account, ledger, settings, file or [])
                reports.append(report_of(found, account.company))
            except NotReconciledError as error:
                failures[account.company] = str(error)

    _with_ledger(settings, run)
    if json:
        print_json({"day": f"{day:%Y-%m-%d}", "accounts": reports, "failed": failures})
    else:
        _show_reports(reports)
    for name, why in failures.items():
        typer.echo(f"taxi: {_account_name(name)}: {why}", err=True)
    if failures:
        raise typer.Exit(NOT_DONE)
    if any(report.open for report in reports):
        raise typer.Exit(OPEN)


async def _reconciled(
    day: datetime, account: BillAccount, ledger: SqlLedger, settings: Settings, files: Sequence[Path]
) -> Any:  # noqa: ANN401 - a Reconciliation, whose module is imported when it is needed
    from dispatch.clock import CityClock
    from dispatch.payment.reconciliation.alipay_bill import BillError
    from dispatch.server.daily_reconciliation import BillFiles, NotReconciledError, alipay_bills, reconcile_day

    clock = CityClock()
    if not files:
        async with alipay_bills(settings, clock, account.company) as source:
            return await reconcile_day(day.date(), account, ledger, source, clock.wall())
    try:
        bills = BillFiles([file.read_bytes() for file in files], account.currency)
    except (OSError, BillError) as error:
        raise NotReconciledError(str(error)) from error
    if day.date() not in bills.days:
        raise NotReconciledError(f"the files are for {', '.join(map(str, bills.days))}, not for {day:%Y-%m-%d}")
    return await reconcile_day(day.date(), account, ledger, bills, clock.wall())


@payments.callback()
def listed(
    context: typer.Context,
    unknown: Annotated[bool, typer.Option("--unknown", help="List payments whose outcome is unknown.")] = False,
    json: Json = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """List payments that need attention.

    Exit code 1: there are some; 2: the journal does not answer.
    """
    if context.invoked_subcommand is not None:
        return
    if not unknown:
        raise fail("use --unknown or the command check; see taxi payments --help")
    settings = settings_for(config, data_dir, NOT_DONE)

    async def run(ledger: SqlLedger) -> Sequence[PaymentRow]:
        return await ledger.unclear()

    rows = _with_ledger(settings, run)
    if json:
        print_json({"unknown": [_unclear(row) for row in rows]})
    else:
        _show_unclear(rows)
    if rows:
        raise typer.Exit(OPEN)


@payments.command()
def check(json: Json = False, config: Config = None, data_dir: DataDir = None) -> None:
    """Check the set-up of each Alipay account.

    Exit code 1: a check failed.
    """
    from dispatch.clock import CityClock
    from dispatch.payment.gateways.preflight import check_payments

    settings = settings_for(config, data_dir, NOT_DONE)
    findings = asyncio.run(check_payments(settings, CityClock()))
    if json:
        print_json({"ok": all(finding.ok for finding in findings), "findings": findings})
    else:
        for finding in findings:
            typer.echo(f"{'✓' if finding.ok else '✗'} {_account_name(finding.company)}: {finding.text}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(OPEN)


def _with_ledger(settings: Settings, work: Callable[[SqlLedger], Awaitable[T]]) -> T:
    """Run ``work`` on the ledger, with or without a running system. The tables are not upgraded."""
    from dispatch.store.journal import JournalUnavailableError
    from dispatch.store.journals.sql_journal import JournalMismatchError, open_journal
    from dispatch.store.queries.ledger import SqlLedger

    async def run() -> T:
        require_journal(settings)
        journal = await open_journal(settings.journal_url, shards=settings.journal.shards)
        try:
            return await work(SqlLedger(journal.database))
        finally:
            await journal.close()

    try:
        return asyncio.run(run())
    except (JournalMismatchError, JournalUnavailableError, OSError) as error:
        raise fail(str(error), NOT_DONE) from error


def _account_name(company: str) -> str:
    return f"company {company}" if company else "default account"


def _show_reports(reports: Sequence[ReconciliationReport]) -> None:
    from rich.console import Console

    from dispatch.payment.reconciliation.report import MEANINGS

    console = Console(highlight=False)
    for report in reports:
        console.print(f"[bold]{report.day}[/], {_account_name(report.company)}, {report.currency}")
        totals = new_table("", "items", "ours", "Alipay's", right=(1, 2, 3))
        for standing, meaning in MEANINGS.items():
            total = report.totals[standing]
            totals.add_row(meaning, str(total.items), total.ours, total.theirs)
        console.print(totals)
        if report.lines:
            console.print(_items(report))
        console.print(f"[bold]{report.open} open[/]" if report.open else "No open items.")


def _items(report: ReconciliationReport) -> Table:
    from dispatch.payment.reconciliation.report import MEANINGS

    table = new_table("order", "refund", "ours", "Alipay's", "vehicle", "", right=(2, 3))
    for line in report.lines:
        days = f" ({line.our_day} / {line.their_day})" if line.our_day and line.their_day else ""
        what = f"{MEANINGS[line.standing]}{days}"
        table.add_row(line.order, line.refund, line.ours or "—", line.theirs or "—", line.vehicle, what)
    return table


def _unclear(row: PaymentRow) -> dict[str, object]:
    from dispatch.values.money import Money

    amount = Money(row.amount_minor, row.currency) if row.amount_minor is not None and row.currency else None
    return {
        "trip": row.trip,
        "order": row.order_no,
        "amount": str(amount) if amount else None,
        "method": row.method,
        "vehicle": row.vehicle,
        "company": row.company,
        "why": row.unclear,
        "opened": _moment(row.opened_at),
        "changed": _moment(row.updated_at),
    }


def _show_unclear(rows: Sequence[PaymentRow]) -> None:
    from rich.console import Console

    if not rows:
        typer.echo("No unknown payments.")
        return
    columns = ("trip", "order", "amount", "vehicle", "opened", "changed", "why")
    table = new_table(*columns, right=(2,))
    for payment in map(_unclear, rows):
        table.add_row(*(str(payment[name] or "—") for name in columns))
    Console(highlight=False).print(table)


def _moment(at: float | None) -> str | None:
    from dispatch.payment.core.beijing_time import format_time

    return None if at is None else f"{format_time(at)} +08:00"
