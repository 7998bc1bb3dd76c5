"""A passenger who came by Alipay has no phone that we know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("passenger") as table:  # SQLite makes the table anew
        table.alter_column("phone", existing_type=sa.Text(), nullable=True)
