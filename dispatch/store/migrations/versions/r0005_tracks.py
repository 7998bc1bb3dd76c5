"""The track archive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "track",
        sa.Column("vehicle", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("vehicle", "since", name="pk_track"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_track_since", "track", ["since"])
