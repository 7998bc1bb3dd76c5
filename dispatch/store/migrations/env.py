"""Alembic's entry point: runs the migrations on the caller's connection, in its transaction."""

from alembic import context

from dispatch.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("migrations are run by dispatch.store.migrations.upgrade")
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
