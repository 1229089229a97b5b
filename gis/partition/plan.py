"""What is a plan, and which polygons are its grids?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from gis.partition.colours import colour_grids

if TYPE_CHECKING:
    import pandas as pd

    from gis.graph import Tessellation
    from gis.remarks import Report

__all__ = ["Plan", "cell_frame", "grid_frame"]


@dataclass(frozen=True)
class Plan:
    """A map from cells to grids.

    Parameters
    ----------
    grid_of : ndarray of int32, shape (cells,)
        Row position in `grids` of each cell.
    grids : DataFrame
        One row a grid: ``community_id``, ``serial`` (from 1, in position order), ``grid_code``, ``households``
        (float), ``buildings`` (int), ``flags`` (list of ``oversize_building``, ``empty``, ``linked``, ``unit_split``);
        ``load`` (float) where that is not households.
    links : ndarray of int32, shape (q, 2)
        Pairs of cells that the plan holds connected beyond the tessellation's own neighbours (ARCHITECTURE rule 6).
    report : Report
        What is worth telling about places.
    settings : dict
        Target, minimum, maximum, load, seed: what reproduces the plan.
    """

    grid_of: np.ndarray
    grids: pd.DataFrame
    links: np.ndarray
    report: Report = field(repr=False)
    settings: dict[str, Any] = field(default_factory=dict)


def grid_frame(tessellation: Tessellation, plan: Plan) -> gpd.GeoDataFrame:
    """Make the grids' polygons: each exactly the union of its cells.

    Parameters
    ----------
    tessellation : Tessellation
    plan : Plan

    Returns
    -------
    GeoDataFrame
        One row a grid, in the cells' metric CRS: ``grid_code``, ``community_id``, ``households``, ``buildings``,
        ``area_m2``, ``flags``, ``load`` where the plan has it, ``colour`` (small int, neighbours differ), ``geometry``
        (Polygon; a MultiPolygon where a grid is held together by a link, flagged ``linked``).
    """
    geometry = np.asarray(tessellation.cells.geometry.values, object)
    order = np.argsort(plan.grid_of, kind="stable")
    stop = np.searchsorted(plan.grid_of[order], np.arange(len(plan.grids) + 1))
    polygons = np.array(
        [shapely.coverage_union_all(geometry[order[stop[g] : stop[g + 1]]]) for g in range(len(plan.grids))], object
    )
    frame = gpd.GeoDataFrame(
        {
            "grid_code": plan.grids["grid_code"].to_numpy(object),
            "community_id": plan.grids["community_id"].to_numpy(object),
            "households": plan.grids["households"].to_numpy(float),
            "buildings": plan.grids["buildings"].to_numpy(int),
            "area_m2": shapely.area(polygons),
            "flags": plan.grids["flags"].to_list(),
            "colour": colour_grids(polygons),
        },
        geometry=polygons,
        crs=tessellation.cells.crs,
    )
    if "load" in plan.grids:
        frame.insert(3, "load", plan.grids["load"].to_numpy(float))
    for flags, polygon in zip(frame["flags"], polygons, strict=True):
        if shapely.get_num_geometries(polygon) > 1 and "linked" not in flags:
            flags.append("linked")
    return frame


def cell_frame(tessellation: Tessellation, plan: Plan) -> gpd.GeoDataFrame:
    """List the cells with the grid of each.

    Returns
    -------
    GeoDataFrame
        One row a cell, in the cells' metric CRS: ``cell_id`` (from 1), ``building_id`` (None where no building),
        ``community_id``, ``households``, ``load`` where it is another, ``grid_code``, ``geometry``.
    """
    cells = tessellation.cells
    frame = gpd.GeoDataFrame(
        {
            "cell_id": np.arange(1, len(cells) + 1),
            "building_id": cells["building_id"].to_numpy(object),
            "community_id": cells["community_id"].to_numpy(object),
            "households": cells["households"].to_numpy(float),
            "grid_code": plan.grids["grid_code"].to_numpy(object)[plan.grid_of],
        },
        geometry=np.asarray(cells.geometry.values, object),
        crs=cells.crs,
    )
    if "load" in cells:
        frame.insert(4, "load", cells["load"].to_numpy(float))
    return frame
