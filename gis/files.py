"""How is a district divided, and how are points located, from files to files, without a database?"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.cells import CellSettings, tessellate
from gis.crs import STORE_CRS, is_metric, metric_crs, parse_crs, to_lonlat
from gis.errors import InputError
from gis.ingest.bounds import DistrictBounds
from gis.ingest.kinds import KINDS, fold_name
from gis.ingest.options import ReadOptions
from gis.ingest.read import read_kind
from gis.ingest.readers import read_file
from gis.ingest.specs import parse_spec
from gis.locate import Locator
from gis.measures import plan_measures
from gis.partition import cell_frame, grid_frame, partition
from gis.partition.counts import check_limits
from gis.progress import Progress, quiet, worker_pool
from gis.remarks import Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyproj

    from gis.graph import Tessellation
    from gis.ingest.readers import RawTable
    from gis.ingest.specs import FileSpec
    from gis.partition import Effort, Plan

    Named = str | Path | FileSpec

__all__ = ["FilePlan", "LocatedFile", "check_writable", "locate_files", "partition_files", "write_frames"]

LONLAT = 4326
GRID_COLUMNS = ["grid_code", "community_id", "households", "buildings", "area_m2", "geometry"]
CELL_COLUMNS = ["cell_id", "building_id", "community_id", "households", "grid_code", "geometry"]
ANSWERS = ("grid_code", "how", "distance_m")


@dataclass(frozen=True)
class FilePlan:
    """A district divided.

    Parameters
    ----------
    grids : GeoDataFrame
        One row a grid, in the communities' CRS: ``grid_code``, ``community_id``, ``households``, ``buildings``,
        ``area_m2``, geometry.
    cells : GeoDataFrame
        One row a cell, in the communities' CRS: ``cell_id``, ``building_id``, ``community_id``, ``households``,
        ``grid_code``, geometry.
    measures : dict
        See `gis.measures.PLAN_MEASURES`.
    reports : list of Report
        Of every file read, of the cells and of the plan.
    seconds : dict
        ``read``, ``cells``, ``partition``, ``measures``: wall clock.
    tessellation : Tessellation
        In metres.
    plan : Plan
    """

    grids: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    measures: dict[str, Any]
    reports: list[Report]
    seconds: dict[str, float]
    tessellation: Tessellation = field(repr=False)
    plan: Plan = field(repr=False)


@dataclass(frozen=True)
class LocatedFile:
    """Points with their answers: the input's rows in order, and ``grid_code``, ``how``, ``distance_m``."""

    frame: gpd.GeoDataFrame
    report: Report


def partition_files(
    buildings: Named,
    communities: Named,
    *,
    barriers: Sequence[Named] = (),
    compounds: Named | None = None,
    landcover: Named | None = None,
    households_field: str | None = None,
    community_field: str | None = None,
    target: float = 200,
    minimum: float | None = None,
    maximum: float | None = None,
    seed: int = 1,
    jobs: int = 1,
    metric: object = None,
    effort: Effort | None = None,
    options: ReadOptions | None = None,
    progress: Progress = quiet,
) -> FilePlan:
    """Read a district from files and divide it into grids.

    Parameters
    ----------
    buildings, communities, compounds, landcover : path
        In any format and CRS that can be imported; ``FILE:layer=NAME`` picks a layer.
    barriers : sequence of path
        ``FILE`` or ``FILE:kind=street,class=COLUMN``.
    households_field, community_field : str, optional
        The column of households in `buildings`, and of the community's id in `communities` (and `buildings`); known
        names are found without. A building whose community is not named is placed by position.
    target, minimum, maximum : float
        Households a grid; by default 200, and 0.75 and 1.5 of the target.
    seed : int
        The same seed gives the same plan, whatever `jobs` is.
    jobs : int
        Processes side by side.
    metric : object, optional
        CRS in metres to compute in; by default the communities' own or that of the area.
    effort : Effort, optional
        Length of the search.
    options : ReadOptions, optional
        How to read (``accept_partial``, ``accept_crs`` ...).
    progress : Progress

    Returns
    -------
    FilePlan

    Raises
    ------
    InputError
        With the report of what cannot be taken.
    """
    minimum = 0.75 * target if minimum is None else minimum
    maximum = 1.5 * target if maximum is None else maximum
    check_limits(target, minimum, maximum)
    metres = _metres(metric)
    seconds: dict[str, float] = {}
    reports: list[Report] = []
    with _timed(seconds, "read"):
        district, own = _read_communities(communities, community_field, options, reports, progress)
        frames = _read_others(
            {
                "buildings": [buildings],
                "barriers": [*barriers],
                "compounds": _some(compounds),
                "landcover": _some(landcover),
            },
            district,
            {"households": households_field, "community_code": community_field},
            options,
            reports,
            progress,
        )
    settings = CellSettings(metric_crs=metres, minimum_load=float(minimum))
    ground = district.divisions.rename(columns={"code": "community_id"})[["community_id", "geometry"]].to_crs(own)
    stock = frames["buildings"].rename(
        columns={"code": "building_id", "community_code": "community_id", "compound_code": "compound_id"}
    )
    with worker_pool(jobs) as executor:
        with _timed(seconds, "cells"):
            tessellation = tessellate(
                ground,
                stock,
                barriers=frames.get("barriers"),
                compounds=_renamed(frames.get("compounds")),
                landcover=frames.get("landcover"),
                settings=settings,
                executor=executor,
                progress=progress,
            )
        with _timed(seconds, "partition"):
            plan = partition(
                tessellation,
                target=target,
                minimum=minimum,
                maximum=maximum,
                seed=seed,
                effort=effort,
                executor=executor,
                progress=progress,
            )
    with _timed(seconds, "measures"):
        grids = grid_frame(tessellation, plan)
        here = stock["building_id"].astype(str).isin(set(tessellation.building_cell["building_id"].astype(str)))
        measures = plan_measures(tessellation, plan, grids=grids, buildings=stock[here])
    measures |= _estimates(stock, here)
    for line in grids[grids.geometry.geom_type == "MultiPolygon"].itertuples():
        plan.report.add(
            "note",
            "grid_in_parts",
            f"Grid {line.grid_code} is held together by a link between its parts.",
            code=str(line.grid_code),
        )
    reports += [tessellation.report, plan.report]
    cells = cell_frame(tessellation, plan)
    return FilePlan(
        _finish(grids, GRID_COLUMNS, own),
        _finish(cells, CELL_COLUMNS, own),
        measures,
        reports,
        seconds,
        tessellation,
        plan,
    )


