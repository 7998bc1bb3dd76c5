"""Indexes by age, for the deletion of expired rows."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("ix_reply_at", "reply", ["at"])
    op.create_index("ix_payment_said_at", "payment_said", ["at"])
