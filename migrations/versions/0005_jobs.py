"""Jobs: the queue of procrastinate in a schema of its own, and what a job is to a person."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def _script(name: str) -> None:
    """Run one file of statements on the driver's own connection: nothing in it is a parameter."""
    op.get_bind().connection.driver_connection.execute((HERE / name).read_text(encoding="utf-8"))


def upgrade() -> None:
    op.execute("CREATE SCHEMA procrastinate")
    op.execute("SET LOCAL search_path TO procrastinate")  # its statements name no schema
    _script("0005_procrastinate.sql")
    op.execute("SET LOCAL search_path TO DEFAULT")
    _script("0005_jobs.sql")


def downgrade() -> None:
    _script("0005_down.sql")
