"""Days reconciled with Alipay's bill, and their results."""

import sqlalchemy as sa
from alembic import op

from dispatch.store.tables import columns

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "reconciliation",
        *columns(sa.Text, "day", "account", "state", nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("free_at", sa.Double(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("day", "account", name="pk_reconciliation"),
        sqlite_with_rowid=False,
    )
