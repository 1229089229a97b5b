"""Which open events went to another grid when a plan took effect: `gridkeeper plan moved`?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.cli._editing import District, Plan  # noqa: TC001  # typer reads them
from api.cli._store import open_store
from api.cli.plans import plan_app

if TYPE_CHECKING:
    import typer

__all__ = ["moved", "register"]


def register(_app: typer.Typer) -> None:
    """Add this family's command to `gridkeeper plan`."""
    plan_app.command("moved")(moved)


def moved(district: District, plan: Plan) -> None:
    """List the open events that went to another grid when the plan took effect: from whom to whom."""
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console  # noqa: PLC0415
    from gis.clock import utc_now  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415
    from gis.store.rehoming import read_moved  # noqa: PLC0415

    with open_store() as connection:
        place = pipeline.district_of(connection, district)
        pipeline.read_life(connection, place, plan, utc_now())
        at, rows = read_moved(connection, plan)
    if at is None:
        print(f"Plan {plan} has not taken effect: no event moved.")
        return
    table = Table("event", "kind", "from", "workers", "to", "workers ")
    for row in rows:
        left = (row["from_grid"] or "-", row["from_workers"] or "-")
        table.add_row(row["code"], row["class_name"], *left, row["to_grid"] or "-", row["to_workers"] or "-")
    if rows:
        console.print(table)
    print(f"{len(rows)} open event{'s' if len(rows) != 1 else ''} moved at {at:%Y-%m-%d %H:%M %Z}.")
