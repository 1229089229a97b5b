"""How does a file become a checked batch of rows, with a complete report of what was taken, mended and refused?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.bulk import uncollected
from gis.crs import STORE_CRS, SourceCrs, time_zone_at, to_store
from gis.errors import InputError, NoRowsError
from gis.ingest import divisions
from gis.ingest.codes import check_codes
from gis.ingest.columns import convert, match_columns
from gis.ingest.kinds import KINDS
from gis.ingest.options import ReadOptions
from gis.ingest.place import agree_on_crs, check_shift, sort_out_places
from gis.ingest.readers import read_file
from gis.ingest.rules import RULES, Context, fix_by_spec, prepare_match
from gis.ingest.shapes import check_shapes
from gis.ingest.sieve import Sieve
from gis.ingest.specs import FileSpec, parse_spec
from gis.progress import Progress, quiet
from gis.remarks import Report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gis.ingest.bounds import DistrictBounds
    from gis.ingest.kinds import Kind
    from gis.ingest.raw import RawTable

__all__ = ["Batch", "read_kind"]


@dataclass(frozen=True)
class Batch:
    """Checked rows of one kind.

    Parameters
    ----------
    kind : str
        One of `gis.ingest.KINDS`.
    frame : GeoDataFrame
        EPSG:4490; columns are those of the table, and ``raw_x``, ``raw_y``, ``raw_crs`` where it has them. Buildings
        also carry ``households``, ``people``, ``key_persons``, ``estimated``, ``as_of``; divisions ``parent_code``.
    report : Report
        The reading (which column became which field, in which reference system), and every remark.
    crs_note : str
        What the coordinates were taken for, in words.
    district : str, optional
        Of divisions: the code of the district they make.
    """

    kind: str
    frame: gpd.GeoDataFrame
    report: Report
    crs_note: str = ""
    district: str | None = None


def read_kind(
    kind: str,
    files: Sequence[str | Path | FileSpec],
    *,
    options: ReadOptions | None = None,
    district: DistrictBounds | None = None,
    progress: Progress = quiet,
) -> Batch:
    """Read, convert and check all files of one kind.

    Parameters
    ----------
    kind : str
        One of `gis.ingest.KINDS`.
    files : sequence of str, Path or FileSpec
        ``FILE`` or ``FILE:kind=street,class=COLUMN`` (`gis.ingest.parse_spec`).
    options : ReadOptions, optional
    district : DistrictBounds, optional
        What is known of the district; without it the reference system can hardly be questioned.
    progress : Progress

    Returns
    -------
    Batch
        All rows, or with `ReadOptions.accept_partial` the good ones.

    Raises
    ------
    InputError
        With the complete report: a file that cannot be read, coordinates that do not fit, or rows refused.
    """
    entry = KINDS.get(kind)
    if entry is None:
        raise InputError(f"'{kind}' is no kind of data.", f"Kinds are {', '.join(KINDS)}.")
    options = options or ReadOptions()
    specs = [parse_spec(f) for f in files]
    if not specs:
        raise InputError(f"No file of {kind} was named.", "Name at least one.")
    report = Report(f"import {kind}", source=", ".join(s.path.name for s in specs))
    try:
        with uncollected():
            return _read(entry, specs, options, district=district, report=report, progress=progress)
    except InputError as fault:
        if fault.report is None:
            fault.report = report
        raise


def _read(
    kind: Kind,
    specs: list[FileSpec],
    options: ReadOptions,
    *,
    district: DistrictBounds | None,
    report: Report,
    progress: Progress,
) -> Batch:
    steps = len(specs) + 3
    frames, sieves, sources = [], [], []
    for number, spec in enumerate(specs):
        progress(f"reading {spec.path.name}", number, steps)
        frame, sieve, source = _read_one(kind, spec, options, district, report)
        frames.append(frame)
        sieves.append(sieve)
        sources.append(source)
    progress(f"checking {kind.name}", len(specs), steps)
    sieve = Sieve.join(sieves, [s.path.name for s in specs]) if len(sieves) > 1 else sieves[0]
    frame = _concat(frames)
    if kind.name == "events" and options.time_zone is None and district is None:
        options = _with_zone_of(frame, options)
    context = Context(sieve, options, district)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    if kind.name in RULES:
        frame = RULES[kind.name](frame, context)
    for field in kind.fields:
        if field.required and field.type != "time":
            empty = frame[field.name].isna() if field.name in frame else pd.Series(True, index=frame.index)
            sieve.refuse(
                empty.to_numpy(bool) & sieve.kept, f"{field.name}_missing", f"has no {field.name}", field=field.name,
                remedy=f"Fill it in, or name the column with --map COLUMN={field.name}.",
            )  # fmt: skip
    if kind.name == "divisions":
        divisions.name_district(frame, options)
    if kind.key == "code":
        check_codes(kind.name, frame, shapes, sieve)
    code = None
    if kind.name == "divisions":
        frame = divisions.arrange(frame, sieve)
    progress(f"checking {kind.name}", len(specs) + 1, steps)
    _settle(sieve, options, report)
    frame = _finish(kind, frame if sieve.kept.all() else frame[sieve.kept])
    if kind.name == "divisions":
        code = divisions.district_code(frame, options)
    if not options.accept_crs and kind.shapes:
        check_shift(kind.name, frame, sources, district, report)
    progress(f"checked {kind.name}", steps, steps)
    named = list(dict.fromkeys(s.name for s in sources if s is not None))
    return Batch(kind.name, frame, report, ", ".join(named), code)


def _read_one(
    kind: Kind, spec: FileSpec, options: ReadOptions, district: DistrictBounds | None, report: Report
) -> tuple[gpd.GeoDataFrame, Sieve, SourceCrs | None]:
    """One file: columns to fields, coordinates to EPSG:4490, geometry checked."""
    told = {} if options.crs is None else {"crs": str(options.crs)}
    usual = {} if options.level is None else {"level": options.level}
    spec = FileSpec(spec.path, usual | spec.options | told, options.map | spec.map)
    table = read_file(spec, hint=kind.name)
    sieve = Sieve(report, len(table.frame), table.rows)
    matched = prepare_match(kind.name, _useful(kind, table, spec), spec)
    source = None
    if kind.shapes and not shapely.is_missing(table.shapes).all():
        source = agree_on_crs(kind, table, spec, options, district)
    _tell_reading(kind, table, spec, matched=matched, source=source, report=report)
    for row, column, message in table.faults:
        sieve.refuse(
            [row], "coordinates_unreadable", message, field=column, remedy="Correct the coordinates of the row."
        )
    values = convert(table.frame, matched, kind, sieve)
    fix_by_spec(kind.name, values, spec, sieve)
    if kind.name == "divisions":
        divisions.give_levels(values, None if table.wide else spec.option("level"), sieve)
        values["properties"] = divisions.keep_properties(table.frame, set(matched.values()))
    frame = gpd.GeoDataFrame(values, geometry=gpd.GeoSeries(table.shapes, index=values.index, crs=STORE_CRS))
    if source is not None:
        if options.swap_axes:
            swapped = shapely.transform(shapely.force_2d(table.shapes), lambda xy: xy[:, ::-1])
            frame = frame.set_geometry(gpd.GeoSeries(swapped, index=values.index, crs=STORE_CRS))
        origin = _at_origin(np.asarray(frame.geometry.array))
        if origin.any():
            frame.loc[origin, "geometry"] = None
            sieve.note(origin, "coordinates_zero", "lies at 0, 0; taken as having no coordinates")
        frame = to_store(frame, source, accept_old=options.accept_crs)
    if kind.shapes:
        shapes = check_shapes(kind, np.asarray(frame.geometry.array, dtype=object), sieve)
        frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=STORE_CRS))
        if source is not None and not options.accept_crs:
            sort_out_places(kind, shapes, district, sieve, wide=table.wide)
    return frame, sieve, source


def _useful(kind: Kind, table: RawTable, spec: FileSpec) -> dict[str, str]:
    """Match columns; one that is empty throughout is none."""
    full = [str(c) for c in table.frame.columns if table.frame[c].notna().any() or c in spec.map]
    table.frame.columns = table.frame.columns.astype(str)
    return match_columns(kind, full, spec)


def _at_origin(shapes: np.ndarray) -> np.ndarray:
    points = shapely.get_type_id(shapes) == 0
    result: np.ndarray = points & (shapely.get_x(shapes) == 0) & (shapely.get_y(shapes) == 0)
    return result


def _tell_reading(
    kind: Kind, table: RawTable, spec: FileSpec, *, matched: dict[str, str], source: SourceCrs | None, report: Report
) -> None:
    """Say which column became which field and in which reference system the coordinates are taken."""
    used = set(matched.values())
    pairs = [f"{column} -> {name}" for name, column in matched.items()]
    if table.columns_of_place:
        pairs.append(f"{', '.join(table.columns_of_place)} -> geometry")
    pairs += [f"{k}={v}" for k, v in spec.options.items()]
    said = [f"{table.source}: {len(table.frame)} rows", *table.notes, "; ".join(pairs) or "no column known"]
    if source is not None:
        origin = (
            "as told" if spec.option("crs") else "as the file says" if table.crs is not None else "assumed, nobody says"
        )
        said.append(f"coordinates in {source.name} ({origin})")
    report.add("note", "reading", ". ".join(said))
    spare = [c for c in table.frame.columns if c not in used and table.frame[c].notna().any()]
    if spare and kind.name != "divisions":
        report.add("note", "columns_unused", f"{table.source}: columns not used: {', '.join(spare)}")


def _concat(frames: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    if len(frames) == 1:
        return frames[0].reset_index(drop=True)
    names = list(dict.fromkeys(c for f in frames for c in f.columns))
    columns: dict[str, Any] = {}
    for name in names:
        parts = [f[name].to_numpy(object) if name in f else np.full(len(f), None, dtype=object) for f in frames]
        columns[name] = np.concatenate(parts)
    shapes = columns.pop("geometry")
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=gpd.GeoSeries(shapes, crs=STORE_CRS))


def _with_zone_of(frame: gpd.GeoDataFrame, options: ReadOptions) -> ReadOptions:
    """Without a district the events' own middle tells the time zone."""
    there = frame.geometry[frame.geometry.notna()]
    if not len(there):
        return options
    zone = time_zone_at(float(there.x.median()), float(there.y.median()))
    return ReadOptions(**{**options.__dict__, "time_zone": zone})


