"""What does an editor read of a plan: its cells in columns, their neighbours, their shapes?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.graph import follows_code
from gis.store.copying import fetch_frame, fetch_geo_frame, objects
from gis.store.levels import across, edge_matched
from gis.store.lives import read_life
from gis.store.metric import to_metric
from gis.store.networks import read_level
from gis.store.origins import read_origin, succeeding
from gis.store.queries import query
from gis.store.stored_plans import renumbered, used_codes
from gis.store.weighing import counts_of_cells, load_of

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd
    import pandas as pd

    from gis.graph import Adjacency
    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["PlanCells", "read_plan_cells", "read_plan_shapes"]


@dataclass(frozen=True)
class PlanCells:
    """The cells of a plan.

    Parameters
    ----------
    revision : int
    scope : list of (str, str)
        Code and name of the communities.
    cells : GeoDataFrame
        EPSG:4490, by ``cell_id``: ``community``, ``base_code``, ``grid_code`` (key), ``area_m2``, ``building_id``,
        ``households``, ``people``; ``load`` where the plan balances another one.
    codes : dict
        Key -> code it has, or would be published with.
    pairs : ndarray of int64, shape (m, 2)
        Neighbours by position in `cells`, then what the plan holds linked beyond them.
    length_m, follows, link : ndarray, shape (m,)
        As in `gis.graph.Adjacency`.
    """

    revision: int
    scope: list[tuple[str, str]]
    cells: gpd.GeoDataFrame
    codes: dict[str, str]
    pairs: np.ndarray
    length_m: np.ndarray
    follows: np.ndarray
    link: np.ndarray


def read_plan_cells(connection: Connection, place: District, plan_id: int, now: dt.datetime) -> PlanCells:
    """Read the cells of a plan, in one transaction.

    Raises
    ------
    NotFoundError
        No such plan.
    """
    with connection.transaction():
        row = read_life(connection, place, plan_id, now)
        at = row["effective"] or now
        cells = fetch_geo_frame(connection, query("drafts.columns"), {"plan": plan_id, "at": at})
        edges = fetch_frame(connection, query("drafts.edges"), {"plan": plan_id})
        found = connection.execute(query("drafts.links"), {"plan": plan_id}).fetchone()
        published = (row["published"] or {}).get("codes")
        if published is None:
            published = {key: key for key in cells["grid_code"]}
            if row["base_version"] is not None:
                published = _codes(connection, place, row, cells, at)
        cells = _weighed(connection, place, row, cells, at)
    ids = cells["cell_id"].to_numpy(np.int64)
    links = np.array((found[0] if found else None) or [], np.int64).reshape(-1, 2)
    links = links[np.isin(links, ids).all(axis=1)]
    links = np.unique(np.sort(links, axis=1), axis=0)
    pairs, length_m, follows, link = _neighbours(edges)
    if row["division_level"] != "community":
        near = _across(place, cells)
        pairs = np.concatenate([pairs, ids[near.pairs]])
        length_m, follows = np.concatenate([length_m, near.length]), np.concatenate([follows, near.follows])
        link = np.concatenate([link, near.link])
    return PlanCells(
        revision=row["revision"],
        scope=row["scope"],
        cells=cells,
        codes=published,
        pairs=np.searchsorted(ids, np.concatenate([pairs, links])),
        length_m=np.concatenate([length_m, np.zeros(len(links))]),
        follows=np.concatenate([follows, np.zeros(len(links), np.int8)]),
        link=np.concatenate([link, np.ones(len(links), bool)]),
    )


def _weighed(
    connection: Connection, place: District, row: dict[str, Any], cells: gpd.GeoDataFrame, at: dt.datetime
) -> gpd.GeoDataFrame:
    """Add the ``load`` of each cell where the plan balances something else than households."""
    load = load_of(row["settings"])
    if load.plain:
        return cells
    ids, shapes = (
        cells["cell_id"].to_numpy(np.int64),
        to_metric(np.asarray(cells.geometry.array, object), place.metric_crs),
    )
    duty = read_level(connection, place, row["network"], row["level"]).duty
    counts = counts_of_cells(connection, place, (ids, shapes), row["settings"], as_of=row["as_of"], at=at, duty=duty)
    own = {"households": cells["households"].to_numpy(float), "area": shapely.area(shapes) / 1e6}
    none = dict.fromkeys(load.terms, np.zeros(len(cells)))  # of a term whose data have gone since
    return cells.assign(load=load.of(none | own | counts))


def _across(place: District, cells: gpd.GeoDataFrame) -> Adjacency:
    """Neighbours across the borders of communities."""
    shapes = edge_matched(to_metric(np.asarray(cells.geometry.array, object), place.metric_crs))
    own = cells.assign(community_id=cells["own_community"])
    return across(shapes, own, division=cells["community"].to_numpy(object))


def _neighbours(edges: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return (
        edges[["cell_a", "cell_b"]].to_numpy(np.int64).reshape(-1, 2),
        edges["length_m"].to_numpy(np.float64),
        np.array([follows_code(name) for name in edges["follows"]], np.int8),
        edges["link"].to_numpy(bool),
    )


def _codes(
    connection: Connection, place: District, row: dict[str, Any], cells: gpd.GeoDataFrame, at: dt.datetime
) -> dict[str, str]:
    """Codes that the grids of a draft would be published with."""
    shapes = to_metric(np.asarray(cells.geometry.array, object), place.metric_crs)
    middle = shapely.centroid(shapes)
    origin = read_origin(
        connection,
        place,
        row["id"],
        ids=cells["cell_id"].to_numpy(np.int64),
        base=objects(cells["base_code"]),
        households=cells["households"].to_numpy(float),
        shapes=shapes,
        as_of=row["as_of"],
        at=at,
    )
    return succeeding(
        origin,
        cells["community"].to_numpy(object),
        cells["grid_code"].to_numpy(object),
        np.column_stack([shapely.get_x(middle), shapely.get_y(middle)]),
        used=used_codes(connection, row["id"]),
        renumber=renumbered(connection, row["id"]),
        code_profile=row["code_profile"],
    )


def read_plan_shapes(connection: Connection, place: District, plan_id: int, now: dt.datetime) -> list[str]:
    """Read the polygons of a plan's cells as GeoJSON geometries of 7 decimals, by cell number."""
    read_life(connection, place, plan_id, now)
    return [row[0] for row in connection.execute(query("drafts.shapes"), {"plan": plan_id})]
