"""In which grid lies each point of a file?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.crs import STORE_CRS, is_metric, metric_crs, parse_crs, to_lonlat
from gis.errors import InputError
from gis.ingest.kinds import fold_name
from gis.ingest.read import read_kind
from gis.ingest.readers import read_file
from gis.ingest.specs import parse_spec
from gis.locate import Locator
from gis.progress import Progress, quiet
from gis.remarks import Report
from gis.streets import home_cells, street_ways

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyproj

    from gis.ingest.raw import RawTable
    from gis.ingest.specs import FileSpec
    from gis.streets import Streets

    Named = str | Path | FileSpec

__all__ = ["LocatedFile", "locate_files", "metres_of"]

ANSWERS = ("grid_code", "how", "distance_m")
DUTY = "duty_grid_code"


@dataclass(frozen=True)
class LocatedFile:
    """Points with their answers: the input's rows in order, and ``grid_code``, ``how``, ``distance_m``."""

    frame: gpd.GeoDataFrame
    report: Report


def locate_files(
    points: Named,
    grids: Named,
    *,
    streets: Sequence[Named] = (),
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
        With a column ``grid_code``; with streets also ``community_id``.
    streets : sequence of path, optional
        Lines of streets: a point on a carriageway is answered ``street``, and ``duty_grid_code`` names the grid of its
        community with the longest frontage on that street.
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
    metres = metres_of(metric) or metric_crs(area)
    table = read_file(parse_spec(points))
    report = Report("locate", table.source)
    places = points_of(table)
    frame, moved = placed_points(table, places, crs, metres, report)
    progress("locating", 1, 2)
    shapes = np.asarray(area.to_crs(metres).values, object)[there]
    side = _communities(ground, there) if streets else None
    locator = Locator(
        shapes,
        ground.frame[code].astype(str).to_numpy(object)[there],
        near_m=near_m,
        border_m=border_m,
        streets=None if side is None else _homes(streets, shapes, side, metres),
        community=side,
    )
    found = locator.locate(moved)
    taken = [name for name in (*ANSWERS, *([DUTY] if streets else [])) if name in frame.columns]
    if taken:
        report.add("note", "columns_replaced", f"Columns replaced by the answers: {', '.join(taken)}.")
        frame = frame.drop(columns=taken)
    codes = np.where(found.polygon >= 0, locator.codes[found.polygon], None)
    frame.insert(len(frame.columns) - 1, "grid_code", pd.Series(codes, index=frame.index, dtype="str"))
    frame.insert(len(frame.columns) - 1, "how", pd.Series(found.how_name, index=frame.index, dtype="str"))
    frame.insert(len(frame.columns) - 1, "distance_m", found.distance_m)
    if streets:
        duty = np.where(found.duty >= 0, locator.codes[found.duty], None)
        frame.insert(len(frame.columns) - 1, DUTY, pd.Series(duty, index=frame.index, dtype="str"))
        report.counts["another_grid_on_duty"] = int((found.duty != found.polygon).sum())
    report.counts["rows"] = len(frame)
    for name, count in zip(*np.unique(found.how_name.astype(str), return_counts=True), strict=True):
        report.counts[str(name)] = int(count)
    progress("locating", 2, 2)
    return LocatedFile(frame, report)


def _communities(ground: RawTable, there: np.ndarray) -> np.ndarray:
    """Community of each grid."""
    name = next((c for c in ground.frame.columns if fold_name(c) in {"communityid", "communitycode"}), None)
    if name is None:
        raise InputError(
            f"{ground.source} has no column community_id: a street has a home in each community.",
            "Give the file that `gridkeeper partition --out` wrote.",
        )
    named: np.ndarray = ground.frame[name].astype(str).to_numpy(object)[there]
    return named


def _homes(files: Sequence[Named], grids: np.ndarray, side: np.ndarray, metres: pyproj.CRS) -> Streets:
    """Give the streets of some files their homes among the grids."""
    batch = read_kind("barriers", [parse_spec(f) for f in files])
    lines = gpd.GeoDataFrame(batch.frame).to_crs(metres)
    return home_cells(street_ways(lines), grids, side.tolist())


def metres_of(metric: object) -> pyproj.CRS | None:
    """Read a CRS that areas can be taken in; None where none was named."""
    if metric is None:
        return None
    source = parse_crs(metric)
    if source.shift or not is_metric(source.crs):
        raise InputError(f"{source.name} is no projected CRS in metres.", "Name one, e.g. --metric-crs EPSG:4547.")
    return source.crs


def points_of(table: RawTable) -> np.ndarray:
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


def placed_points(
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
