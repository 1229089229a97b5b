"""How are communities of a draft divided anew on the command line, and several divisions compared?"""

from __future__ import annotations

import math
from pathlib import Path  # noqa: TC003  # typer reads it
from typing import Annotated, Any

import typer

from api.cli._dividing import (
    Count,
    HardBarriers,
    KeepOld,
    KeepWhole,
    LockGrid,
    Seconds,
    StagesFile,
    Style,
    check_folder,
    is_free,
    names_of,
    read_stages,
)
from api.cli._editing import By, Communities, District, Plan, edit_plan
from api.cli._store import open_store

__all__ = ["compare", "propose"]

Target = Annotated[float | None, typer.Option(help="Load a grid; as the plan has it.")]
Minimum = Annotated[float | None, typer.Option("--min", min=0, help="Least load; 0.75 of a target given.")]
Maximum = Annotated[float | None, typer.Option("--max", min=0, help="Most load; 1.5 of a target given.")]
Load = Annotated[str | None, typer.Option(help="What is balanced, see `gridkeeper partition`; as the plan has it.")]
Grids = Annotated[str | None, typer.Option(help="Of these communities only these grids, parted by commas.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same grids.")]


def propose(
    district: District,
    plan: Plan,
    *,
    communities: Communities,
    by: By,
    target: Target = None,
    minimum: Minimum = None,
    maximum: Maximum = None,
    seed: Seed = 1,
    style: Style = "balanced",
    count: Count = "rule",
    grids: Grids = None,
    load: Load = None,
    keep_whole: KeepWhole = None,
    hard_barriers: HardBarriers = None,
    keep_old: KeepOld = None,
    lock_grid: LockGrid = None,
    seconds: Seconds = None,
    steps: StagesFile = None,
) -> None:
    """Let the partitioner divide communities of a draft anew."""
    asked = _asked(communities, (target, minimum, maximum), seed, style, count)
    asked |= {"keep_old": keep_old, "lock_grids": lock_grid or []} | _rules(load, keep_whole, hard_barriers)
    asked |= {"grids": names_of(grids) or None}
    asked |= {"seconds": seconds, "stages": read_stages(steps, (style, seed))}
    edit_plan(district, plan, by, "propose", asked)


def compare(
    district: District,
    plan: Plan,
    *,
    communities: Communities,
    target: Target = None,
    minimum: Minimum = None,
    maximum: Maximum = None,
    seed: Seed = 1,
    style: Annotated[str | None, typer.Option(help="Of all three; each has another when left out.")] = None,
    count: Count = "rule",
    grids: Grids = None,
    load: Load = None,
    keep_whole: KeepWhole = None,
    hard_barriers: HardBarriers = None,
    keep_old: KeepOld = None,
    lock_grid: LockGrid = None,
    seconds: Seconds = None,
    report: Annotated[
        Path | None, typer.Option(help="All of the proposals to write, as JSON.", callback=check_folder)
    ] = None,
) -> None:
    """Divide communities of a draft in three ways that really differ; `plan propose` with style and seed takes one."""
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console, write_json  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    asked = _asked(communities, (target, minimum, maximum), seed, style, count) | {"seconds": seconds}
    asked |= {"keep_old": keep_old, "lock_grids": lock_grid or []} | _rules(load, keep_whole, hard_barriers)
    asked |= {"grids": names_of(grids) or None}
    with open_store() as connection:
        made = pipeline.compare_proposals(connection, district, plan, asked)
    table = Table(
        "style", "seed", "grids", "±10 %", "±20 %", "compact", "on features", "old grids whole", "changed", "apart"
    )
    for one in made["proposals"]:
        f = one["figures"]
        shares = (f["within_10"], f["within_20"], f["border_on_feature"], one["changed"])
        near, wide, on, changed = ("-" if math.isnan(share) else f"{share:.1%}" for share in shares)
        apart = ", ".join(f"{share:.0%}" for share in one["apart"]) or "-"
        whole = f"{one['kept']['whole']} of {one['kept']['grids']}"
        compact = f"{f['polsby_popper_mean']:.3f}"
        table.add_row(one["style"], str(one["seed"]), str(f["grids"]), near, wide, compact, on, whole, changed, apart)
    console.print(table)
    for one in made["proposals"][:1]:
        if one["load"] != "households":
            unit = one["unit"]["en"]
            console.print(
                f"{one['load']}: {one['target']:g} {unit} a grid, mean deviation {one['figures']['mad']:.1f}."
            )
    if any(one["stages"] for one in made["proposals"]):
        console.print("The limit cut the search: `plan propose --steps` with the --report of this makes one again.")
    if report is not None:
        write_json(report, made)
    if made["words"]:
        console.print(made["words"]["en"])


def _rules(load: str | None, keep_whole: str | None, hard_barriers: str | None) -> dict[str, Any]:
    """What was said of load, units and barriers; what was not is as the plan has it."""
    hard = None if hard_barriers is None else names_of(hard_barriers)
    return {"load": load, "keep_whole": keep_whole, "hard_barriers": hard}


def _asked(
    communities: str, limits: tuple[float | None, ...], seed: int, style: str | None, count: str
) -> dict[str, Any]:
    named = dict(zip(("target", "minimum", "maximum"), limits, strict=True))
    return {"communities": names_of(communities), **named, "seed": seed, "style": style, "free": is_free(count)}
