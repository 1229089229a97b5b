"""How are grids made even again with few moves, those of files and those of a draft?"""

from __future__ import annotations

from pathlib import Path  # typer reads it
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import _proposals  # noqa: TC001  # typer reads it
from api.cli._dividing import HardBarriers, KeepWhole, LoadText, Style, names_of  # typer reads it
from api.cli._editing import By, District, Plan, edit_plan
from api.cli._ground import (  # noqa: TC001  # typer reads it
    Barriers,
    CommunityField,
    Compounds,
    EventFile,
    HouseholdsField,
    Jobs,
    KeyPersonFile,
    Landcover,
    Maximum,
    MetricCrs,
    Minimum,
    PartFile,
    Seed,
)
from api.cli._store import open_store
from api.cli._where import Cluster  # noqa: TC001  # typer reads it
from api.cli.plans import plan_app
from gis.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.partition import Rebalancing
    from gis.store.connect import Connection
    from gis.store.rebalancing import DraftRebalancing

__all__ = ["register"]

Keep = Annotated[int | None, typer.Option(min=1, max=3, help="Take it: 1 fewest moved, 2 between, 3 best balance.")]
Moves = Annotated[Path | None, typer.Option(help="What moves, to a file: .csv, .geojson, .parquet or .gpkg.")]
Grids = Annotated[str | None, typer.Option(help="Grids that may change, parted by commas; by default all.")]
Beside = Annotated[bool, typer.Option("--neighbours", help="Also the grids beside those of the scope.")]
Where = Annotated[str | None, typer.Option(help="Communities that may change, parted by commas; by default all.")]
LockGrid = Annotated[list[str] | None, typer.Option(help="A grid that stays as it is. May be repeated.")]
LockBorder = Annotated[list[str] | None, typer.Option(help="GRID:GRID between which nothing moves. May be repeated.")]
MaxMoved = Annotated[float | None, typer.Option(min=0, help="Households that move at most.")]
MaxGrids = Annotated[int | None, typer.Option(min=0, help="Grids that lose or get cells at most.")]


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("rebalance")(rebalance)
    plan_app.command("rebalance")(rebalance_plan)


def rebalance(
    buildings: Annotated[str, typer.Option(help="Buildings with their households as they are now.")],
    communities: Annotated[str, typer.Option(help="Communities, polygons.")],
    grids: Annotated[str, typer.Option(help="Grids in force, with a column grid_code.")],
    households_field: HouseholdsField = None,
    community_field: CommunityField = None,
    barriers: Barriers = None,
    compounds: Compounds = None,
    landcover: Landcover = None,
    target: Annotated[float | None, typer.Option(help="Households, or load, wanted in a grid; by default 200.")] = None,
    minimum: Minimum = None,
    maximum: Maximum = None,
    keep: Keep = None,
    out: Annotated[Path | None, typer.Option(help="Grids of the answer kept: .parquet, .gpkg or .geojson.")] = None,
    moves: Moves = None,
    scope_grids: Grids = None,
    scope_communities: Where = None,
    neighbours: Beside = False,
    lock_grid: LockGrid = None,
    lock_border: LockBorder = None,
    max_moved: MaxMoved = None,
    max_grids: MaxGrids = None,
    seed: Seed = 1,
    style: Style = "balanced",
    load: LoadText = "households",
    parts: PartFile = None,
    events: EventFile = None,
    key_persons: KeyPersonFile = None,
    keep_whole: KeepWhole = None,
    hard_barriers: HardBarriers = None,
    jobs: Jobs = 1,
    executor: Cluster = None,
    metric_crs: MetricCrs = None,
) -> None:
    """Propose three ways to even out grids in force after households or loads changed: files in, files out."""
    from api.cli._show import progress_bars  # noqa: PLC0415
    from gis.file_rebalancing import rebalance_files  # noqa: PLC0415
    from gis.files import CountFiles, check_writable, write_frames  # noqa: PLC0415

    if out is not None and keep is None:
        raise InputError("Grids of which answer?", "Add --keep 1, 2 or 3.")
    for path, table in ((out, False), (moves, True)):
        if path is not None:
            check_writable(path, table=table)
    with progress_bars() as progress:
        made = rebalance_files(
            buildings,
            communities,
            grids,
            barriers=barriers or (),
            compounds=compounds,
            landcover=landcover,
            households_field=households_field,
            community_field=community_field,
            counts=CountFiles(parts, events, key_persons),
            load=load,
            target=target,
            minimum=minimum,
            maximum=maximum,
            scope_grids=names_of(scope_grids),
            scope_communities=names_of(scope_communities),
            neighbours=neighbours,
            lock_grids=lock_grid or (),
            lock_borders=[pair.split(":") for pair in lock_border or ()],
            max_moved=max_moved,
            max_grids=max_grids,
            seed=seed,
            style=style,
            keep_whole=keep_whole,
            hard_barriers=hard_barriers or (),
            jobs=jobs,
            cluster=executor,
            metric=metric_crs,
            progress=progress,
        )
    _show(made.found)
    written = {} if moves is None else {moves: _listed(made, keep)}
    if out is not None and keep is not None:
        written[out] = made.grids(made.found.answers[keep - 1])
    write_frames(written)
    for path in written:
        print(f"Written: {path}")


