"""How does a district get from files to grids in force on the command line, step by step or in one go?"""

from __future__ import annotations

import datetime as dt
import math
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
    names_of,
    read_stages,
)
from api.cli._where import Cluster, check_here
from api.cli.jobs import Background, in_background
from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gis.store.connect import Connection
    from gis.store.step import Step

__all__ = ["read_moment", "register"]

# Everything that loads geometry libraries is imported where it is used: `gridkeeper --help` should not wait for it.

District = Annotated[str, typer.Argument(help="Code of the district, as `gridkeeper districts` lists it.")]
Jobs = Annotated[int, typer.Option(min=1, help="Processes to use.")]
ReportFile = Annotated[
    Path | None, typer.Option("--report", help="Write the whole report to this JSON file.", callback=check_folder)
]
Target = Annotated[int, typer.Option(min=1, help="Households wanted in a grid.")]
Minimum = Annotated[float | None, typer.Option("--min", min=0, help="Least load; 0.75 of the target.")]
Maximum = Annotated[float | None, typer.Option("--max", min=0, help="Most load; 1.5 of the target.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same plan.")]
Network = Annotated[str, typer.Option(metavar="CODE", help="Network, as `gridkeeper network list` lists it.")]
Level = Annotated[int, typer.Option(min=1, help="Level of the network; 1 is the coarsest.")]
Effective = Annotated[
    str | None, typer.Option(help="When the grids begin: a past day or moment, e.g. 2026-01-01; at once by default.")
]
CORES = os.cpu_count() or 1


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    for command in (load, tessellate, propose, check, publish, remove):
        app.command()(command)
    app.command("districts")(list_all)


