"""Shapes that are drawn, several versions at once; what changed among buildings and streets is counted quickly."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def _script(name: str) -> None:
    """Run one file of statements on the driver's own connection: nothing in it is a parameter."""
    op.get_bind().connection.driver_connection.execute((HERE / name).read_text(encoding="utf-8"))


def upgrade() -> None:
    _script("0004_display.sql")


def downgrade() -> None:
    _script("0004_down.sql")