def locate_files(
    points: Named,
    grids: Named,
    *,
    near_m: float = 500.0,
    border_m: float = 1.0,
    crs: object = None,
    metric: object = None,
    progress: Progress = quiet,
) -> LocatedFile:
    """Say for every point of a file in which grid it lies.

    Parameters
    ----------
    points : path
        Any format; CSV with longitude and latitude (or WKT) columns.
    grids : path
        With a column ``grid_code``.
    near_m, border_m : float
        See `gis.locate.Locator`.
    crs : object, optional
        Of the points, where the file does not say (``gcj02`` and ``bd09`` too); degrees are else taken as CGCS2000.
    metric : object, optional
        CRS in metres to measure in.
    progress : Progress

    Returns
    -------
    LocatedFile
        In the points' CRS (EPSG:4490 where they were shifted).

    Raises
    ------
    InputError
        Where a file cannot be read, the grids have no ``grid_code``, or a row is no point.
    """
    progress("reading points", 0, 2)
    ground = read_file(parse_spec(grids))
    code = next((c for c in ground.frame.columns if fold_name(c) == "gridcode"), None)
    if code is None:
        raise InputError(
            f"{ground.source} has no column grid_code (it has {', '.join(map(str, ground.frame.columns))}).",
            "Give the file that `gridkeeper partition --out` wrote.",
        )
    there = ~(shapely.is_missing(ground.shapes) | shapely.is_empty(ground.shapes))
    if not there.any():
        raise InputError(f"{ground.source} has no polygons.", "Give the file that `gridkeeper partition --out` wrote.")
    area = gpd.GeoSeries(ground.shapes, crs=parse_crs(ground.crs if ground.crs is not None else STORE_CRS).crs)
    metres = _metres(metric) or metric_crs(area)
    table = read_file(parse_spec(points))
    report = Report("locate", table.source)
    places = _points_of(table)
    frame, moved = _placed(table, places, crs, metres, report)
    progress("locating", 1, 2)
    locator = Locator(
        np.asarray(area.to_crs(metres).values, object)[there],
        ground.frame[code].astype(str).to_numpy(object)[there],
        near_m=near_m,
        border_m=border_m,
    )
    found = locator.locate(moved)
    taken = [name for name in ANSWERS if name in frame.columns]
    if taken:
        report.add("note", "columns_replaced", f"Columns replaced by the answers: {', '.join(taken)}.")
        frame = frame.drop(columns=taken)
    codes = np.where(found.polygon >= 0, locator.codes[found.polygon], None)
    frame.insert(len(frame.columns) - 1, "grid_code", pd.Series(codes, index=frame.index, dtype="str"))
    frame.insert(len(frame.columns) - 1, "how", pd.Series(found.how_name, index=frame.index, dtype="str"))
    frame.insert(len(frame.columns) - 1, "distance_m", found.distance_m)
    report.counts["rows"] = len(frame)
    for name, count in zip(*np.unique(found.how_name.astype(str), return_counts=True), strict=True):
        report.counts[str(name)] = int(count)
    progress("locating", 2, 2)
    return LocatedFile(frame, report)


