"""Which cells take the place of which others, and how do they fit in among those that stay?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.cells.plane import plane_of_faces
from gis.cells.seams import stitch
from gis.errors import ConflictError

if TYPE_CHECKING:
    from gis.cells.settings import CellSettings
    from gis.graph import Adjacency, Tessellation

__all__ = ["COLUMNS", "Remade", "Stand", "buildings_in", "ground_shares", "lattice_keys", "on_lattice", "remake"]

DUST = 1e-7
"""Shares of a cell's ground below this are arithmetic."""

COLUMNS = ["community_id", "block_id", "building_id", "compound_id"]


@dataclass(frozen=True)
class Remade:
    """Cells that take the place of others.

    Parameters
    ----------
    kept, gone : ndarray of int64
        Rows of the cells before: those that stay as they are, and those that are replaced.
    cells : GeoDataFrame
        New cells in metres: ``community_id``, ``block_id``, ``building_id``, ``compound_id``, geometry.
    building_cell : DataFrame
        ``building_id``, ``cell``: row of `cells` in which each of their buildings counts.
    edges : DataFrame
        ``a``, ``b``, ``length``, ``follows``, ``link`` of every pair with a new cell; rows of the cells before, then
        (counted on from there) of the new ones; a < b.
    lineage : DataFrame
        ``before``, ``made``, ``area_share``: which share of a replaced cell's ground lies in which new one.
    """

    kept: np.ndarray
    gone: np.ndarray
    cells: gpd.GeoDataFrame
    building_cell: pd.DataFrame
    edges: pd.DataFrame
    lineage: pd.DataFrame

    @property
    def nothing(self) -> bool:
        """True where all cells stay."""
        return not len(self.gone) and not len(self.cells)


@dataclass(frozen=True)
class Stand:
    """How cells are to be: those that stay, and new ones.

    Parameters
    ----------
    kept : ndarray of int64
        Rows of the cells before.
    made : GeoDataFrame
        New cells, columns as in `Remade.cells`, on the lattice.
    buildings : list of set of str
        Of each new cell.
    source : ndarray of int64
        Row of `adjacency` that each kept, then each new cell comes from.
    adjacency : Adjacency
        What borders between sources follow, and which of them are linked.
    """

    kept: np.ndarray
    made: gpd.GeoDataFrame
    buildings: list[set[str]]
    source: np.ndarray
    adjacency: Adjacency


def on_lattice(shapes: np.ndarray, grid: float) -> np.ndarray:
    """Bring every vertex to the nearest point of the lattice of the noding: the numbers that noding itself gives."""
    steps = np.rint(1 / grid)  # a metre; GEOS divides by it
    return np.asarray(shapely.transform(shapes, lambda xy: np.rint(xy * steps) / steps), dtype=object)


def lattice_keys(shapes: np.ndarray, grid: float) -> list[bytes]:
    """Name polygons by their vertices on the lattice: the same ground, vertex by vertex, has the same name."""
    whole = shapely.transform(shapes, lambda xy: np.rint(xy * np.rint(1 / grid)))
    return list(shapely.to_wkb(shapely.normalize(whole)))


def remake(before: Tessellation, stand: Stand, beside: np.ndarray, settings: CellSettings) -> Remade:
    """Fit new cells in among those that stay: every vertex on a shared border is in both.

    A cell that would stay but lacks a vertex of a new neighbour is replaced too, by itself with that vertex.

    Parameters
    ----------
    before : Tessellation
        Cells in metres.
    stand : Stand
    beside : ndarray of Polygon
        Cells round about, on the lattice, that stay whatever happens; their vertices are taken over.
    settings : CellSettings
        `grid_m`, `min_border_m`.

    Raises
    ------
    ConflictError
        The cells do not fit together.
    """
    grid, n = settings.grid_m, len(before.cells)
    own = on_lattice(np.asarray(before.cells.geometry.array, object)[stand.kept], grid)
    new = np.asarray(stand.made.geometry.array, object)
    stitched = stitch(np.concatenate([own, new, beside]), grid)[: len(own) + len(new)]
    if not shapely.coverage_is_valid(stitched):
        raise ConflictError(
            "The new cells do not fit together with those that stay.", "Check the borders of the communities."
        )
    stays = np.array(
        [a == b for a, b in zip(lattice_keys(stitched[: len(own)], grid), lattice_keys(own, grid), strict=True)], bool
    )
    held = buildings_in(before)
    moved = stand.kept[~stays]
    again = before.cells.iloc[moved][COLUMNS].reset_index(drop=True)
    made = pd.concat([stand.made[COLUMNS], again], ignore_index=True)
    shapes = np.concatenate([stitched[len(own) :], stitched[: len(own)][~stays]])
    buildings = [*stand.buildings, *(held[i] for i in moved)]
    kept = stand.kept[stays]
    source = np.concatenate(
        [stand.source[: len(own)][stays], stand.source[len(own) :], stand.source[: len(own)][~stays]]
    )
    final = np.concatenate([stitched[: len(own)][stays], shapes])
    number = np.concatenate([kept, n + np.arange(len(made))])
    gone = np.setdiff1d(np.arange(n), kept)
    cells = gpd.GeoDataFrame(made, geometry=list(shapes), crs=before.cells.crs)
    return Remade(
        kept=kept,
        gone=gone,
        cells=cells,
        building_cell=pd.DataFrame(
            [(code, row) for row, codes in enumerate(buildings) for code in sorted(codes)],
            columns=pd.Index(["building_id", "cell"]),
        ),
        edges=_edges(final, number, source, n, stand.adjacency, settings),
        lineage=ground_shares(np.asarray(before.cells.geometry.array, object), gone, shapes),
    )