def load(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the district's files.")],
    *,
    district: Annotated[str | None, typer.Option(help="Code; the divisions' six digits or the folder's name.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the district.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="IANA name; by position when left out.")] = None,
    metric_crs: Annotated[str | None, typer.Option(help="CRS in metres to compute in; by position.")] = None,
    crs: Annotated[str | None, typer.Option(help="What coordinates are where files do not say.")] = None,
    accept_crs: Annotated[bool, typer.Option("--accept-crs", help="Do not question reference systems.")] = False,
    accept_partial: Annotated[bool, typer.Option("--accept-partial", help="Take the good rows.")] = False,
    estimate_households: Annotated[
        bool, typer.Option("--estimate-households", help="Estimate households where nobody counted them.")
    ] = False,
    as_of: Annotated[str | None, typer.Option(help="Date of the household counts, e.g. 2026-06-30.")] = None,
    target: Target = 200,
    minimum: Minimum = None,
    maximum: Maximum = None,
    seed: Seed = 1,
    style: Style = "balanced",
    count: Count = "rule",
    effective: Effective = None,
    jobs: Jobs = CORES,
    executor: Cluster = None,
    background: Background = False,
    report: ReportFile = None,
) -> None:
    """Load a folder of files and make, check and publish the first grids; things are located, workers posted."""
    from api.cli._show import console, progress_bars, show_checks, show_measures, show_reports  # noqa: PLC0415
    from gis.executors import executor_at  # noqa: PLC0415
    from gis.ingest import ReadOptions  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    read_moment(effective, "UTC")  # a slip of the pen is told before an hour of work
    check_here(background, executor)
    free = is_free(count)
    if background:
        asked = {
            "paths": [str(folder.resolve())], "district": district, "name": name, "time_zone": time_zone,
            "metric_crs": metric_crs, "crs": crs, "accept_crs": accept_crs, "accept_partial": accept_partial,
            "estimate_households": estimate_households, "as_of": _date(as_of) and as_of, "target": target,
            "minimum": minimum, "maximum": maximum, "seed": seed, "style": style, "free": free,
            "effective": effective,
        }  # fmt: skip
        in_background("load", district or folder.resolve().name, asked, title=folder.name)
        return
    options = ReadOptions(
        crs=crs,
        accept_crs=accept_crs,
        accept_partial=accept_partial,
        as_of=_date(as_of),
        estimate_households=estimate_households,
        district=district,
        district_name=name,
        time_zone=time_zone,
    )
    with (
        _store() as connection,
        _kept(report) as content,
        progress_bars() as progress,
        executor_at(executor, jobs) as pool,
    ):
        read = pipeline.read_folder(connection, folder, options, progress=progress)
        new = pipeline.NewDistrict(name=name, time_zone=time_zone, metric_crs=metric_crs, crs_note=read.crs_note)
        loaded = pipeline.load_district(
            connection,
            read.code,
            read.batches,
            new=new,
            target=target,
            minimum=minimum,
            maximum=maximum,
            seed=seed,
            style=style,
            free=free,
            effective=read_moment(effective, read.time_zone),
            executor=pool,
            progress=progress,
            told=content["reports"],
        )
        if loaded.published is not None:
            content.update(_facts(loaded.published))
    for file, why in read.skipped:
        console.print(f"Not read: {file} ({why})")
    show_reports(loaded.reports)
    if loaded.published is None:
        console.print(f"{loaded.code} is up to date; its grids in force were kept.")
        return
    show_measures(loaded.published.measures)
    show_checks(loaded.published)
    console.print(f"{loaded.code}: version 1, {_since(loaded.published)}.")


def tessellate(
    district: District,
    *,
    max_cell_m2: Annotated[float, typer.Option(min=100.0, help="Largest cell without building, m2.")] = 50_000.0,
    jobs: Jobs = CORES,
    executor: Cluster = None,
    background: Background = False,
    report: ReportFile = None,
) -> None:
    """Divide a district into cells."""
    check_here(background, executor)
    if background:
        in_background("tessellate", district, {"max_cell_m2": max_cell_m2})
        return
    from gis.cells import CellSettings  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    settings = CellSettings(max_cell_m2=max_cell_m2)
    _step(pipeline.tessellate_district, district, report, jobs=jobs, cluster=executor, settings=settings)


def propose(
    district: District,
    *,
    network: Network = "community",
    level: Level = 1,
    target: Annotated[float | None, typer.Option(help="Load wanted in a grid; as the level has it.")] = None,
    minimum: Minimum = None,
    maximum: Maximum = None,
    seed: Seed = 1,
    style: Style = "balanced",
    count: Count = "rule",
    load: LoadText = "households",
    keep_whole: KeepWhole = None,
    hard_barriers: HardBarriers = None,
    seconds: Seconds = None,
    steps: StagesFile = None,
    jobs: Jobs = CORES,
    executor: Cluster = None,
    background: Background = False,
    report: ReportFile = None,
) -> None:
    """Propose a plan over the cells of a district: a draft."""
    limits: dict[str, Any] = {"target": target, "minimum": minimum, "maximum": maximum, "seed": seed}
    limits |= {"style": style, "free": is_free(count), "network": network, "level": level}
    limits |= {"seconds": seconds, "stages": read_stages(steps)}
    limits |= {"load": load, "keep_whole": keep_whole, "hard_barriers": names_of(hard_barriers)}
    check_here(background, executor)
    if background:
        in_background("propose", district, limits)
        return
    from gis.store import pipeline  # noqa: PLC0415

    _step(pipeline.propose_plan, district, report, jobs=jobs, cluster=executor, **limits)


def check(
    district: District,
    *,
    plan: Annotated[int | None, typer.Option(help="Number of the plan; the newest draft by default.")] = None,
    network: Network = "community",
    level: Level = 1,
    report: ReportFile = None,
) -> None:
    """Run all checks over a plan; exit code 6 when a hard one fails."""
    from gis.store import pipeline  # noqa: PLC0415

    done = _step(pipeline.check_plan, district, report, progress=False, plan_id=plan, network=network, level=level)
    if any(result.hard and not result.passed for result in done.checks):
        raise typer.Exit(6)


def publish(
    district: District,
    *,
    plan: Annotated[int | None, typer.Option(help="Number of the plan; the newest draft by default.")] = None,
    network: Network = "community",
    level: Level = 1,
    effective: Effective = None,
    by: Annotated[str, typer.Option("--as", help="Who publishes.")] = "gridkeeper",
    background: Background = False,
    report: ReportFile = None,
) -> None:
    """Check a plan and put its grids in force."""
    which: dict[str, Any] = {"plan_id": plan, "network": network, "level": level}
    if background:
        read_moment(effective, "UTC")
        in_background("publish", district, {**which, "effective": effective}, person=by)
        return
    from gis.store import pipeline  # noqa: PLC0415

    with _store() as connection:
        moment = read_moment(effective, pipeline.district_of(connection, district).time_zone)
    _step(pipeline.publish_plan, district, report, **which, effective=moment, by=by)


def remove(
    district: District,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take a district out of the store with everything that belongs to it."""
    from gis.store import pipeline  # noqa: PLC0415

    if not yes:
        typer.confirm(f"Remove {district} with its grids, counts and events for ever?", abort=True)
    with _store() as connection:
        pipeline.remove_district(connection, district)
    print(f"{district} is removed.")


def list_all() -> None:
    """List the districts of the store."""
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console  # noqa: PLC0415
    from gis.clock import utc_now  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    with _store() as connection:
        found = pipeline.list_districts(connection, utc_now())
    if not found:
        print("No districts yet: `gridkeeper load DIR` loads one.")
        return
    names = ("buildings", "counted", "households", "of these estimated", "grids", "parts", "events")
    table = Table("code", "name", *names, "version")
    for item in found:
        counted = (
            f"{math.floor(100 * item.counted / item.buildings)} %" if item.buildings else "-"
        )  # 100 %: all of them
        numbers = (item.households, item.estimated_households, item.grids, item.parts, item.events)
        version = "-" if item.version is None else f"{item.version} since {item.effective:%Y-%m-%d}"
        table.add_row(item.code, item.name, f"{item.buildings:,}", counted, *(f"{n:,}" for n in numbers), version)
    console.print(table)


@contextmanager
def _store() -> Iterator[Connection]:
    """Connect as the role that serves and loads."""
    from api.settings import database_urls  # noqa: PLC0415
    from gis.store.connect import connect  # noqa: PLC0415

    with connect(database_urls().require_app()) as connection:
        yield connection


def _step(
    function: Any,
    district: str,
    report: Path | None,
    *,
    jobs: int = 0,
    cluster: str | None = None,
    progress: bool = True,
    **options: Any,
) -> Step:
    """Run one step and show what it did; `jobs` 0: it does not fan out."""
    from api.cli._show import progress_bars, show_checks, show_measures, show_reports  # noqa: PLC0415
    from gis.executors import executor_at  # noqa: PLC0415

    with _store() as connection, _kept(report) as content:
        with progress_bars() as bars, executor_at(cluster, jobs) as pool:
            if jobs:
                options["executor"] = pool
            if progress:
                options["progress"] = bars
            done: Step = function(connection, district, **options)
        content["reports"].append(done.report)
        content.update(_facts(done))
    show_reports([done.report])
    if done.measures:
        show_measures(done.measures)
    if done.checks:
        show_checks(done)
    if done.version is not None:
        print(f"{district}: version {done.version}, {_since(done)}.")
    elif done.plan_id is not None:
        print(f"Plan {done.plan_id} of {district}.")
    return done


def _since(step: Step) -> str:
    return f"in force since {step.effective:%Y-%m-%d %H:%M %Z}"


@contextmanager
def _kept(path: Path | None) -> Iterator[dict[str, Any]]:
    """Write the report file whatever happens: a refused import has the most to tell."""
    from api.cli._show import write_json  # noqa: PLC0415

    content: dict[str, Any] = {"reports": []}
    try:
        yield content
    except InputError as fault:
        if fault.report is not None and fault.report not in content["reports"]:
            content["reports"].append(fault.report)
        raise
    finally:
        if path is not None:
            content["reports"] = [one.as_dict() for one in content["reports"]]
            write_json(path, content)


def _facts(step: Step) -> dict[str, Any]:
    """What the report file tells of a plan beside the reports."""
    return {
        "plan_id": step.plan_id,
        "version": step.version,
        "effective": step.effective,
        "settings": step.settings,
        "measures": step.measures,
        "explanation": step.explanation,
        "checks": [
            {
                "name": c.name,
                "hard": c.hard,
                "passed": c.passed,
                "message": c.message,
                "codes": list(c.offenders["code"]),
            }
            for c in step.checks
        ],
    }


def _date(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is no date.", "Write it as 2026-06-30.") from None


def read_moment(text: str | None, zone: str) -> dt.datetime | None:
    """Read a day or moment; without a time zone it is the district's."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is no moment.", "Write it as 2026-01-01 or 2026-01-01T08:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
