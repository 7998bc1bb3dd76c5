"""``taxi verify``, ``taxi backup`` and ``taxi restore``: check, copy and restore the journal.

Exit codes: 0 success, 1 the journal violates an invariant, 2 the command failed.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from taxi_cli.database import require_journal
from taxi_cli.options import NOT_DONE, Config, DataDir, Json, fail, print_json, settings_for

if TYPE_CHECKING:
    from dispatch.config.loader import Settings
    from dispatch.integrity.scan import IntegrityReport

WRONG = 1
STATEMENT_S = 600.0
"""Wall seconds for one statement, which may read a whole table."""

WithSecrets = Annotated[bool, typer.Option("--with-secrets", help="Include the secrets in the data folder.")]


def verify(json: Json = False, config: Config = None, data_dir: DataDir = None) -> None:
    """Check all invariants of the journal, with or without a running system.

    Exit code 1: violations.
    """
    settings = settings_for(config, data_dir, NOT_DONE)
    report = _done(_verified(settings))
    if json:
        print_json(report)
    else:
        _show(report)
    if not report.ok:
        raise typer.Exit(WRONG)


def backup(
    file: Annotated[Path, typer.Argument(help="New archive; it must not exist.")],
    with_secrets: WithSecrets = False,
    json: Json = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Write a consistent copy of the journal to one file, with or without a running system."""
    from dispatch.store.backup.backup import back_up
    from dispatch.store.database import open_database

    settings = settings_for(config, data_dir, NOT_DONE)
    secrets = settings.server.data_dir if with_secrets else None

    async def run() -> Any:  # noqa: ANN401 - a Summary, whose module is imported when it is needed
        require_journal(settings)
        database = open_database(settings.journal_url, timeout_s=STATEMENT_S)
        try:
            return await back_up(database, file, secrets=secrets)
        finally:
            await database.close()

    summary = _done(run())
    if json:
        print_json(summary)
        return
    typer.echo(f"{file}: {summary.rows} rows of {len(summary.counts)} tables, {summary.bytes} bytes")
    kept = ", ".join(summary.secrets) or "none"
    typer.echo(f"Secrets in the archive: {kept}. It contains personal data: protect it like the journal.")


def restore(
    file: Annotated[Path, typer.Argument(help="Archive from taxi backup.")],
    with_secrets: WithSecrets = False,
    json: Json = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Restore an archive into an empty journal, and verify it.

    The system must not run. Exit code 1: violations.
    """
    from dispatch.store.backup.restore import restore_from

    settings = settings_for(config, data_dir, NOT_DONE)

    async def run() -> tuple[Any, IntegrityReport]:
        settings.server.data_dir.mkdir(parents=True, exist_ok=True)
        secrets = settings.server.data_dir if with_secrets else None
        summary = await restore_from(settings.journal_url, file, secrets=secrets, timeout_s=STATEMENT_S)
        return summary, await _verified(settings)

    summary, report = _done(run())
    if json:
        print_json({"restored": summary, "verified": report})
    else:
        typer.echo(f"{summary.rows} rows of {len(summary.counts)} tables restored.")
        _show(report)
    if not report.ok:
        raise typer.Exit(WRONG)


def _done(work: Any) -> Any:  # noqa: ANN401 - a coroutine, and what it gives
    from dispatch.config.loader import SettingsError
    from dispatch.store.backup.format import ArchiveError
    from dispatch.store.journal import JournalUnavailableError
    from dispatch.store.journals.sql_journal import JournalMismatchError

    try:
        return asyncio.run(work)
    except (ArchiveError, JournalMismatchError, JournalUnavailableError, SettingsError, OSError) as error:
        raise fail(str(error), NOT_DONE) from error


async def _verified(settings: Settings) -> IntegrityReport:
    from dispatch.integrity.factory import verify_configured

    require_journal(settings)
    return await verify_configured(settings, statement_s=STATEMENT_S)


def _show(report: IntegrityReport) -> None:
    from dispatch.integrity.checks.findings import CHECKS

    for finding in report.findings:
        typer.echo(f"{finding.where}: {finding.text} [{finding.check}]")
    for check, count in report.found.items():
        typer.echo(f"{check}, {count}: {CHECKS[check]}")
    looked = f"{report.streams} streams, {report.events} events, {report.rows} rows, {report.replies} replies"
    verdict = "No violations" if report.ok else f"{sum(report.found.values())} violations"
    typer.echo(f"{verdict}: {looked}, in {report.seconds:.1f} s.")
