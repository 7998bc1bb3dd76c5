"""The journal, the current state as rows, and the registry."""

import sqlalchemy as sa
from alembic import op

from dispatch.store.tables import columns

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
        *columns(sa.Text, "kind", "id", nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_stream"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event",
        *columns(sa.Text, "kind", "id", nullable=False),
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
        *columns(sa.Text, "kind", "id", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("command_id", name="pk_reply"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "due",
        *columns(sa.Text, "kind", "id", "name", nullable=False),
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
        *columns(sa.Text, "vehicle", "trip", nullable=False),
        sa.PrimaryKeyConstraint("vehicle", name="pk_claim"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_claim_trip", "claim", ["trip"], unique=True)
    op.create_table(
        "snapshot",
        *columns(sa.Text, "kind", "id", nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_snapshot"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "meta", *columns(sa.Text, "name", "value", nullable=False), sa.PrimaryKeyConstraint("name", name="pk_meta")
    )


def _trips() -> None:
    op.create_table(
        "trip",
        *columns(sa.Text, "id", "state", nullable=False),
        *columns(sa.Text, "passenger", "driver", "vehicle", "vehicle_class", "origin"),
        *columns(sa.Double, "requested_at", "pickup_at", "pickup_lat", "pickup_lng", "dropoff_lat", "dropoff_lng"),
        *columns(sa.Double, "assigned_at", "arrived_at", "started_at", "finished_at"),
        *columns(sa.Text, "cancelled_by", "cancel_reason"),
        sa.Column("fare_minor", sa.BigInteger(), nullable=True),
        *columns(sa.Text, "currency", "payment_state"),
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
        *columns(sa.Text, "trip", "vehicle"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        *columns(sa.Text, "currency", "order_no", "trade_no", "buyer"),
        *columns(sa.Double, "opened_at", "paid_at"),
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
        *columns(sa.Text, "id", "state", nullable=False),
        *columns(sa.Text, "driver", "trip"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_vehicle_state"),
    )


def _cars_and_people() -> None:
    op.create_table(
        "vehicle",
        *columns(sa.Text, "id", "plate", "company", "vehicle_class", nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        *columns(sa.Boolean, "wheelchair", "child_seat", "active", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_vehicle"),
    )
    op.create_index("ix_vehicle_plate", "vehicle", ["plate"], unique=True)
    op.create_table(
        "driver",
        *columns(sa.Text, "id", "name", "phone", "pin_hash", nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_driver"),
    )
    op.create_table(
        "permission",
        *columns(sa.Text, "driver", "vehicle", nullable=False),
        sa.ForeignKeyConstraint(["driver"], ["driver.id"], name="fk_permission_driver"),
        sa.PrimaryKeyConstraint("driver", "vehicle", name="pk_permission"),
    )
    op.create_table(
        "dispatcher",
        *columns(sa.Text, "id", "name", "password_hash", nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dispatcher"),
    )
    op.create_table(
        "device",
        *columns(sa.Text, "id", "vehicle", "key_hash", nullable=False),
        sa.ForeignKeyConstraint(["vehicle"], ["vehicle.id"], name="fk_device_vehicle"),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
    )
    op.create_index("ix_device_vehicle", "device", ["vehicle"], unique=False)
    op.create_table(
        "passenger",
        *columns(sa.Text, "id", "phone", nullable=False),
        sa.Column("alipay_user_id", sa.Text(), nullable=True),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_passenger"),
    )
    op.create_index("ix_passenger_alipay_user_id", "passenger", ["alipay_user_id"], unique=True)
    op.create_index("ix_passenger_phone", "passenger", ["phone"], unique=True)
