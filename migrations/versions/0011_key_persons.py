"""Key persons are counted with the households of a building."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def _script(name: str) -> None:
    """Run one file of statements on the driver's own connection: nothing in it is a parameter."""
    op.get_bind().connection.driver_connection.execute((HERE / name).read_text(encoding="utf-8"))


def upgrade() -> None:
    _script("0011_key_persons.sql")


def downgrade() -> None:
    _script("0011_down.sql")
