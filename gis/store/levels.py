"""What are cells to a level of a network: where does each lie, who is near, which grids of the next levels hold it?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from gis.cells import CellSettings
from gis.cells.features import barrier_lines
from gis.cells.findings import Findings
from gis.cells.neighbours import neighbours_across
from gis.cells.seams import stitch
from gis.errors import ConflictError
from gis.graph import Adjacency
from gis.partition import divide_level
from gis.store.copying import fetch_frame, fetch_geo_frame
from gis.store.metric import to_metric
from gis.store.queries import query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gis.partition import Plan
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.networks import StoredLevel
    from gis.store.reading import Ground, StoredCells

__all__ = [
    "NextLevels",
    "across",
    "cells_of_level",
    "communities_within",
    "divider_of_level",
    "edge_matched",
    "grids_of_cells",
    "next_levels",
    "pairs_across",
]


def cells_of_level(
    connection: Connection, place: District, cells: StoredCells, division_level: str, ground: Ground | None = None
) -> StoredCells:
    """Give cells as a level sees them: ``community_id`` is the division that its grids stay inside.

    Where that is larger than a community, neighbours across the borders of communities are found too.

    Parameters
    ----------
    ground : Ground, optional
        What those borders may follow; without it nobody asks.

    Raises
    ------
    ConflictError
        A community lies in no such division.
    """
    if division_level == "community":
        return cells
    of = _divisions(connection, place, cells.ids, division_level)
    seen = cells.tessellation
    shapes = edge_matched(np.asarray(seen.cells.geometry.array, object))
    frame = seen.cells.assign(community_id=of).set_geometry(gpd.GeoSeries(shapes, crs=seen.cells.crs))
    near = across(shapes, seen.cells, division=of, ground=ground)
    known = seen.adjacency
    adjacency = Adjacency(
        np.concatenate([known.pairs, near.pairs]),
        np.concatenate([known.length, near.length]),
        np.concatenate([known.follows, near.follows]),
        np.concatenate([known.link, near.link]),
    )
    return replace(cells, tessellation=replace(seen, cells=frame, adjacency=adjacency, communities=_outlines(frame)))


def _divisions(connection: Connection, place: District, cells: np.ndarray, division_level: str) -> np.ndarray:
    values = {"level": division_level, "cells": cells.tolist()}
    of = fetch_frame(connection, query("networks.divisions"), values)["code"].to_numpy(object)
    if any(code is None for code in of):
        raise ConflictError(
            f"Communities of district {place.code} lie in no {division_level}.",
            f"Import divisions of level {division_level} that the communities name as their parent.",
        )
    return of


def _outlines(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Unions of the cells of each division."""
    shapes, of = np.asarray(cells.geometry.array, object), cells["community_id"].to_numpy(object)
    names = sorted(set(of))
    unions = [shapely.coverage_union_all(shapes[of == name]) for name in names]
    return gpd.GeoDataFrame({"community_id": names}, geometry=unions, crs=cells.crs)


def edge_matched(shapes: np.ndarray) -> np.ndarray:
    """Let cells of several communities share every vertex: those made at different times fit to the lattice only."""
    return stitch(shapes, CellSettings().grid_m)


def across(
    shapes: np.ndarray, cells: gpd.GeoDataFrame, *, division: np.ndarray, ground: Ground | None = None
) -> Adjacency:
    """Pairs of cells of different communities, but of one division, that have 1 m of border in common.

    Parameters
    ----------
    shapes : ndarray of Polygon, shape (n,)
        In metres, see `edge_matched`.
    cells : DataFrame, n rows
        ``community_id``; ``compound_id`` where it is known.
    division : ndarray of str, shape (n,)
    ground : Ground, optional
        What borders may follow.
    """
    settings = CellSettings()
    lines = barrier_lines(None, None, None, settings, Findings())
    if ground is not None:
        lines = barrier_lines(ground.barriers, ground.compounds, ground.landcover, settings, Findings())
    compound = cells["compound_id"].to_numpy(object) if "compound_id" in cells else np.full(len(cells), None, object)
    near = neighbours_across(shapes, cells["community_id"].to_numpy(object), compound, lines, settings)
    same = division[near.pairs[:, 0]] == division[near.pairs[:, 1]]
    return Adjacency(near.pairs[same], near.length[same], near.follows[same], near.link[same])


