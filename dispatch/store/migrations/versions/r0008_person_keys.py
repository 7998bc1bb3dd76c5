"""A key for each passenger, phone numbers encrypted with it, and their digests for look-ups."""

import sqlalchemy as sa
from alembic import op

from dispatch.store.tables import columns

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "person_key",
        *columns(sa.Text, "person", "master", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_person_key"),
    )
    op.create_index("ix_person_key_master", "person_key", ["master"])
    op.add_column("passenger", sa.Column("phone_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("passenger", sa.Column("phone_name", sa.Text(), nullable=True))
    op.create_index("ix_passenger_phone_name", "passenger", ["phone_name"], unique=True)
