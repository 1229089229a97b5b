"""Run the migrations on the connection that `gis.store.migrate` hands over (or that of GRIDKEEPER_OWNER_URL)."""

from __future__ import annotations

import os

from alembic import context

from gis.errors import SetupError
from gis.store.migrate import comparable, engine
from gis.store.tables import metadata


def _run(connection: object) -> None:
    context.configure(connection=connection, target_metadata=metadata, include_object=comparable)
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        _run(given)
        return
    url = os.environ.get("GRIDKEEPER_OWNER_URL")
    if not url:
        raise SetupError("No database to migrate.", "Set GRIDKEEPER_OWNER_URL, or use `gridkeeper migrate`.")
    with engine(url).connect() as connection:
        _run(connection)
        connection.commit()


if context.is_offline_mode():
    raise SetupError("Migrations need a database; SQL-only mode is not supported.")
main()
