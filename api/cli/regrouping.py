"""How are old grids regrouped to another target, or several networks' grids made one, from files to files?"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli._dividing import HardBarriers, KeepWhole, LoadText, Style, check_folder
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
from api.cli._where import Cluster  # noqa: TC001  # typer reads it
from gis.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from gis.measures.of_old_grids import Kept

__all__ = ["check_table", "kept_words", "register", "write_table"]


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("regroup")(regroup)


def regroup(
    buildings: Annotated[str, typer.Option(help="Buildings with their households.")],
    communities: Annotated[str, typer.Option(help="Communities, polygons.")],
    grids: Annotated[
        list[str],
        typer.Option(help="Old grids, with a column grid_code. Repeated: networks that become one."),
    ],
    target: Annotated[float, typer.Option(help="Households wanted in a new grid.")],
    out: Annotated[Path, typer.Option(help="Grids to write: .parquet, .gpkg or .geojson.")],
    keep_old: Annotated[
        str, typer.Option(help="How dear it is to divide an old grid: loosely, mostly or strictly kept whole.")
    ] = "mostly",
    weight: Annotated[list[float] | None, typer.Option(help="How much each file counts, once for each.")] = None,
    lock_grid: Annotated[
        list[str] | None, typer.Option(help="A grid of the first file that stays as it is. May be repeated.")
    ] = None,
    correspondence: Annotated[Path | None, typer.Option(help="Old grid -> new grids, to .csv or .xlsx.")] = None,
    cells: Annotated[Path | None, typer.Option(help="Cells to write too.")] = None,
    households_field: HouseholdsField = None,
    community_field: CommunityField = None,
    barriers: Barriers = None,
    compounds: Compounds = None,
    landcover: Landcover = None,
    minimum: Minimum = None,
    maximum: Maximum = None,
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
    """Regroup grids to another target, old ones kept whole where they can be; or make one network of several."""
    from api.cli._show import progress_bars  # noqa: PLC0415
    from gis.file_regrouping import regroup_files  # noqa: PLC0415
    from gis.files import CountFiles, check_writable, write_frames  # noqa: PLC0415

    for path in (out, cells):
        if path is not None:
            check_writable(path)
    check_table(correspondence)
    with progress_bars() as progress:
        made = regroup_files(
            buildings,
            communities,
            grids,
            weights=weight or (),
            barriers=barriers or (),
            compounds=compounds,
            landcover=landcover,
            households_field=households_field,
            community_field=community_field,
            target=target,
            minimum=minimum,
            maximum=maximum,
            keep_old=keep_old,
            lock_grids=lock_grid or (),
            seed=seed,
            style=style,
            counts=CountFiles(parts, events, key_persons),
            load=load,
            keep_whole=keep_whole,
            hard_barriers=hard_barriers or (),
            jobs=jobs,
            cluster=executor,
            metric=metric_crs,
            progress=progress,
        )
    write_frames({out: made.grids} | ({} if cells is None else {cells: made.cells}))
    m = made.measures
    print(f"{m['grids']} grids, {m['households']:g} households; within ±10 %: {m['within_10']:.1%}")
    for name, kept in made.kept:
        print(kept_words(name, kept, m["households"]))
    if correspondence is not None:
        write_table(made.table, correspondence)
    print(f"Written: {', '.join(str(path) for path in (out, cells, correspondence) if path is not None)}")


def kept_words(name: str, kept: Kept, households: float) -> str:
    """Say in a line what is kept of old grids: where each holds too much for a new one, only of their borders."""
    if 0 < kept.grids == kept.above and not kept.whole:
        return f"{name}: each old grid holds more than a new one may; {kept.border_kept:.1%} of the old borders kept."
    return (
        f"{name}: {kept.whole} of {kept.grids} old grids whole ({kept.share_whole:.1%}); {kept.apart:,.0f} households "
        f"({kept.apart / max(households, 1.0):.1%}) apart from most of their old grid; {kept.border_kept:.1%} of the "
        f"old borders kept, {kept.border_followed:.1%} of the new ones follow an old one."
    )


def check_table(file: Path | None) -> None:
    """Refuse a table of another format, before any work is done."""
    if file is not None and file.suffix.lower() not in {".csv", ".xlsx"}:
        raise InputError(f"{file.name}: no table is written as {file.suffix or 'that'}.", "Use .csv or .xlsx.")
    check_folder(file)


def write_table(table: pd.DataFrame, file: Path) -> None:
    """Write a correspondence as Excel opens it."""
    from layers.networks import readable  # noqa: PLC0415

    shown = readable(table)
    if file.suffix.lower() == ".csv":
        shown.to_csv(file, index=False, encoding="utf-8-sig")
    else:
        shown.to_excel(file, index=False)
