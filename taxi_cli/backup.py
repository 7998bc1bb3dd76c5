"""``taxi verify``, ``taxi backup`` and ``taxi restore``: whether the journal is sound, and a second copy of it.

Exit codes: 0 all is well, 1 something is wrong, 2 it could not be done.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from taxi_cli.options import Config, DataDir, Json, fail, print_json, setting_overrides, settings_of

if TYPE_CHECKING:
    from dispatch.config.loader import Settings
    from dispatch.integrity.scan import IntegrityReport

WRONG = 1
NOT_DONE = 2
STATEMENT_S = 600.0
"""Wall seconds that one statement may take: a whole table is read here."""

WithSecrets = Annotated[bool, typer.Option("--with-secrets", help="Also the secrets that stand in the data folder.")]


def verify(json: Json = False, config: Config = None, data_dir: DataDir = None) -> None:
    """Check all of the journal, beside a running system or without one. Exit code 1: something is wrong."""
    settings = _settings(config, data_dir)
    report = _done(_verified(settings))
    if json:
        print_json(report)
    else:
        _show(report)
    if not report.ok:
        raise typer.Exit(WRONG)


def backup(
    file: Annotated[Path, typer.Argument(help="The archive to be written; it must not exist.")],
    with_secrets: WithSecrets = False,
    json: Json = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Copy the journal into one file, as it stands at one moment, beside a running system or without one."""
    from dispatch.store.backup.backup import back_up
    from dispatch.store.database import open_database

    settings = _settings(config, data_dir)
    secrets = settings.server.data_dir if with_secrets else None

    async def run() -> Any:  # noqa: ANN401 - a Summary, whose module is imported when it is needed
        _must_be_there(settings)
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
    typer.echo(f"Secrets of the data folder in it: {kept}. It holds personal data: keep it as you keep the journal.")


def restore(
    file: Annotated[Path, typer.Argument(help="An archive that taxi backup wrote.")],
    with_secrets: WithSecrets = False,
    json: Json = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Make the journal from an archive, and verify it. An empty journal only, never a running system's."""
    from dispatch.store.backup.restore import restore_from

    settings = _settings(config, data_dir)

    async def run() -> tuple[Any, IntegrityReport]:
        settings.server.data_dir.mkdir(parents=True, exist_ok=True)
        secrets = settings.server.data_dir if with_secrets else None
        summary = await restore_from(settings.journal_url, file, secrets=secrets, timeout_s=STATEMENT_S)
        return summary, await _verified(settings)

    summary, report = _done(run())
    if json:
        print_json({"restored": summary, "verified": report})
    else:
        typer.echo(f"{summary.rows} rows of {len(summary.counts)} tables were restored.")
        _show(report)
    if not report.ok:
        raise typer.Exit(WRONG)


def _settings(config: Path | None, data_dir: Path | None) -> Settings:
    try:
        return settings_of(config, setting_overrides(server__data_dir=data_dir))
    except typer.Exit as error:
        raise typer.Exit(NOT_DONE) from error


def _done(work: Any) -> Any:  # noqa: ANN401 - a coroutine, and what it gives
    """Run ``work``; why it could not be done is one line."""
    from dispatch.config.loader import SettingsError
    from dispatch.store.backup.format import ArchiveError
    from dispatch.store.journal import JournalUnavailableError
    from dispatch.store.journals.sql_journal import JournalMismatchError

    try:
        return asyncio.run(work)
    except (ArchiveError, JournalMismatchError, JournalUnavailableError, SettingsError, OSError) as error:
        fail(str(error))
        raise typer.Exit(NOT_DONE) from error


def _must_be_there(settings: Settings) -> None:
    if not settings.journal.url and not (settings.server.data_dir / "journal.sqlite").is_file():
        raise FileNotFoundError(f"no journal is in {settings.server.data_dir}")


async def _verified(settings: Settings) -> IntegrityReport:
    from dispatch.integrity.factory import verify_configured

    _must_be_there(settings)
    return await verify_configured(settings, statement_s=STATEMENT_S)


def _show(report: IntegrityReport) -> None:
    from dispatch.integrity.findings import CHECKS

    for finding in report.findings:
        typer.echo(f"{finding.where}: {finding.text} [{finding.check}]")
    for check, count in report.found.items():
        typer.echo(f"{check}, {count}: {CHECKS[check]}")
    looked = f"{report.streams} streams, {report.events} events, {report.rows} rows, {report.replies} replies"
    verdict = "Nothing is wrong" if report.ok else f"{sum(report.found.values())} findings"
    typer.echo(f"{verdict}: {looked}, in {report.seconds:.1f} s.")
