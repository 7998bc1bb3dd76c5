"""The journal, the current state as rows, and the registry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _journal()
    _trips()
    _rows()
    _cars_and_people()


def _journal() -> None:
    op.create_table(
        "stream",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_stream"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", "seq", name="pk_event"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reply",
        sa.Column("command_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("command_id", name="pk_reply"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "due",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("command", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", "name", name="pk_due"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_due_kind_shard", "due", ["kind", "shard"], unique=False)
    op.create_table(
        "claim",
        sa.Column("vehicle", sa.Text(), nullable=False),
        sa.Column("trip", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("vehicle", name="pk_claim"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_claim_trip", "claim", ["trip"], unique=True)
    op.create_table(
        "snapshot",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_snapshot"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )


def _trips() -> None:
    op.create_table(
        "trip",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("passenger", sa.Text(), nullable=True),
        sa.Column("driver", sa.Text(), nullable=True),
        sa.Column("vehicle", sa.Text(), nullable=True),
        sa.Column("vehicle_class", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.Double(), nullable=True),
        sa.Column("pickup_at", sa.Double(), nullable=True),
        sa.Column("pickup_lat", sa.Double(), nullable=True),
        sa.Column("pickup_lng", sa.Double(), nullable=True),
        sa.Column("dropoff_lat", sa.Double(), nullable=True),
        sa.Column("dropoff_lng", sa.Double(), nullable=True),
        sa.Column("assigned_at", sa.Double(), nullable=True),
        sa.Column("arrived_at", sa.Double(), nullable=True),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("fare_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("payment_state", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.Double(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_trip"),
    )
    op.create_index("ix_trip_passenger_requested_at", "trip", ["passenger", "requested_at"], unique=False)
    op.create_index("ix_trip_requested_at", "trip", ["requested_at"], unique=False)
    op.create_index("ix_trip_state_requested_at", "trip", ["state", "requested_at"], unique=False)
    op.create_index("ix_trip_vehicle_requested_at", "trip", ["vehicle", "requested_at"], unique=False)


def _rows() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("trip", sa.Text(), nullable=True),
        sa.Column("vehicle", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("order_no", sa.Text(), nullable=True),
        sa.Column("trade_no", sa.Text(), nullable=True),
        sa.Column("buyer", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.Double(), nullable=True),
        sa.Column("paid_at", sa.Double(), nullable=True),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_payment"),
    )
    op.create_index("ix_payment_order_no", "payment", ["order_no"], unique=False)
    op.create_index("ix_payment_state_opened_at", "payment", ["state", "opened_at"], unique=False)
    op.create_index("ix_payment_trip", "payment", ["trip"], unique=False)
    op.create_index("ix_payment_vehicle_opened_at", "payment", ["vehicle", "opened_at"], unique=False)
    op.create_table(
        "vehicle_state",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("driver", sa.Text(), nullable=True),
        sa.Column("trip", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_vehicle_state"),
    )


def _cars_and_people() -> None:
    op.create_table(
        "vehicle",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("plate", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("vehicle_class", sa.Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("wheelchair", sa.Boolean(), nullable=False),
        sa.Column("child_seat", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_vehicle"),
    )
    op.create_index("ix_vehicle_plate", "vehicle", ["plate"], unique=True)
    op.create_table(
        "driver",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_driver"),
    )
    op.create_table(
        "permission",
        sa.Column("driver", sa.Text(), nullable=False),
        sa.Column("vehicle", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["driver"], ["driver.id"], name="fk_permission_driver"),
        sa.PrimaryKeyConstraint("driver", "vehicle", name="pk_permission"),
    )
    op.create_table(
        "dispatcher",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dispatcher"),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("vehicle", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["vehicle"], ["vehicle.id"], name="fk_device_vehicle"),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
    )
    op.create_index("ix_device_vehicle", "device", ["vehicle"], unique=False)
    op.create_table(
        "passenger",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("alipay_user_id", sa.Text(), nullable=True),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_passenger"),
    )
    op.create_index("ix_passenger_alipay_user_id", "passenger", ["alipay_user_id"], unique=True)
    op.create_index("ix_passenger_phone", "passenger", ["phone"], unique=True)