def _settle(sieve: Sieve, options: ReadOptions, report: Report) -> None:
    """Count, and refuse the whole where rows are refused and partial acceptance was not asked for."""
    refused, left_out = int(sieve.refused.sum()), int((sieve.dropped & ~sieve.refused).sum())
    accepted = int(sieve.kept.sum())
    report.counts.update({"rows": len(sieve.refused), "accepted": accepted, "refused": refused, "left_out": left_out})
    rows = f"{refused} of {len(sieve.refused)} rows"
    if refused and not options.accept_partial:
        first = report.errors[0]
        where = f"row {first.row}" + (f", {first.field}" if first.field else "")
        raise InputError(
            f"{report.source}: {rows} cannot be taken, so nothing was imported ({where}: {first.message}).",
            first.remedy or "Correct them, or take the others with --accept-partial.",
            report,
        )
    if accepted == 0:
        raise (InputError if refused else NoRowsError)(
            f"{report.source}: no row can be taken.", "See the report.", report
        )


def _finish(kind: Kind, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Only the table's columns, areas as multipolygons where the table has such."""
    frame = frame.reset_index(drop=True)
    raw = ("raw_x", "raw_y", "raw_crs") if kind.raw else ()
    for name in (*kind.columns, *raw):
        if name not in frame and name != "geometry":
            frame[name] = None
    if kind.shapes == ("polygon",):
        shapes = np.asarray(frame.geometry.array, dtype=object)
        single = shapely.get_type_id(shapes) == 3
        shapes[single] = shapely.multipolygons(shapes[single], indices=np.arange(int(single.sum())))
        frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=STORE_CRS))
    names = [c for c in (*kind.columns, *raw) if c != "geometry"]
    for name in names:
        if frame[name].dtype == object or isinstance(frame[name].dtype, pd.StringDtype):
            missing = frame[name].isna().to_numpy(bool)
            values = frame[name].to_numpy(object)
            frame[name] = pd.Series(np.where(missing, None, values), index=frame.index, dtype=object)
    return frame[[*names, "geometry"]]
