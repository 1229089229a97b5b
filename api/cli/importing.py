"""How do an office's files get into the database: `gridkeeper import KIND FILE…`?"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli._store import open_store
from api.cli._tables import TABLES, save_table
from api.cli.jobs import Background, in_background
from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from gis.ingest import Batch, ReadOptions
    from gis.progress import Progress
    from gis.remarks import Remark, Report
    from gis.store.connect import Connection

__all__ = ["print_report", "progress_bar", "read_for", "read_grid_options", "register", "save_report"]

SHOWN = 20
"""Remarks printed; the rest is in the report's file."""

COUNTS = {
    "rows": "rows read",
    "accepted": "accepted",
    "refused": "refused",
    "left_out": "left out",
    "inserted": "new",
    "updated": "changed",
    "ended": "ended",
    "rebuilt": "rebuilt",
    "cells_moved": "cells in another community",
    "unchanged": "unchanged",
    "counts_added": "household counts added",
    "located": "located",
    "posted": "posted",
    "displaced_m2": "m² displaced",
    "gained_m2": "m² gained",
    "overlap_m2": "m² of overlaps",
    "buildings_elsewhere": "buildings in another grid than drawn",
    "buildings_cut": "buildings cut",
    "cells_without_grid": "cells without a grid",
    "households_without_grid": "households without a grid",
    "cells_divided": "cells divided",
    "cells_whole": "cells left whole",
    "hard_checks_failed": "hard checks failed",
}


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("import")(import_)


def import_(
    kind: Annotated[
        str,
        typer.Argument(
            help="divisions, compounds, landcover, buildings, households, barriers, grids, parts, events or workers."
        ),
    ],
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Excel, CSV, Shapefile (zipped too), GeoJSON, GeoPackage, GeoParquet, KML, MapInfo, FileGDB or an "
            "OpenStreetMap extract (.osm.pbf). FILE:layer=NAME picks a layer or sheet, "
            "FILE:kind=street,class=COLUMN says what barriers are.",
        ),
    ],
    *,
    crs: Annotated[
        str | None, typer.Option(help="Reference system: an EPSG code, gcj02 or bd09; wins over what the file says.")
    ] = None,
    swap_axes: Annotated[bool, typer.Option("--swap-axes", help="Latitude (or northing) comes first.")] = False,
    accept_crs: Annotated[
        bool, typer.Option("--accept-crs", help="Take the coordinates as declared, wherever they lie.")
    ] = False,
    column_map: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help="Which column is which field.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="Date of the household counts.")] = None,
    accept_partial: Annotated[
        bool, typer.Option("--accept-partial", help="Take the good rows of a file with bad ones.")
    ] = False,
    estimate_households: Annotated[
        bool, typer.Option("--estimate-households", help="Estimate households of buildings that have none.")
    ] = False,
    effective: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Divisions and buildings: what the file changes holds from that day on; what was before is kept. "
            "Grids: the first day on which they are in force.",
        ),
    ] = None,
    complete: Annotated[
        bool,
        typer.Option(
            "--complete", help="Buildings with --effective: those the file lacks in its communities are gone."
        ),
    ] = False,
    district: Annotated[str | None, typer.Option(metavar="CODE", help="District; else found by the codes.")] = None,
    district_name: Annotated[str | None, typer.Option(help="Name of a new district.")] = None,
    level: Annotated[
        str | None, typer.Option(help="Level of divisions (district, subdistrict, community) or of grids (1, 2 ...).")
    ] = None,
    network: Annotated[str, typer.Option(metavar="CODE", help="Of grids: the network they belong to.")] = "community",
    exact: Annotated[
        bool, typer.Option("--exact", help="Of grids: divide cells along their borders where no building is cut.")
    ] = False,
    time_zone: Annotated[str | None, typer.Option(help="Zone of times without one; by position by default.")] = None,
    background: Background = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the complete report there: .xlsx, .csv or .json.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the complete report as JSON.")] = False,
) -> None:
    """Import files of one kind, all rows or none; the same file again changes nothing."""
    from rich.console import Console  # noqa: PLC0415 - other commands should not wait for these

    from api.settings import database_urls  # noqa: PLC0415
    from gis.ingest import KINDS, ReadOptions, parse_map  # noqa: PLC0415
    from gis.store.connect import connect  # noqa: PLC0415
    from gis.store.grids import import_grids  # noqa: PLC0415
    from gis.store.write import NewDistrict, write_batch  # noqa: PLC0415

    if kind not in KINDS:
        raise InputError(f"'{kind}' is no kind of data.", f"Kinds are {', '.join(KINDS)}.")
    options = ReadOptions(
        crs=crs,
        swap_axes=swap_axes,
        accept_crs=accept_crs,
        map=parse_map(column_map or []),
        accept_partial=accept_partial,
        as_of=_date(as_of),
        estimate_households=estimate_households,
        level=None if kind == "grids" else level,
        district=district,
        district_name=district_name,
        time_zone=_zone(time_zone),
    )
    of_grids = read_grid_options(network, level, effective) if kind == "grids" else None
    if background:
        asked = {
            "what": kind, "crs": crs, "swap_axes": swap_axes, "accept_crs": accept_crs, "columns": options.map,
            "accept_partial": accept_partial, "as_of": as_of, "estimate_households": estimate_households,
            "effective": _date(effective, "--effective") and effective, "complete": complete, "name": district_name,
            "level": level, "network": network, "exact": exact, "time_zone": time_zone,
        }  # fmt: skip
        _queue_import(files, asked, district)
        return
    console = Console(stderr=as_json)
    try:
        with progress_bar(Console(stderr=True)) as progress, connect(database_urls().require_app()) as connection:
            code, batch = read_for(connection, kind, files, options, progress=progress)
            new = NewDistrict(name=district_name, time_zone=options.time_zone, crs_note=batch.crs_note or None)
            progress(f"writing {kind}", 0, 0)
            if of_grids is not None:
                of_grids |= {"exact": exact, "accept_partial": accept_partial, "progress": progress}
                done = import_grids(connection, code, batch, **of_grids).report
            else:
                done = write_batch(
                    connection,
                    code,
                    batch,
                    new=new,
                    effective=_date(effective, "--effective"),
                    complete=complete,
                    accept_partial=accept_partial,
                )
    except InputError as fault:
        if fault.report is not None:
            _tell(fault.report, report or _default_file(fault.report), console, as_json=as_json, failed=True)
        raise
    _tell(done, report, console, as_json=as_json, failed=False)


