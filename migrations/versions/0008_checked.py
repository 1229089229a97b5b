"""What was found of a plan is kept with it, and whoever writes what it stands on is noticed."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def _script(name: str) -> None:
    """Run one file of statements on the driver's own connection: nothing in it is a parameter."""
    op.get_bind().connection.driver_connection.execute((HERE / name).read_text(encoding="utf-8"))


def upgrade() -> None:
    _script("0008_checked.sql")


def downgrade() -> None:
    _script("0008_down.sql")
