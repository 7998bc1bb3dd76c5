"""The tables of the journal's database. Migrations create them (``dispatch.store.migrations``); a test compares both.

All times are city seconds, except ``reply.at``, ``reconciliation.free_at``, ``passenger.created`` and the times of
``revocation``, which are wall seconds.
"""

from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
    true,
)
from sqlalchemy.types import TypeEngine

REVISION: Final = "0009"
"""The migration that this release needs; a journal at another one is refused."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def columns(
    type_: type[TypeEngine[Any]], *names: str, primary_key: bool = False, nullable: bool = True
) -> list[Column[Any]]:
    """Consecutive columns of one type."""
    return [Column(name, type_, primary_key=primary_key, nullable=nullable and not primary_key) for name in names]


stream = Table(
    "stream",
    metadata,
    *columns(Text, "kind", "id", primary_key=True),
    Column("last", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""The last number of each stream: the row that writers lock."""

event = Table(
    "event",
    metadata,
    *columns(Text, "kind", "id", primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

reply = Table(
    "reply",
    metadata,
    Column("command_id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    *columns(Text, "kind", "id", nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Double, nullable=False),
    Index(None, "at"),
    sqlite_with_rowid=False,
)

due = Table(
    "due",
    metadata,
    *columns(Text, "kind", "id", "name", primary_key=True),
    Column("shard", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("target", Text, nullable=False),
    Column("command", LargeBinary, nullable=False),
    Index(None, "kind", "shard"),
    sqlite_with_rowid=False,
)

claim = Table(
    "claim",
    metadata,
    Column("vehicle", Text, primary_key=True),
    Column("trip", Text, nullable=False),
    Index(None, "trip", unique=True),
    sqlite_with_rowid=False,
)

snapshot = Table(
    "snapshot",
    metadata,
    *columns(Text, "kind", "id", primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

trip = Table(
    "trip",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    *columns(Text, "passenger", "driver", "vehicle", "vehicle_class", "origin"),
    *columns(Double, "requested_at", "pickup_at", "pickup_lat", "pickup_lng", "dropoff_lat", "dropoff_lng"),
    *columns(Double, "assigned_at", "arrived_at", "started_at", "finished_at"),
    *columns(Text, "cancelled_by", "cancel_reason"),
    Column("fare_minor", BigInteger),
    *columns(Text, "currency", "payment_state"),
    Column("paid_at", Double),
    Column("seq", BigInteger, nullable=False),
    Column("updated_at", Double),
    *columns(Text, "contact", "pickup_text", "dropoff_text"),
    Column("seats", Integer),
    *columns(Text, "needs", "note"),
    Column("eta_at", Double),
    Column("stars", Integer),
    Column("method", Text),
    Index(None, "contact"),
    Index(None, "driver", "finished_at"),
    Index(None, "state", "requested_at"),
    Index(None, "passenger", "requested_at"),
    Index(None, "vehicle", "requested_at"),
    Index(None, "requested_at"),
)
"""The current state of each trip. ``origin`` is ``app``, ``phone`` or ``hail``; ``needs`` are separated by spaces."""

payment = Table(
    "payment",
    metadata,
    Column("id", Text, primary_key=True),
    *columns(Text, "trip", "vehicle"),
    Column("state", Text, nullable=False),
    Column("method", Text),
    Column("amount_minor", BigInteger),
    *columns(Text, "currency", "order_no", "trade_no", "buyer"),
    *columns(Double, "opened_at", "paid_at"),
    Column("refunded_minor", BigInteger),
    *columns(Text, "company", "unclear"),
    Column("seq", BigInteger, nullable=False),
    Column("updated_at", Double),
    Index(None, "unclear"),
    Index(None, "vehicle", "opened_at"),
    Index(None, "state", "opened_at"),
    Index(None, "trip"),
    Index(None, "order_no"),
)
"""The current state of each payment; ``unclear`` is the reason why it needs a person's attention."""

ledger = Table(
    "ledger",
    metadata,
    Column("id", Text, primary_key=True),
    *columns(Text, "payment", "kind", "order_no", nullable=False),
    *columns(Text, "trade_no", "refund_no"),
    *columns(Text, "method", "company", "vehicle", "from_account", "to_account", nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    *columns(Text, "currency", "day", nullable=False),
    Column("at", Double, nullable=False),
    Index(None, "day", "company"),
    Index(None, "payment"),
    Index(None, "order_no"),
)
"""The ledger (:mod:`dispatch.payment.core.ledger`): double entry. Rows are never changed."""

payment_said = Table(
    "payment_said",
    metadata,
    Column("id", Text, primary_key=True),
    *columns(Text, "payment", "order_no", "kind", nullable=False),
    Column("at", Double, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "payment", "at"),
    Index(None, "at"),
)
"""Exchanges with Alipay, verbatim. Rows are never changed, only deleted after their retention period."""

reconciliation = Table(
    "reconciliation",
    metadata,
    *columns(Text, "day", "account", primary_key=True),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("free_at", Double, nullable=False),
    Column("body", Text),
    sqlite_with_rowid=False,
)
"""Reconciled days of each account. ``free_at`` (wall seconds) is the end of the current claim on a day."""

alarm = Table(
    "alarm",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("fields", Text, nullable=False),
    Column("settled_by", Text),
    Column("settled_at", Double),
    Column("note", Text, nullable=False, server_default=""),
    Index(None, "settled_at", "at"),
)
"""Alarms for dispatchers, open or settled (``settled_by``). ``fields`` is JSON."""

notice = Table(
    "notice",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
    *columns(Text, "by", "text", "vehicles", nullable=False),
    Index(None, "at"),
)
"""Broadcasts to drivers. ``vehicles`` is a JSON list; an empty one means all vehicles."""

vehicle_state = Table(
    "vehicle_state",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    *columns(Text, "driver", "trip"),
    Column("seq", BigInteger, nullable=False),
    *columns(Double, "updated_at", "state_since", "shift_since"),
)
"""The current state of each vehicle's entity. Its registry entry is in ``vehicle``."""

track = Table(
    "track",
    metadata,
    Column("vehicle", Text, primary_key=True),
    Column("since", Double, primary_key=True),
    Column("until", Double, nullable=False),
    Column("points", LargeBinary, nullable=False),
    Index(None, "since"),
    sqlite_with_rowid=False,
)
"""Stretches of vehicle tracks (``vehicle.track_recorder``). ``points`` is encoded as in ``http_bodies.Track``."""

revocation = Table(
    "revocation",
    metadata,
    Column("id", Text, primary_key=True),
    *columns(Double, "at", "until", nullable=False),
    Index(None, "at"),
    Index(None, "until"),
)
"""Revoked tokens: ``session:ROLE:SID``, or ``ROLE:SUBJECT`` for those issued up to ``at``. They expire by ``until``."""

audit = Table(
    "audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
    *columns(Text, "role", "who", "act", "target", "facts", nullable=False),
    Index(None, "at"),
    Index(None, "who", "at"),
)
"""Actions of dispatchers and operators (:mod:`dispatch.domain.audit`). Append-only: triggers refuse every change."""

_ENTITY_ROWS: Final = (trip, payment, vehicle_state, ledger, payment_said, audit)
ROWS: Final[dict[str, Table]] = {table.name: table for table in _ENTITY_ROWS}
"""The tables that a :class:`dispatch.domain.entity.Row` may name."""

vehicle = Table(
    "vehicle",
    metadata,
    Column("id", Text, primary_key=True),
    *columns(Text, "plate", "company", "vehicle_class", nullable=False),
    Column("seats", Integer, nullable=False),
    *columns(Boolean, "wheelchair", "child_seat", "active", nullable=False),
    Column("typed_fare", Boolean, nullable=False, server_default=false()),
    Index(None, "plate", unique=True),
)

driver = Table(
    "driver",
    metadata,
    Column("id", Text, primary_key=True),
    *columns(Text, "name", "phone", "pin_hash", nullable=False),
    Column("active", Boolean, nullable=False),
)

permission = Table(
    "permission",
    metadata,
    Column("driver", Text, ForeignKey("driver.id"), primary_key=True),
    Column("vehicle", Text, primary_key=True),
)
"""The vehicles that each driver may drive; ``*`` means all."""

dispatcher = Table(
    "dispatcher",
    metadata,
    Column("id", Text, primary_key=True),
    *columns(Text, "name", "password_hash", nullable=False),
    Column("permissions", JSON, nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
)

device = Table(
    "device",
    metadata,
    Column("id", Text, primary_key=True),
    Column("vehicle", Text, ForeignKey("vehicle.id"), nullable=False),
    Column("key_hash", Text, nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
    Index(None, "vehicle"),
)

passenger = Table(
    "passenger",
    metadata,
    Column("id", Text, primary_key=True),
    *columns(Text, "phone", "alipay_user_id"),
    Column("created", Double, nullable=False),
    Column("phone_sealed", LargeBinary),
    Column("phone_name", Text),
    Index(None, "phone", unique=True),
    Index(None, "alipay_user_id", unique=True),
    Index(None, "phone_name", unique=True),
)
"""``phone_sealed`` is the encrypted number, found by its digest ``phone_name``. ``phone`` is set in old rows only."""

person_key = Table(
    "person_key",
    metadata,
    Column("person", Text, primary_key=True),
    Column("master", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "master"),
)
"""The key of each passenger (``domain.personal_keys``), wrapped by a master key. Without it the number is lost."""