def _queue_import(files: list[str], asked: dict[str, Any], district: str | None) -> None:
    """Leave it to a worker, which has another working directory."""
    if district is None:
        with open_store() as connection:
            district = _only_district(connection)
    paths = [str(Path(file).absolute()) for file in files]
    title = ", ".join(Path(file).name for file in files)
    in_background("import", district, {**asked, "paths": paths, "district": district}, title=title)


# ------------------------------------------------------------------------------------------ reading
def read_for(
    connection: Connection, kind: str, files: list[str], options: ReadOptions, *, progress: Progress
) -> tuple[str, Batch]:
    """Read files beside what the store already holds of their district; give the district's code and the batch.

    Raises
    ------
    InputError
        When the files cannot be taken, or nothing tells the district.
    """
    from gis.ingest import read_kind  # noqa: PLC0415
    from gis.store.reading import district_bounds  # noqa: PLC0415

    if kind == "divisions" and options.district is None:
        batch = read_kind(kind, files, options=options, progress=progress)
        code = batch.district or ""
        known = district_bounds(connection, code)
        if known is not None:
            batch = read_kind(kind, files, options=options, district=known, progress=progress)
        return code, batch
    code = options.district or _only_district(connection)
    known = district_bounds(connection, code)
    if known is None and kind != "divisions":
        raise InputError(
            f"There is no district {code} yet.", "Import its divisions first: gridkeeper import divisions FILE."
        )
    return code, read_kind(kind, files, options=options, district=known, progress=progress)


def _only_district(connection: Connection) -> str:
    from gis.store.queries import query  # noqa: PLC0415

    codes = [row[0] for row in connection.execute(query("districts.codes")).fetchall()]
    if len(codes) == 1:
        return str(codes[0])
    if not codes:
        raise InputError("There is no district yet.", "Import its divisions first: gridkeeper import divisions FILE.")
    raise InputError(f"There are the districts {', '.join(codes)}.", "Say which with --district CODE.")


def _date(text: str | None, option: str = "--as-of") -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as fault:
        raise InputError(f"'{text}' is no date.", f"Write {option} 2026-03-31.") from fault


def read_grid_options(network: str, level: str | None, effective: str | None) -> dict[str, Any]:
    """Give the network level that grids belong to, and since when they are in force.

    Raises
    ------
    InputError
        The day is missing or none, or the level is none.
    """
    since = _date(effective, "--effective")
    if since is None:
        raise InputError("It is not said since when these grids are in force.", "Write --effective 2026-03-31.")
    if level is not None and not level.isdecimal():
        raise InputError(f"'{level}' is no level of grids.", "Levels are numbers: --level 1.")
    return {"network": network, "level": int(level or 1), "effective": since}


