"""How Alembic runs the migrations: on the connection it is given, in one transaction."""

from alembic import context

from gisgrid.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
