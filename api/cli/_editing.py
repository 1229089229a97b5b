"""How does a command edit a plan as it stands now?"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli._store import open_store

__all__ = ["By", "Communities", "District", "Plan", "actor", "edit_plan"]

District = Annotated[str, typer.Argument(help="Code of the district, as `gridkeeper districts` lists it.")]
Plan = Annotated[int, typer.Argument(help="Number of the plan, as `gridkeeper plan list` lists it.")]
By = Annotated[str, typer.Option("--as", metavar="NAME", help="Who does it: a name of `gridkeeper person list`.")]
Communities = Annotated[str, typer.Option(help="Codes of communities (what grids stay inside), parted by commas.")]


def actor(name: str) -> Any:
    """Read who acts."""
    from gis.plans import Actor, read_name  # noqa: PLC0415

    return Actor(read_name(name))


def edit_plan(
    district: str, plan: int, by: str, kind: str, payload: dict[str, Any] | None = None, revision: int | None = None
) -> None:
    """Edit a plan as it stands now, or as it was when its edits were so many."""
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console  # noqa: PLC0415
    from gis.plans import new_key  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    with open_store() as connection:
        draft, _ = pipeline.read_draft(connection, plan)
        if payload is not None and payload.get("key", "") is None:
            payload["key"] = new_key(draft.keys)
        done = pipeline.edit_draft(
            connection,
            district,
            plan,
            actor(by),
            revision=draft.revision if revision is None else revision,
            kind=kind,
            payload=payload,
        )
    table = Table("grid", "households", "cells", "parts", title=f"Plan {plan}, edit {done.revision}")
    for grid in done.grids:
        table.add_row(grid["key"], f"{grid['households']:,.0f}", str(grid["cells"]), str(grid["parts"]))
    console.print(table)
