"""Alarms for dispatchers, broadcasts to drivers, and columns for lists of trips and vehicles."""

import sqlalchemy as sa
from alembic import op

from dispatch.store.tables import columns

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "alarm",
        *columns(sa.Text, "id", "name", nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.Double(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alarm"),
    )
    op.create_index("ix_alarm_settled_at_at", "alarm", ["settled_at", "at"])
    op.create_table(
        "notice",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        *columns(sa.Text, "by", "text", "vehicles", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
    )
    op.create_index("ix_notice_at", "notice", ["at"])
    texts = ("contact", "pickup_text", "dropoff_text", "needs", "note", "method")
    for name in texts:
        op.add_column("trip", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("trip", sa.Column("seats", sa.Integer(), nullable=True))
    op.add_column("trip", sa.Column("eta_at", sa.Double(), nullable=True))
    op.add_column("trip", sa.Column("stars", sa.Integer(), nullable=True))
    op.create_index("ix_trip_contact", "trip", ["contact"])
    op.create_index("ix_trip_driver_finished_at", "trip", ["driver", "finished_at"])
    op.add_column("vehicle_state", sa.Column("state_since", sa.Double(), nullable=True))
    op.add_column("vehicle_state", sa.Column("shift_since", sa.Double(), nullable=True))
