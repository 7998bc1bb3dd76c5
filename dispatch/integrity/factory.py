"""Opens the journal that the settings name, and checks it."""

from collections.abc import Mapping

from dispatch.actors.core.entity_types import EntityKind, entity_kinds
from dispatch.clock import CityClock
from dispatch.config.loader import Settings
from dispatch.config.rules import rules_of
from dispatch.domain.entity import Kind
from dispatch.integrity.scan import IntegrityReport, verify_journal
from dispatch.payment.core.rules import Account, PaymentRules
from dispatch.store.journals.sql_journal import open_journal


async def verify_configured(settings: Settings, *, statement_s: float) -> IntegrityReport:
    """Check the whole journal. ``statement_s``: timeout of one statement, which may read a whole table.

    Raises ``JournalUnavailableError`` and ``JournalMismatchError``.
    """
    journal = await open_journal(settings.journal_url, shards=settings.journal.shards, timeout_s=statement_s)
    try:
        return await verify_journal(journal.database, _kinds(settings), CityClock())
    finally:
        await journal.close()


def _kinds(settings: Settings) -> Mapping[Kind, EntityKind]:
    """Replaying uses no company rules, but entities require them."""
    return entity_kinds(rules_of(settings), PaymentRules(account=Account(seller_id="", notify_url="")))
