"""The ledger, exchanges with Alipay, unclear payments, and vehicles without a taximeter."""

import sqlalchemy as sa
from alembic import op

from dispatch.store.tables import columns

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("payment", sa.Column("company", sa.Text(), nullable=True))
    op.add_column("payment", sa.Column("unclear", sa.Text(), nullable=True))
    op.create_index("ix_payment_unclear", "payment", ["unclear"], unique=False)
    op.add_column("vehicle", sa.Column("typed_fare", sa.Boolean(), nullable=False, server_default=sa.false()))
    _ledger()
    _said()


def _ledger() -> None:
    op.create_table(
        "ledger",
        *columns(sa.Text, "id", "payment", "kind", "order_no", nullable=False),
        *columns(sa.Text, "trade_no", "refund_no"),
        *columns(sa.Text, "method", "company", "vehicle", "from_account", "to_account", nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        *columns(sa.Text, "currency", "day", nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
    )
    op.create_index("ix_ledger_day_company", "ledger", ["day", "company"], unique=False)
    op.create_index("ix_ledger_payment", "ledger", ["payment"], unique=False)
    op.create_index("ix_ledger_order_no", "ledger", ["order_no"], unique=False)


def _said() -> None:
    op.create_table(
        "payment_said",
        *columns(sa.Text, "id", "payment", "order_no", "kind", nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payment_said"),
    )
    op.create_index("ix_payment_said_payment_at", "payment_said", ["payment", "at"], unique=False)
