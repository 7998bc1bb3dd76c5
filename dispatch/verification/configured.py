"""Checks the journal that the settings name."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.actors.kinds import EntityKind, entity_kinds
from dispatch.clock import CityClock
from dispatch.config import Settings, rules_of
from dispatch.entity import Kind
from dispatch.payment.payment_rules import Account, PaymentRules
from dispatch.store.sql_journal import open_journal
from dispatch.verification.walk import Report, verify_journal


async def verify_configured(settings: Settings, *, statement_s: float) -> Report:
    """Check all of it. ``statement_s``: wall seconds that one statement may take; a whole table is read here.

    Raises ``JournalUnavailableError`` and ``JournalMismatchError``.
    """
    journal = await open_journal(settings.journal_url, shards=settings.journal.shards, timeout_s=statement_s)
    try:
        return await verify_journal(journal.database, _kinds(settings), CityClock())
    finally:
        await journal.close()


def _kinds(settings: Settings) -> Mapping[Kind, EntityKind]:
    """Histories are folded without any rule of the company's; entities ask for them all the same."""
    return entity_kinds(rules_of(settings), PaymentRules(account=Account(seller_id="", notify_url="")))
