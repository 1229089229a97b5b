"""The first floor: extensions, the role that serves, every table, and the rights of that role."""

from __future__ import annotations

from pathlib import Path

from alembic import context, op

from gis.store.migrate import prepare

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def _script(name: str) -> None:
    """Run one file of statements on the driver's own connection: nothing in it is a parameter."""
    op.get_bind().connection.driver_connection.execute((HERE / name).read_text(encoding="utf-8"))


def upgrade() -> None:
    prepare(op.get_bind().connection.driver_connection, context.config.attributes.get("app_password"))
    _script("0001_floor.sql")
    _script("0001_rights.sql")


def downgrade() -> None:
    _script("0001_down.sql")