# ------------------------------------------------------------------------------------------------ reading
@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 3)


def _metres(metric: object) -> pyproj.CRS | None:
    """Read a CRS that areas can be taken in; None where none was named."""
    if metric is None:
        return None
    source = parse_crs(metric)
    if source.shift or not is_metric(source.crs):
        raise InputError(f"{source.name} is no projected CRS in metres.", "Name one, e.g. --metric-crs EPSG:4547.")
    return source.crs


def _some(file: Named | None) -> list[Named]:
    return [] if file is None else [file]


def _renamed(frame: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    return None if frame is None else frame.rename(columns={"code": "compound_id"})


def _with_map(file: Named, wanted: Mapping[str, str | None]) -> FileSpec:
    """Say of a file which column is which field."""
    spec = parse_spec(file)
    spec.map.update({column: name for name, column in wanted.items() if column})
    return spec


def _read_communities(
    file: Named, column: str | None, options: ReadOptions | None, reports: list[Report], progress: Progress
) -> tuple[DistrictBounds, pyproj.CRS]:
    """Communities as bounds for everything else, and the CRS they came in."""
    given = options or ReadOptions()
    told = ReadOptions(**{**given.__dict__, "level": "community", "district": given.district or "files"})
    batch = read_kind("divisions", [_with_map(file, {"code": column})], options=told, progress=progress)
    reports.append(batch.report)
    own = parse_crs(batch.crs_note.split(", ")[0])
    lowest = batch.frame[batch.frame["level"] == "community"]  # a file of divisions holds the levels above them too
    if not len(lowest):
        raise InputError(f"{parse_spec(file).path.name} has no communities.", "Name a file with a row for each.")
    return DistrictBounds("of the communities", lowest.reset_index(drop=True)), parse_crs(
        STORE_CRS
    ).crs if own.shift else own.crs


def _read_others(
    files: Mapping[str, Sequence[Named]],
    district: DistrictBounds,
    columns: Mapping[str, str | None],
    options: ReadOptions | None,
    reports: list[Report],
    progress: Progress,
) -> dict[str, gpd.GeoDataFrame]:
    """Buildings and whatever else was given, checked against the communities."""
    frames = {}
    for kind, named in files.items():
        if not named:
            continue
        specs = [parse_spec(f) for f in named]
        if kind == "buildings":
            specs = [_with_map(named[0], {"households": columns["households"]} | _community_column(named[0], columns))]
        batch = read_kind(kind, specs, options=options, district=district, progress=progress)
        reports.append(batch.report)
        frames[kind] = batch.frame
    return frames


def _community_column(file: Named, columns: Mapping[str, str | None]) -> dict[str, str | None]:
    """The buildings' column of communities where it has the name that the communities' own has, and no known one."""
    name = columns["community_code"]
    known = KINDS["buildings"].field("community_code")
    if name is None or (known is not None and fold_name(name) in known.names):
        return {}
    there = [str(c) for c in read_file(parse_spec(file)).frame.columns]
    known_column = known is not None and any(fold_name(c) in known.names for c in there)
    # a column that is called as the communities' key may be the buildings' own key ("id"): only a distinct name counts
    own = KINDS["buildings"].field("code")
    clash = own is not None and fold_name(name) in own.names
    return {"community_code": name} if name in there and not known_column and not clash else {}


def _estimates(stock: gpd.GeoDataFrame, here: pd.Series) -> dict[str, Any]:
    """Households that were estimated, and buildings whose households nobody knows."""
    counts = pd.to_numeric(stock["households"], errors="coerce").astype(float)
    flag = (
        stock["estimated"].fillna(False).astype(bool) if "estimated" in stock else pd.Series(False, index=stock.index)
    )
    return {
        "estimated_households": float(counts[flag & here].sum()),
        "buildings_without_count": int((counts.isna() & here).sum()),
    }


def _points_of(table: RawTable) -> np.ndarray:
    """One point a row, None where a row has none."""
    shapes = np.asarray(table.shapes, object).copy()
    single = (shapely.get_type_id(shapes) == 4) & (shapely.get_num_geometries(shapes) == 1)
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    wrong = np.flatnonzero(~shapely.is_missing(shapes) & (shapely.get_type_id(shapes) != 0))
    if len(wrong):
        raise InputError(
            f"{table.source}: row {wrong[0] + 1} is a {shapes[wrong[0]].geom_type}, no point ({len(wrong)} such rows).",
            "Give a file of points.",
        )
    if table.faults:
        row, column, message = table.faults[0]
        raise InputError(
            f"{table.source}: row {row + 1}, {column}: {message} ({len(table.faults)} such rows).",
            "Correct the coordinates, or leave them empty: the row is then answered `unlocated`.",
        )
    return shapes


def _placed(
    table: RawTable, places: np.ndarray, crs: object, metres: pyproj.CRS, report: Report
) -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """Give the input's rows as a frame, and the points in `metres`."""
    told = crs if crs is not None else table.crs
    if told is None:
        x = shapely.get_x(places)
        if np.nanmax(np.abs(x), initial=0.0) > 180:
            raise InputError(
                f"{table.source} does not say its reference system, and its coordinates are no degrees.",
                "Name it with --crs, e.g. --crs EPSG:4547.",
            )
        report.add("note", "crs_assumed", f"{table.source} names no reference system; read as degrees (EPSG:4490).")
        told = STORE_CRS
    source = parse_crs(told)
    frame = table.frame.copy()
    if len(table.columns_of_place) == 2:
        for name, value in zip(table.columns_of_place, (shapely.get_x(places), shapely.get_y(places)), strict=True):
            frame[name] = value
    if source.shift:
        lon, lat = to_lonlat(shapely.get_x(places), shapely.get_y(places), source)
        there = np.isfinite(lon) & np.isfinite(lat)
        places = np.full(len(places), None, object)
        places[there] = shapely.points(lon[there], lat[there])
        report.add("note", "shift_removed", f"{source.name} taken off; the answers lie in EPSG:{STORE_CRS}.")
    crs_of = parse_crs(STORE_CRS).crs if source.shift else source.crs
    series = gpd.GeoSeries(places, index=frame.index, crs=crs_of)
    return gpd.GeoDataFrame(frame, geometry=series), np.asarray(series.to_crs(metres).values, object)


# ------------------------------------------------------------------------------------------------ writing
def _finish(frame: gpd.GeoDataFrame, columns: list[str], crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Only the promised columns, whole numbers as such, in the communities' CRS."""
    frame = frame[columns].to_crs(crs)
    households = frame["households"].to_numpy(float)
    if np.all(households == np.round(households)):
        frame["households"] = households.astype(np.int64)
    return frame


def check_writable(path: Path, *, table: bool = False) -> None:
    """Refuse an output whose format or folder does not exist, before any work is done.

    Parameters
    ----------
    path : Path
    table : bool
        CSV is possible too.

    Raises
    ------
    InputError
    """
    known = (".parquet", ".geoparquet", ".gpkg", ".geojson", ".json", *((".csv",) if table else ()))
    if path.suffix.lower() not in known:
        raise InputError(f"{path.name} names no format that can be written.", f"Known are {', '.join(known)}.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent}.", "Make it first.")


def write_frames(frames: Mapping[Path, gpd.GeoDataFrame]) -> None:
    """Write frames by the names' formats, all or none: under temporary names first.

    GeoJSON is lon/lat (EPSG:4326) with 9 decimals; GeoParquet and GeoPackage keep the frame's CRS; CSV has no
    geometry.
    """
    waiting: list[tuple[Path, Path]] = []
    try:
        for path, frame in frames.items():
            check_writable(path, table=True)
            draft = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
            waiting.append((draft, path))
            _write(frame, draft)
        for draft, path in waiting:
            draft.replace(path)
    except OSError as fault:
        raise InputError(
            f"{fault.filename or 'The output'} cannot be written ({fault.strerror}).", "Check the folder."
        ) from fault
    finally:
        for draft, _ in waiting:
            draft.unlink(missing_ok=True)


def _write(frame: gpd.GeoDataFrame, path: Path) -> None:
    suffix = path.suffix.lower()
    if suffix in {".parquet", ".geoparquet"}:
        frame.to_parquet(path, index=False)
    elif suffix == ".gpkg":
        frame.to_file(path, driver="GPKG", layer="grids", index=False)
    elif suffix == ".csv":
        pd.DataFrame(frame.drop(columns=frame.geometry.name)).to_csv(path, index=False)
    else:
        frame.to_crs(LONLAT).to_file(path, driver="GeoJSON", index=False, COORDINATE_PRECISION=9, RFC7946="NO")
