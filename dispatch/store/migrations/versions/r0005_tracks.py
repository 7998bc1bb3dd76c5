"""The track archive."""

import sqlalchemy as sa
from alembic import op

from dispatch.store.tables import columns

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "track",
        sa.Column("vehicle", sa.Text(), nullable=False),
        *columns(sa.Double, "since", "until", nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("vehicle", "since", name="pk_track"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_track_since", "track", ["since"])
