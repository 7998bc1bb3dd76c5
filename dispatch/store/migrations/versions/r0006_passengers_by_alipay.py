"""Passengers without a phone number, who signed in by Alipay."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("passenger") as table:  # SQLite recreates the table
        table.alter_column("phone", existing_type=sa.Text(), nullable=True)