def rebalance_plan(
    district: District,
    plan: Plan,
    *,
    by: By,
    keep: Keep = None,
    communities: Where = None,
    grids: Grids = None,
    neighbours: Beside = False,
    lock_grid: LockGrid = None,
    lock_cell: Annotated[list[int] | None, typer.Option(help="A cell that stays. May be repeated.")] = None,
    lock_border: LockBorder = None,
    max_moved: MaxMoved = None,
    max_grids: MaxGrids = None,
    target: _proposals.Target = None,
    minimum: _proposals.Minimum = None,
    maximum: _proposals.Maximum = None,
    style: Style = "balanced",
    seed: Seed = 1,
    keep_whole: KeepWhole = None,
    moves: Moves = None,
) -> None:
    """Propose three ways to even out the grids of a draft with few moves; --keep takes one as an edit."""
    from gis.files import check_writable, write_frames  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    if moves is not None:
        check_writable(moves, table=True)
    asked: dict[str, Any] = {
        "communities": names_of(communities),
        "grids": names_of(grids),
        "neighbours": neighbours,
        "lock_grids": lock_grid or [],
        "lock_cells": lock_cell or [],
        "lock_borders": [pair.split(":") for pair in lock_border or ()],
        "max_moved": max_moved,
        "max_grids": max_grids,
        "target": target,
        "minimum": minimum,
        "maximum": maximum,
        "style": style,
        "seed": seed,
        "keep_whole": keep_whole,
    }
    with open_store() as connection:
        made = pipeline.rebalancing_of(connection, district, plan, asked)
        _show(made.found)
        if moves is not None:
            write_frames({moves: _moved(connection, district, plan, made, keep)})
            print(f"Written: {moves}")
    if keep is not None:
        edit_plan(district, plan, by, "propose", made.payload(made.found.answers[keep - 1]), made.revision)


def _moved(
    connection: Connection, district: str, plan: int, made: DraftRebalancing, keep: int | None
) -> gpd.GeoDataFrame:
    """What the answer kept moves, or each of the three, with addresses and workers, as polygons of the cells."""
    import geopandas as gpd  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    from gis.clock import utc_now  # noqa: PLC0415
    from gis.crs import STORE_CRS  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    row = pipeline.read_life(connection, pipeline.district_of(connection, district), plan, utc_now())
    draft, _ = pipeline.read_draft(connection, plan)
    answers = made.found.answers if keep is None else [made.found.answers[keep - 1]]
    lists = [
        pipeline.list_moves(connection, row, draft, made.changes(one), utc_now()).assign(answer=one.name)
        for one in answers
    ]
    rows = pd.concat(lists, ignore_index=True).drop(columns=["lon", "lat"])
    at = np.searchsorted(made.cells, rows["cell"].to_numpy(np.int64))
    shapes = made.shapes.to_numpy()[at]
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=made.shapes.crs).to_crs(STORE_CRS)


def _listed(made: Any, keep: int | None) -> gpd.GeoDataFrame:
    """What the answer kept moves; without one, all three, with the answer of each row."""
    import pandas as pd  # noqa: PLC0415

    answers = made.found.answers
    if keep is not None:
        frame: gpd.GeoDataFrame = made.moves(answers[keep - 1])
        return frame
    return pd.concat([made.moves(answer).assign(answer=answer.name) for answer in answers], ignore_index=True)


def _show(found: Rebalancing) -> None:
    """Print the three answers side by side, and what is out of the ordinary."""
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console  # noqa: PLC0415
    from gis.partition.loads import unit_words  # noqa: PLC0415

    unit = unit_words(found.settings["load"])["en"]
    columns = ("answer", "buildings", unit, "grids touched", "within ±10 %", "MAD", "at least", "ratio")
    table = Table("", *columns)
    now = found.now
    share = f"{now.within} of {now.grids}"
    table.add_row("", "now", "", "", "", share, f"{now.mad:.1f}", "", "")
    for number, answer in enumerate(found.answers, start=1):
        table.add_row(
            str(number),
            answer.name.replace("_", " "),
            str(int(answer.moves["building_id"].notna().sum())),
            f"{answer.moved:,.0f}",
            str(len(answer.touched)),
            f"{answer.balance.within} of {answer.balance.grids}",
            f"{answer.balance.mad:.1f}",
            f"{answer.bound:,.0f}",
            f"{answer.ratio:.2f}",
        )
    console.print(table)
    for remark in found.report.remarks:
        console.print(remark.message, markup=False)