def communities_within(connection: Connection, divisions: Sequence[int]) -> list[int]:
    """Numbers of the communities that lie in some divisions, or are these."""
    return [row[0] for row in connection.execute(query("networks.communities_within"), {"divisions": list(divisions)})]


@dataclass(frozen=True)
class NextLevels:
    """Grid of each cell in the levels next to one, from the last publication on.

    Parameters
    ----------
    finer, coarser : ndarray of str or None, shape (cells,)
        None where a cell has no grid there; None altogether where there is no such level, or no grid in it.
    """

    finer: np.ndarray | None = None
    coarser: np.ndarray | None = None


def divider_of_level(
    connection: Connection, place: District, of: StoredLevel, cells: StoredCells, ground: Ground | None = None
) -> tuple[StoredCells, Callable[..., Plan]]:
    """Read what is needed to divide cells into grids that nest with those of the levels next to a level.

    Parameters
    ----------
    ground : Ground, optional
        What borders between communities may follow.

    Returns
    -------
    cells : StoredCells
        As the level sees them, see `cells_of_level`.
    divide : callable
        Divides, as often as one likes, by options of `gis.partition.divide_level`.
    """
    seen = cells_of_level(connection, place, cells, of.level.division_level, ground)
    beside = next_levels(connection, of, seen.ids)
    links = None if of.finer is None else _links(connection, of.network_id, of.finer.level, seen.ids)
    own: dict[str, Any] = {"finer": beside.finer, "coarser": beside.coarser, "links": links}
    return seen, partial(divide_level, seen.tessellation, profile=of.level.code_profile, **own)


def _links(connection: Connection, network: int, level: int, cells: np.ndarray) -> np.ndarray:
    """Pairs of cells, by position, that the plans of a level held connected."""
    values = {"network": network, "level": level, "cells": cells.tolist()}
    pairs = np.array(connection.execute(query("networks.links"), values).fetchall(), np.int64).reshape(-1, 2)
    pairs = pairs[np.isin(pairs, cells).all(axis=1)]
    return np.searchsorted(cells, pairs).astype(np.int32)


def pairs_across(connection: Connection, plan_id: int, keys: Sequence[str]) -> np.ndarray:
    """Pairs of neighbours of different communities among the cells of some grids of a plan; int64, shape (m, 2).

    None where the plan's grids stay inside communities.
    """
    frame = fetch_geo_frame(connection, query("networks.shapes_in_plan"), {"plan": plan_id, "keys": list(keys)})
    if not len(frame):
        return np.empty((0, 2), np.int64)
    shapes = edge_matched(to_metric(np.asarray(frame.geometry.array, object), frame["metric_crs"].iloc[0]))
    near = across(shapes, frame, division=np.zeros(len(frame), np.int8))
    pairs: np.ndarray = frame["id"].to_numpy(np.int64)[near.pairs]
    return pairs


def next_levels(connection: Connection, level: StoredLevel, cells: np.ndarray) -> NextLevels:
    """Read the grids of cells in the levels next to one.

    Parameters
    ----------
    cells : ndarray of int64
        Numbers, ascending.
    """
    finer, coarser = (
        None if other is None else grids_of_cells(connection, level.network_id, other.level, cells)
        for other in (level.finer, level.coarser)
    )
    return NextLevels(finer, coarser)


def grids_of_cells(connection: Connection, network: int, level: int, cells: np.ndarray) -> np.ndarray | None:
    """Code of the grid of each cell in a level from the last publication on; None for none, and where no cell has one.

    Parameters
    ----------
    cells : ndarray of int64
        Numbers, ascending.
    """
    values = {"network": network, "level": level, "cells": cells.tolist()}
    found = fetch_frame(connection, query("networks.grid_of_cells"), values)
    if not len(found):
        return None
    of = np.full(len(cells), None, object)
    of[np.searchsorted(cells, found["cell_id"].to_numpy(np.int64))] = found["code"].to_numpy(object)
    return of
