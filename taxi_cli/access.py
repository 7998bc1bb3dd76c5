"""``taxi revoke`` ends sign-ins; ``taxi audit`` lists the actions of dispatchers and operators."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
import typer

from dispatch.clock import CityClock
from dispatch.domain.registry import DeviceRecord, DispatcherRecord, DriverRecord, PassengerRecord
from taxi_cli.database import with_database
from taxi_cli.options import Config, DataDir, Json, print_json, settings_for

if TYPE_CHECKING:
    from dispatch.config.loader import Settings
    from dispatch.domain.audit import AuditEntry
    from dispatch.store.database import Database

Revoked = Literal["driver", "dispatcher", "device", "passenger"]
_KINDS: Final[dict[str, type[DriverRecord | DispatcherRecord | DeviceRecord]]] = {
    "driver": DriverRecord,
    "dispatcher": DispatcherRecord,
    "device": DeviceRecord,
}


def revoke(
    role: Annotated[Revoked, typer.Argument(help="driver, dispatcher, device or passenger")],
    name: Annotated[str, typer.Argument(help="Driver number, dispatcher name, or id, as in the registry.")],
    keep_active: Annotated[
        bool, typer.Option("--keep-active", help="Do not deactivate; a new sign-in is possible.")
    ] = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """End all sign-ins, on open sockets too, and deactivate the driver, dispatcher or device."""
    settings = settings_for(config, data_dir)

    async def work(database: Database) -> str:
        deactivated = role in _KINDS and not keep_active
        await _deactivate(database, role, name, deactivated=deactivated)
        subject = await revoke_tokens(database, settings, role, name)
        await record_action(database, "revoke", subject, {"deactivated": deactivated}, prefix="revoke")
        await _notify_gateways(settings)
        return f"{role} {name} is signed out{' and deactivated' if deactivated else ''}"

    with_database(config, data_dir, work)


async def _deactivate(database: Database, role: str, name: str, *, deactivated: bool) -> None:
    """Raises ``UnknownEntryError``."""
    from dispatch.store.queries.registry import SqlRegistry

    registry = SqlRegistry(database)
    entry = await registry.require(_KINDS.get(role, PassengerRecord), name)
    if deactivated:
        await registry.update(msgspec.structs.replace(entry, active=False))


async def revoke_tokens(database: Database, settings: Settings, role: Revoked, name: str) -> str:
    """Revoke all tokens of a subject that were issued so far. Returns the subject, as in ``role:name``."""
    from dispatch.store.queries.revocations import Revocation, SqlRevocations, subject_name

    wall = CityClock().wall()
    subject = subject_name(role, name)
    await SqlRevocations(database).add(Revocation(subject, wall, wall + settings.auth.token_ttl_s + 60.0))
    return subject


async def record_action(database: Database, act: str, target: str, facts: dict[str, Any], *, prefix: str) -> None:
    """Write an operator's action to the audit log. ``prefix`` begins the id of the entry."""
    from dispatch.domain.audit import operator_entry
    from dispatch.store.queries.audit import SqlAudit

    entry = operator_entry(act, target, CityClock().wall(), f"{prefix}:{secrets.token_hex(8)}", facts)
    await SqlAudit(database).record_entries([entry])


async def _notify_gateways(settings: Settings) -> None:
    """Gateways of a running system re-read the revocations at once; without the bus they poll for them."""
    from dispatch.actors.runtime.cluster_config import ClusterConfig
    from dispatch.store.bus import BusUnavailableError
    from dispatch.store.buses import keys
    from dispatch.store.buses.redis_bus import RedisBus

    with suppress(FileNotFoundError, BusUnavailableError):
        bus = RedisBus(ClusterConfig.read(settings.server.data_dir).redis_url)
        try:
            await bus.publish(keys.REVOKED, b"")
        finally:
            await bus.close()


def audit(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Start, in city time (UTC).")
    ] = None,
    who: Annotated[str, typer.Option(help="Only this dispatcher.")] = "",
    json: Json = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """List the actions of dispatchers and operators, the oldest first."""
    from datetime import UTC

    from dispatch.store.queries.audit import SqlAudit

    async def work(database: Database) -> str:
        start = since.replace(tzinfo=UTC).timestamp() if since is not None else 0.0
        entries = await SqlAudit(database).listed(start, who)
        if json:
            print_json({"audit": entries})
            return ""
        return "\n".join(_lines(entries))

    with_database(config, data_dir, work)


def _lines(entries: Sequence[AuditEntry]) -> Sequence[str]:
    from datetime import UTC

    if not entries:
        return ["No entries."]
    return [
        f"{datetime.fromtimestamp(it.at, UTC):%Y-%m-%d %H:%M:%S} {it.who or it.role} {it.act} {it.target} "
        f"{msgspec.json.encode(it.facts).decode() if it.facts else ''}".rstrip()
        for it in entries
    ]