def buildings_in(tessellation: Tessellation) -> list[set[str]]:
    """Buildings of every cell."""
    held: list[set[str]] = [set() for _ in range(len(tessellation.cells))]
    table = tessellation.building_cell
    for code, cell in zip(table["building_id"], table["cell"], strict=True):
        held[cell].add(str(code))
    return held


def _edges(
    shapes: np.ndarray, number: np.ndarray, source: np.ndarray, n: int, adjacency: Adjacency, settings: CellSettings
) -> pd.DataFrame:
    """Pairs with a new cell: their border as it is, what it follows as the pair of their sources does."""
    pairs, metres, _ = plane_of_faces(shapes).borders(np.arange(len(shapes)))
    pairs = pairs.astype(np.int64)
    wide = metres >= settings.min_border_m
    pairs, metres = pairs[wide], metres[wide]
    known = {(int(a), int(b)): k for k, (a, b) in enumerate(adjacency.pairs)}
    ends = np.sort(source[pairs], axis=1)
    row = np.array([known.get((int(a), int(b)), -1) for a, b in ends], np.int64).reshape(-1)
    siblings = ends[:, 0] == ends[:, 1]
    joined = siblings | (row >= 0)
    pairs, metres, row = pairs[joined], metres[joined], row[joined]
    follows = np.where(row >= 0, adjacency.follows[row] if len(adjacency.pairs) else 0, 0)
    far = np.flatnonzero(adjacency.link & (adjacency.length < settings.min_border_m))
    size = shapely.area(shapes)
    stands: dict[int, int] = {}
    for i in np.argsort(size, kind="stable"):  # the largest of several speaks for its source
        stands[int(source[i])] = int(i)
    links = [(stands[int(a)], stands[int(b)]) for a, b in adjacency.pairs[far] if int(a) in stands and int(b) in stands]
    pairs = np.concatenate([pairs, np.array(links, np.int64).reshape(-1, 2)])
    ends = np.sort(number[pairs], axis=1).reshape(-1, 2)
    frame = pd.DataFrame(
        {
            "a": ends[:, 0],
            "b": ends[:, 1],
            "length": np.concatenate([metres, np.zeros(len(links))]),
            "follows": np.concatenate([follows, np.zeros(len(links), np.int64)]).astype(np.int8),
            "link": np.concatenate(
                [adjacency.link[row] & (row >= 0) if len(adjacency.pairs) else row >= 0, np.ones(len(links), bool)]
            ),
        }
    )
    return frame[frame["b"] >= n].drop_duplicates(["a", "b"]).sort_values(["a", "b"], ignore_index=True)


def ground_shares(before: np.ndarray, gone: np.ndarray, made: np.ndarray) -> pd.DataFrame:
    """Say which share of the ground of cells that are gone lies in which new one; for each they sum to 1.

    Only of a cell whose ground is in no cell any more they sum to less.

    Parameters
    ----------
    before : ndarray of Polygon
    gone : ndarray of int64
        Rows of `before`.
    made : ndarray of Polygon

    Returns
    -------
    DataFrame
        See `Remade.lineage`.
    """
    new, old = shapely.STRtree(before[gone]).query(made, predicate="intersects")
    share = shapely.area(shapely.intersection(before[gone[old]], made[new])) / shapely.area(before[gone[old]])
    keep = share > DUST
    new, old, share = new[keep], old[keep], share[keep]
    total = np.bincount(old, share, len(gone))[old]
    share = np.where(np.abs(total - 1) < 1e-3, share / np.maximum(total, DUST), share)
    frame = pd.DataFrame({"before": gone[old], "made": new, "area_share": share})
    return frame.sort_values(["before", "made"], ignore_index=True)
