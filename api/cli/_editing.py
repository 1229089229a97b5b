"""How does a command edit a plan as it stands now?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli._store import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["By", "Communities", "District", "Plan", "actor", "edit_plan", "show_grids"]

HOUSEHOLDS = "households"
"""The load that need not be told, see `gis.partition.loads`."""

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
    from gis.clock import utc_now  # noqa: PLC0415
    from gis.plans import new_key  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415
    from layers.planning import plan_grids, told_detail  # noqa: PLC0415

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
        told, grids = told_detail(connection, district, plan, utc_now()), done.grids
        if told["load"] != HOUSEHOLDS:
            now = {row["key"]: row for row in plan_grids(connection, district, plan, utc_now())}
            grids = [now.get(grid["key"], grid) for grid in grids]  # none of it is left: nothing to weigh
    show_grids(told, grids, ("key",), title=f"Plan {plan}, edit {done.revision}")


def show_grids(
    told: Mapping[str, Any], grids: Sequence[Mapping[str, Any]], names: tuple[str, ...], title: str | None = None
) -> None:
    """Print grids of a plan, and where it does not balance households what it does.

    Parameters
    ----------
    told : mapping
        See `layers.planning.told_detail`.
    grids : sequence of mapping
        See `layers.planning.plan_grids`.
    names : tuple of str
        What each is called by: ``key``, ``code``.
    title : str, optional
    """
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console  # noqa: PLC0415

    work = told["load"] != HOUSEHOLDS
    heads = ["grid" if name == "key" else name for name in names]
    table = Table(*heads, *(["load"] if work else []), "households", "cells", "parts", title=title)
    for grid in grids:
        load = [f"{grid.get('load', 0.0):,.6g}"] if work else []
        counts = (f"{grid['households']:,.0f}", str(grid["cells"]), str(grid["parts"]))
        table.add_row(*(grid[name] for name in names), *load, *counts)
    console.print(table)
    if work:
        low, aim, high = (f"{told[name]:,.6g}" for name in ("minimum", "target", "maximum"))
        console.print(
            f"Load: {told['load']}; wanted {aim} {told['unit']['en']} a grid, {low} to {high}.", soft_wrap=True
        )
