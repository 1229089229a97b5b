"""How are files divided and points located without a database: `gridkeeper partition`, `gridkeeper locate`?"""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003  # typer reads it
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from api.cli._dividing import (
    Count,
    HardBarriers,
    KeepWhole,
    LoadText,
    Seconds,
    StagesFile,
    Style,
    check_folder,
    is_free,
    read_stages,
)
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
from api.cli._show import ALWAYS_TOLD
from api.cli._where import Cluster  # noqa: TC001  # typer reads it
from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.remarks import Report

__all__ = ["register"]

stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("partition")(partition)
    app.command("locate")(locate)


def partition(
    buildings: Annotated[str, typer.Option(help="Buildings or lots, polygons or points.")],
    communities: Annotated[str, typer.Option(help="Communities, polygons.")],
    out: Annotated[Path, typer.Option(help="Grids to write: .parquet, .gpkg or .geojson.")],
    households_field: HouseholdsField = None,
    community_field: CommunityField = None,
    barriers: Barriers = None,
    compounds: Compounds = None,
    landcover: Landcover = None,
    parts: PartFile = None,
    events: EventFile = None,
    key_persons: KeyPersonFile = None,
    load: LoadText = "households",
    target: Annotated[float | None, typer.Option(help="Load wanted in a grid; 200 households.")] = None,
    minimum: Minimum = None,
    maximum: Maximum = None,
    seed: Seed = 1,
    style: Style = "balanced",
    count: Count = "rule",
    keep_whole: KeepWhole = None,
    hard_barriers: HardBarriers = None,
    seconds: Seconds = None,
    steps: StagesFile = None,
    jobs: Jobs = 1,
    executor: Cluster = None,
    metric_crs: MetricCrs = None,
    cells: Annotated[Path | None, typer.Option(help="Cells to write too.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="Everything that was mended or left, as JSON.", callback=check_folder)
    ] = None,
    accept_partial: Annotated[bool, typer.Option("--accept-partial", help="Take the good rows of a file.")] = False,
    accept_crs: Annotated[bool, typer.Option("--accept-crs", help="Do not question where the data lie.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print every measure on stdout.")] = False,
) -> None:
    """Divide communities into grids of about the same number of households: files in, files out."""
    from api.cli._show import progress_bars  # noqa: PLC0415  # other commands should not wait for these
    from gis.files import CountFiles, check_writable, partition_files, write_frames  # noqa: PLC0415
    from gis.ingest.options import ReadOptions  # noqa: PLC0415
    from gis.partition.proof_words import plan_words  # noqa: PLC0415

    for path in (out, cells):
        if path is not None:
            check_writable(path)
    try:
        with progress_bars() as progress:
            result = partition_files(
                buildings,
                communities,
                barriers=barriers or (),
                compounds=compounds,
                landcover=landcover,
                counts=CountFiles(parts, events, key_persons),
                load=load,
                households_field=households_field,
                community_field=community_field,
                target=target,
                minimum=minimum,
                maximum=maximum,
                seed=seed,
                style=style,
                free=is_free(count),
                keep_whole=keep_whole,
                hard_barriers=hard_barriers or (),
                seconds=seconds,
                stages=read_stages(steps),
                jobs=jobs,
                cluster=executor,
                metric=metric_crs,
                options=ReadOptions(accept_partial=accept_partial, accept_crs=accept_crs),
                progress=progress,
            )
    except InputError as fault:
        if fault.report is not None:
            _tell([fault.report], report)
        raise
    write_frames({out: result.grids} | ({} if cells is None else {cells: result.cells}))
    reasons = result.explanation.as_dict(result.tessellation, result.plan)
    _tell(result.reports, report, {"explanation": reasons, "settings": result.plan.settings})
    m = result.measures
    what = f"; {m['load']}: {m['load_total']:g} {m['load_unit']['en']}, {m['target']:g} a grid" if "load" in m else ""
    stderr.print(
        f"{m['grids']} grids, {m['households']:g} households{what}; within ±10 %: {m['within_10']:.1%} "
        f"(ceiling {m['ceiling_within_10']:.1%}), in several parts: {m['multipart_grids']}; "
        + ", ".join(f"{name} {s:.1f} s" for name, s in result.seconds.items())
    )
    for line in plan_words(m).values():
        stderr.print(line)
    stderr.print(f"Written: {out}" + (f", {cells}" if cells else ""))
    if as_json:
        print(json.dumps(m, ensure_ascii=False, indent=1))


def locate(
    points: Annotated[str, typer.Option(help="Points; CSV with longitude and latitude columns too.")],
    grids: Annotated[str, typer.Option(help="Grids with a column grid_code.")],
    out: Annotated[Path, typer.Option(help="Answers to write: .parquet, .gpkg, .geojson or .csv.")],
    streets: Annotated[
        list[str] | None,
        typer.Option(
            help="Lines of streets: then duty_grid_code names who goes to a point on one. Once for each file."
        ),
    ] = None,
    near: Annotated[float, typer.Option(min=0, help="Metres up to which the nearest grid answers.")] = 500.0,
    crs: Annotated[str | None, typer.Option(help="Of the points: EPSG code, gcj02 or bd09.")] = None,
    metric_crs: Annotated[str | None, typer.Option(help="CRS in metres to measure in.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts on stdout.")] = False,
) -> None:
    """Say for every point which grid it lies in: every row kept in order, with grid_code, how and distance_m."""
    from api.cli._show import progress_bars  # noqa: PLC0415
    from gis.files import check_writable, locate_files, write_frames  # noqa: PLC0415

    check_writable(out, table=True)
    with progress_bars() as progress:
        result = locate_files(
            points, grids, streets=streets or (), near_m=near, crs=crs, metric=metric_crs, progress=progress
        )
    write_frames({out: result.frame})
    _tell([result.report], None)
    stderr.print(f"Written: {out}")
    if as_json:
        print(json.dumps(result.report.counts, ensure_ascii=False))


def _tell(reports: Sequence[Report], file: Path | None, more: dict[str, Any] | None = None) -> None:
    """Print how each file was read and how often each rule spoke; the details, and what is `more`, go to `file`."""
    for report in reports:
        for remark in report.remarks:
            if remark.rule in {"reading", "crs_assumed", "grid_in_parts", *ALWAYS_TOLD}:
                stderr.print(f"[dim]{report.title}[/]: {remark.message}", markup=True)
        counts = ", ".join(f"{name} {value:g}" for name, value in report.counts.items())
        told = ", ".join(f"{rule} × {n}" for rule, n in report.tally().items() if rule != "reading")
        stderr.print(f"{report.title}: {counts}" + (f"; {told}" if told else ""), markup=False)
    if file is not None:
        content: dict[str, Any] = {"reports": [report.as_dict() for report in reports]} | (more or {})
        draft = file.with_name(f".{file.name}.part")
        draft.write_text(json.dumps(content, ensure_ascii=False, indent=1, default=_plain), encoding="utf-8")
        draft.replace(file)
        stderr.print(f"Report: {file}")


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
