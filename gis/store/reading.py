"""What do the pure rooms get out of the store: the ground of a district, and its cells as the partitioner sees them?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.errors import ConflictError, NotFoundError
from gis.graph import Adjacency, Tessellation, follows_code
from gis.ingest.bounds import DistrictBounds
from gis.remarks import Remark, Report
from gis.store.copying import fetch_frame, fetch_geo_frame
from gis.store.districts import district_of
from gis.store.metric import to_metric
from gis.store.queries import query

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = [
    "Ground",
    "StoredCells",
    "cells_at",
    "cells_of_plan",
    "district_bounds",
    "read_cells",
    "read_frames",
    "report_from",
]


@dataclass(frozen=True)
class Ground:
    """What cells are made of; all frames in the district's metric CRS, columns as `gis.cells.tessellate` takes them.

    `communities` and `buildings` also carry the table's ``id``.
    """

    communities: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    landcover: gpd.GeoDataFrame


@dataclass(frozen=True)
class StoredCells:
    """Cells of the store.

    Parameters
    ----------
    tessellation_id : int
        Of the newest making among them.
    ids : ndarray of int64, shape (cells,)
        Of the table, ascending, in the order of `tessellation.cells`.
    tessellation : Tessellation
        With households of one date, in the district's metric CRS; `communities` are the unions of the cells.
    settings : dict
        Of that making, see `gis.cells.CellSettings`.
    """

    tessellation_id: int
    ids: np.ndarray
    tessellation: Tessellation
    settings: dict[str, Any]


def read_frames(connection: Connection, place: District, *, at: dt.datetime, as_of: dt.date) -> Ground:
    """Read the ground of a district as it is at a moment, with the households of a date."""
    values = {"district": place.id, "at": at, "as_of": as_of}
    frames = {
        name: in_metres(fetch_geo_frame(connection, query(f"cells.{name}"), values), place.metric_crs)
        for name in ("communities", "buildings", "barriers", "compounds", "landcover")
    }
    for name in ("households", "people"):
        frames["buildings"][name] = frames["buildings"][name].astype("float64")
    return Ground(**frames)


def district_bounds(connection: Connection, code: str) -> DistrictBounds | None:
    """Give what is already known of a district, for `gis.ingest` to judge new data by; None where it is new."""
    try:
        place = district_of(connection, code)
    except NotFoundError:
        return None
    frames = {
        name: fetch_geo_frame(connection, query(f"districts.bounding_{name}"), {"district": place.id})
        for name in ("divisions", "buildings", "streets")
    }
    return DistrictBounds(code, time_zone=place.time_zone, **frames)


def in_metres(frame: gpd.GeoDataFrame, metric_crs: str) -> gpd.GeoDataFrame:
    """Bring a frame of the store to metres."""
    shapes = to_metric(np.asarray(frame.geometry.array, object), metric_crs)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=metric_crs))


def cells_at(
    connection: Connection, place: District, at: dt.datetime, communities: Sequence[int] | None = None
) -> np.ndarray:
    """Numbers of a district's cells at a moment, or of those in some communities; int64, ascending."""
    values = {"district": place.id, "at": at, "communities": communities}
    return _numbers(connection, "cells.at", values)


def cells_of_plan(connection: Connection, plan_id: int) -> np.ndarray:
    """Numbers of the cells that a plan has; int64, ascending."""
    return _numbers(connection, "cells.of_plan", {"plan": plan_id})


def _numbers(connection: Connection, name: str, values: dict[str, Any]) -> np.ndarray:
    return np.array([row[0] for row in connection.execute(query(name), values)], np.int64)


def read_cells(
    connection: Connection,
    place: District,
    *,
    as_of: dt.date,
    at: dt.datetime,
    cells: Sequence[int] | np.ndarray | None = None,
) -> StoredCells:
    """Read cells with the households of a date in the buildings of a moment.

    Parameters
    ----------
    at : datetime
        Buildings count while they stand.
    cells : sequence of int, optional
        Numbers of the cells, see `cells_at` and `cells_of_plan`; by default those of the district at that moment.

    Raises
    ------
    ConflictError
        The district has no cells yet.
    """
    chosen = cells_at(connection, place, at) if cells is None else cells
    values = {"as_of": as_of, "at": at, "cells": np.asarray(chosen, np.int64).tolist()}
    makings = connection.execute(query("cells.makings"), values).fetchall()
    if not makings:
        raise ConflictError(
            f"District {place.code} has no cells yet.", f"Make them first: gridkeeper tessellate {place.code}"
        )
    frame = in_metres(fetch_geo_frame(connection, query("cells.cells"), values), place.metric_crs)
    ids = frame.pop("id").to_numpy(np.int64)
    frame["households"] = frame["households"].astype("float64")
    edges = fetch_frame(connection, query("cells.edges"), values)
    return StoredCells(
        tessellation_id=makings[-1][0],
        ids=ids,
        tessellation=Tessellation(
            cells=frame,
            building_cell=_building_cell(fetch_frame(connection, query("cells.building_cells"), values), ids),
            adjacency=_adjacency(edges, ids),
            communities=_communities(frame),
            report=_report([report_from(row[2]) for row in makings]),
        ),
        settings=makings[-1][1],
    )


def _report(makings: list[Report]) -> Report:
    """Tell of all makings as one: what each remarked, and the counts of the first."""
    first = makings[0]
    return Report(first.title, first.source, [r for made in makings for r in made.remarks], first.counts)


def _building_cell(frame: pd.DataFrame, ids: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "building_id": frame["building_id"],
            "cell": np.searchsorted(ids, frame["cell_id"].to_numpy(np.int64)),
            "households": frame["households"].astype("float64"),
            "estimated": frame["estimated"].astype(bool),
        }
    )


def _adjacency(edges: pd.DataFrame, ids: np.ndarray) -> Adjacency:
    if not len(edges):
        return Adjacency.empty()
    ends = np.searchsorted(ids, edges[["cell_a", "cell_b"]].to_numpy(np.int64))
    return Adjacency(
        pairs=ends.astype(np.int32),
        length=edges["length_m"].to_numpy(np.float64),
        follows=np.array([follows_code(name) for name in edges["follows"]], np.int8),
        link=edges["link"].to_numpy(bool),
    )


def _communities(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Unions of the cells: exactly the communities as they were snapped."""
    shapes = np.asarray(cells.geometry.array, object)
    codes = cells["community_id"].to_numpy(object)
    names = sorted(set(codes))
    unions = [shapely.coverage_union_all(shapes[codes == name]) for name in names]
    return gpd.GeoDataFrame({"community_id": names}, geometry=unions, crs=cells.crs)


def report_from(stored: dict[str, Any]) -> Report:
    """Make a report again from what `Report.as_dict` gave."""
    remarks = [Remark(**remark) for remark in stored.get("remarks", [])]
    return Report(stored.get("title", ""), stored.get("source", ""), remarks, dict(stored.get("counts", {})))
