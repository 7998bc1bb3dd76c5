"""Revoked sign-ins, inactive dispatchers and devices, and an append-only audit log."""

import sqlalchemy as sa
from alembic import op

from dispatch.store.tables import columns

revision = "0007"
down_revision = "0006"

_REFUSED = "the audit log can only grow"


def upgrade() -> None:
    op.create_table(
        "revocation",
        sa.Column("id", sa.Text(), nullable=False),
        *columns(sa.Double, "at", "until", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revocation"),
    )
    op.create_index("ix_revocation_at", "revocation", ["at"])
    op.create_index("ix_revocation_until", "revocation", ["until"])
    for table in ("dispatcher", "device"):
        op.add_column(table, sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_table(
        "audit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        *columns(sa.Text, "role", "who", "act", "target", "facts", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_who_at", "audit", ["who", "at"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgres()


def _guard_sqlite() -> None:
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{act.lower()} BEFORE {act} ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )


def _guard_postgres() -> None:
    op.execute(
        "CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()"
    )
