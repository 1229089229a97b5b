"""Which barriers does no grid cross, and where does a bridge or a tunnel lead over or under them?

A hard barrier is a class of lines. Cells on its two sides are no neighbours to a partition, but where a street leads
across on a bridge or through a tunnel, or where the barrier itself runs on one; what is cut off so is a separate part
(ARCHITECTURE rule 6).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.features import flags, texts
from gis.errors import InputError
from gis.graph import FOLLOWS, Adjacency, follows_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from gis.graph import Tessellation

__all__ = ["HARD", "crossings", "over_barrier", "parted", "read_barriers"]

HARD = tuple(name for name in FOLLOWS if name not in {"none", "block", "compound"})
"""Classes of lines that can be made hard."""
NEVER_WALKED = "expressway"
"""Streets of this class join nobody, on a bridge or not."""
ALONG_M = 5.0
"""A border runs along a line that is not farther than this."""
HALF = 0.5


def read_barriers(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """Read which barriers are hard, such as ``water,rail,expressway``; nothing: none.

    Raises
    ------
    InputError
        There is no such class of lines.

    Examples
    --------
    >>> read_barriers("rail, water"), read_barriers(None)
    (('rail', 'water'), ())
    """
    given = (names or "").split(",") if names is None or isinstance(names, str) else names
    wanted = {name.strip() for name in given} - {""}
    strangers = sorted(wanted - set(HARD))
    if strangers:
        raise InputError(f"There is no barrier {strangers[0]!r}.", f"Barriers are {', '.join(HARD)}.")
    return tuple(sorted(wanted))


def over_barrier(adjacency: Adjacency, barriers: Sequence[str]) -> np.ndarray:
    """Tell which pairs lie over a hard barrier; bool, shape (m,). Declared links do not."""
    over: np.ndarray = np.isin(adjacency.follows, [follows_code(name) for name in barriers]) & ~adjacency.link
    return over


def parted(
    tessellation: Tessellation, barriers: Sequence[str], crossed: np.ndarray | None = None
) -> tuple[Tessellation, np.ndarray]:
    """Take away the pairs of cells over hard barriers.

    Parameters
    ----------
    tessellation : Tessellation
    barriers : sequence of str
        Of `HARD`.
    crossed : ndarray of int, shape (q, 2), optional
        Pairs that a bridge or tunnel joins, see `crossings`.

    Returns
    -------
    tessellation : Tessellation
        The same one without barriers.
    links : ndarray of int32, shape (r, 2)
        Of these pairs, those of one community that no other border joins: they are links now.
    """
    none = np.empty((0, 2), np.int32)
    if not barriers:
        return tessellation, none
    near = tessellation.adjacency
    over = over_barrier(near, barriers)
    asked = none if crossed is None else np.unique(np.sort(np.asarray(crossed, np.int32).reshape(-1, 2)), axis=0)
    home = tessellation.cells["community_id"].to_numpy(object).astype(str)
    asked = asked[home[asked[:, 0]] == home[asked[:, 1]]]
    n = len(tessellation.cells)
    key, mine = asked[:, 0].astype(np.int64) * n + asked[:, 1], near.pairs[:, 0].astype(np.int64) * n + near.pairs[:, 1]
    links = asked[~np.isin(key, mine[~over])]
    held = over & np.isin(mine, key)
    keep, new = ~over | held, links[~np.isin(key[~np.isin(key, mine[~over])], mine)]
    adjacency = Adjacency(
        np.concatenate([near.pairs[keep], new]),
        np.concatenate([near.length[keep], np.zeros(len(new))]),
        np.concatenate([near.follows[keep], np.zeros(len(new), np.int8)]),
        np.concatenate([(near.link | held)[keep], np.ones(len(new), bool)]),
    )
    return replace(tessellation, adjacency=adjacency), links


def crossings(
    tessellation: Tessellation,
    barriers: Sequence[str],
    lines: gpd.GeoDataFrame | None,
    landcover: gpd.GeoDataFrame | None = None,
) -> np.ndarray:
    """Find the pairs of cells that a bridge or a tunnel joins over or under a hard barrier.

    Parameters
    ----------
    tessellation : Tessellation
    barriers : sequence of str
        Of `HARD`.
    lines : GeoDataFrame or None
        All barriers: ``kind``, ``class``, ``bridge``, ``tunnel``, in any CRS.
    landcover : GeoDataFrame or None
        ``kind``: the water among it is a barrier too.

    Returns
    -------
    ndarray of int32, shape (q, 2)
        Neighbours whose border a bridge crosses or a bridge of the barrier covers by half, and the cells at the two
        ends of a bridge that crosses the barrier.
    """
    if not barriers or lines is None or not len(lines):
        return np.empty((0, 2), np.int32)
    lines = lines.to_crs(tessellation.cells.crs)
    shape = np.asarray(lines.geometry.array, object)
    kind, grade = (np.array(texts(lines, name), object) for name in ("kind", "class"))
    raised, sunk = flags(lines, "bridge"), flags(lines, "tunnel")
    hard = np.isin(np.where(kind == "street", grade, kind), list(barriers))
    ways = shapely.get_parts(shape[(kind == "street") & (grade != NEVER_WALKED) & (raised | sunk) & ~hard])
    ways = ways[shapely.get_dimensions(ways) == 1]  # a bridge drawn as an area has no two ends
    ways = np.asarray(shapely.get_parts(shapely.line_merge(shapely.multilinestrings(ways))))
    cells = np.asarray(tessellation.cells.geometry.array, object)
    near = tessellation.adjacency
    over = near.pairs[over_barrier(near, barriers)]
    borders = shapely.intersection(cells[over[:, 0]], cells[over[:, 1]])
    bridged = np.unique(shapely.STRtree(borders).query(ways, predicate="intersects")[1])
    aloft = shapely.buffer(shapely.union_all(shape[hard & raised]), ALONG_M)
    covered = np.flatnonzero(shapely.length(shapely.intersection(borders, aloft)) > HALF * shapely.length(borders))
    ground = shape[hard & ~raised & ~sunk]
    if landcover is not None and "water" in barriers and len(landcover):
        water = landcover.to_crs(tessellation.cells.crs)
        ground = np.concatenate([ground, np.asarray(water.geometry.array, object)[water["kind"] == "water"]])
    across = ways[np.unique(shapely.STRtree(ground).query(ways, predicate="intersects")[0])]
    found = np.concatenate([over[np.union1d(bridged, covered)], _ends(cells, across)])
    return np.unique(np.sort(found, axis=1), axis=0).astype(np.int32)


def _ends(cells: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """Cells at the two ends of each way; int64, shape (q, 2)."""
    tree, ends = shapely.STRtree(cells), []
    for point in (shapely.get_point(ways, 0), shapely.get_point(ways, -1)):
        cell = np.full(len(ways), -1, np.int64)
        row, found = tree.query(point, predicate="intersects")
        cell[row[::-1]] = found[::-1]
        ends.append(cell)
    pairs = np.column_stack(ends).reshape(-1, 2)
    known: np.ndarray = (pairs >= 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])
    return np.asarray(pairs[known])