def _zone(name: str | None) -> str | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415

    if name is not None:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as fault:
            raise InputError(f"'{name}' is no time zone.", "Write --time-zone Asia/Shanghai.") from fault
    return name


# ------------------------------------------------------------------------------------------ telling
@contextmanager
def progress_bar(console: Console) -> Iterator[Progress]:
    """Show how far the work is, on a terminal; elsewhere say nothing."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def show(label: str, done: int, total: int) -> None:
            bar.update(task, description=label, completed=done, total=total or None)

        yield show


def print_report(report: Report, console: Console, *, rest: Path | None = None, limit: int = SHOWN) -> None:
    """Print how the files were read, the counts, and the remarks; the worst first.

    Parameters
    ----------
    report : Report
    console : rich.console.Console
    rest : Path, optional
        Where the whole report is.
    limit : int
        Remarks printed at most.
    """
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console.print(Text(f"{report.title}: {report.source}", style="bold"))
    for remark in report.remarks:
        if remark.rule in {"reading", "columns_unused"}:
            console.print(Text(f"  {remark.message}", style="dim"))
    counts = [f"{int(report.counts[k]):,} {name}" for k, name in COUNTS.items() if k in report.counts]
    if counts:
        console.print(Text("  " + " · ".join(counts)))
    told = [r for r in report.remarks if r.rule not in {"reading", "columns_unused"}]
    if not told:
        return
    shown = _some_of_each(told, limit)
    table = Table(box=None, pad_edge=False, show_header=True, header_style="dim")
    for name in ("", "row", "field", "rule", "what", "remedy"):
        table.add_column(name, overflow="fold")
    for remark in shown:
        table.add_row(*_cells(remark))
    console.print(table)
    if len(told) > len(shown):
        where = f"; all are in {rest}" if rest else " (--report FILE writes them all)"
        console.print(Text(f"  … and {len(told) - len(shown)} more{where}", style="dim"))
        rules = ", ".join(f"{rule} {count:,}" for rule, count in Counter(r.rule for r in told).most_common())
        console.print(Text(f"  In all: {rules}"))


def _some_of_each(told: Sequence[Remark], limit: int) -> list[Remark]:
    """Choose remarks so that no rule is crowded out by one that speaks a thousand times; the worst first."""
    order = {"error": 0, "left_over": 1, "mended": 2, "note": 3}
    said: Counter[str] = Counter()
    ranked = []
    for remark in told:
        ranked.append((order[remark.severity], said[remark.rule], remark))
        said[remark.rule] += 1
    chosen = sorted(ranked, key=lambda item: item[:2])[:limit]
    return [item[2] for item in sorted(chosen, key=lambda item: (item[0], item[2].rule))]


def _cells(remark: Remark) -> tuple[str | None, ...]:
    from rich.markup import escape  # noqa: PLC0415

    row = "" if remark.row is None else str(remark.row)
    words = {"error": "[red]refused[/]", "left_over": "[yellow]open[/]", "mended": "mended", "note": "note"}
    place = f" ({remark.lon:.5f}, {remark.lat:.5f})" if remark.lon is not None and remark.lat is not None else ""
    code = f"{remark.code}: " if remark.code and remark.code not in remark.message else ""
    what = escape(f"{code}{remark.message}{place}")
    return words[remark.severity], row, escape(remark.field or ""), remark.rule, what, escape(remark.remedy or "")


def save_report(report: Report, file: Path) -> Path:
    """Write the complete report: a table for the office (.xlsx, .csv), else JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix.lower() in TABLES:
        save_table(report, file)
        return file
    file.write_text(json.dumps(report.as_dict(), ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    return file


def _default_file(report: Report) -> Path | None:
    """Where a long report goes when nobody named a file."""
    from api.settings import read_settings  # noqa: PLC0415

    if len(report.remarks) <= SHOWN:
        return None
    name = f"{report.title.replace(' ', '-')}.json"
    folder = read_settings().paths.home / "reports"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    except OSError:
        folder = Path(tempfile.gettempdir())
    return folder / name


def _tell(report: Report, file: Path | None, console: Console, *, as_json: bool, failed: bool) -> None:
    if file is not None:
        save_report(report, file)
    if as_json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, default=str))
        return
    if failed and not report.errors:  # the fault itself says everything
        return
    print_report(report, console, rest=file)
