"""Which grid of old polygons does each cell belong to, and what ground and which buildings end up elsewhere?

Old polygons were drawn by hand on other maps: they overlap, leave gaps, cut buildings. A cell goes to the grid with the
larger share of it; where buildings stand in it, to the grid with the larger part of their footprints.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely

__all__ = ["DUST_M2", "REACH_M", "Match", "Mended", "match_cells", "mend_polygons"]

DUST_M2 = 1e-3
"""Ground up to this (10 cm2) is arithmetic: coordinates went through files and reference systems."""

REACH_M = 5.0
"""Ground in no polygon that lies nearer than this to one is taken as badly drawn; farther, as left out on purpose."""

MEANT_SHARE = 0.05
"""A community of which the polygons cover less than this is not meant: they only touch its border."""

OVERLAP_M2 = 1.0
"""Overlaps of two polygons up to this are not told."""


@dataclass(frozen=True)
class Mended:
    """Polygons that can be laid over others.

    Parameters
    ----------
    polygons : ndarray of Polygon or MultiPolygon, shape (m,)
    rows : ndarray of int64, shape (k,)
        Which of them were broken.
    reasons : list of str, length k
        What was wrong and where, as GEOS says it.
    changed_m2 : ndarray of float64, shape (k,)
        By how much the area changed against that which the ring encloses by its sense of rotation.
    """

    polygons: np.ndarray
    rows: np.ndarray
    reasons: list[str]
    changed_m2: np.ndarray


def mend_polygons(polygons: np.ndarray) -> Mended:
    """Make broken polygons valid; what is no area of them goes.

    Parameters
    ----------
    polygons : ndarray of Polygon or MultiPolygon, shape (m,)
        Metres.

    Returns
    -------
    Mended
        A polygon that has no area at all stays as an empty one.
    """
    out = np.asarray(polygons, object).copy()
    rows = np.flatnonzero(~shapely.is_valid(out))
    reasons = [str(reason) for reason in shapely.is_valid_reason(out[rows])]
    before = shapely.area(out[rows])
    for row in rows.tolist():
        parts = shapely.get_parts(shapely.make_valid(out[row], method="structure", keep_collapsed=False))
        areas = parts[shapely.get_dimensions(parts) == 2] if len(parts) else parts
        out[row] = areas[0] if len(areas) == 1 else shapely.MultiPolygon(list(shapely.get_parts(areas)))
    return Mended(out, rows, reasons, np.abs(shapely.area(out[rows]) - before))


@dataclass(frozen=True)
class Match:
    """Where cells went, and what that changed.

    Parameters
    ----------
    grid_of : ndarray of int64, shape (cells,)
        Row of the grid of each cell; -1 for none.
    crossed : ndarray of int64
        Cells that do not lie in one polygon with all their ground.
    grids : DataFrame
        One row a grid: ``polygon_m2``; ``cells`` (how many it got); ``cells_m2``; ``displaced_m2``, ground of its
        polygon that another grid got, or none; ``gained_m2``, ground that its polygon did not have; ``outside_m2``,
        ground of its polygon where there is no cell.
    overlaps : DataFrame
        ``a``, ``b`` (rows of grids, a < b), ``m2``.
    buildings : DataFrame
        Those that old borders leave in doubt: ``building`` (row); ``said``, the grid with the larger part of its
        footprint (-1: it stands in none); ``ground``, the grid with the larger share of its cell; ``got``; ``share``
        of the footprint that lies in `got`.
    """

    grid_of: np.ndarray
    crossed: np.ndarray
    grids: pd.DataFrame
    overlaps: pd.DataFrame
    buildings: pd.DataFrame

    @property
    def displaced_m2(self) -> float:
        """Ground that ends up in another grid than its polygon said, or in none."""
        return float(self.grids["displaced_m2"].sum())


def match_cells(
    cells: np.ndarray,
    grids: np.ndarray,
    *,
    community: np.ndarray,
    footprints: np.ndarray,
    cell_of: np.ndarray,
    households: np.ndarray,
) -> Match:
    """Give every cell to one of the old grids, or to none.

    Parameters
    ----------
    cells : ndarray of Polygon, shape (n,)
        Metres; they do not overlap.
    grids : ndarray of Polygon or MultiPolygon, shape (m,)
        Valid, metres; at a tie the lower row wins, so they come in the order of their codes.
    community : ndarray of str, shape (n,)
        Community of each cell; those that are not meant keep their cells.
    footprints : ndarray of Polygon, MultiPolygon or Point, shape (b,)
        Of the buildings, metres.
    cell_of : ndarray of int, shape (b,)
        Cell in which each building's households count.
    households : ndarray of float, shape (b,)

    Returns
    -------
    Match

    Notes
    -----
    Of several buildings in a cell those with more households decide, then those with more ground. Only what stands in
    the cell counts of a building: parts of it that other buildings or other communities hold do not.
    """
    old = _Grids(grids)
    ground = _Shares.of(cells, old)
    meant = _meant(ground, community)
    ground = ground.only(meant)
    grid_of = ground.best()
    crossed = meant & ~ground.is_clear()
    doubtful = np.flatnonzero(crossed[cell_of])
    pieces = _pieces(footprints[doubtful], cells[cell_of[doubtful]])
    votes = _Shares.of(pieces, old)
    said = votes.best()
    _decide(grid_of, cell_of[doubtful], said, votes, households[doubtful], ground)
    got = grid_of[cell_of[doubtful]]
    in_got = votes.share_in(got)
    lies = ground.best()[cell_of[doubtful]]
    told = (said != got) | (in_got < 1.0) | (lies != got)
    none = len(grids)
    return Match(
        grid_of=np.where(grid_of == none, -1, grid_of),
        crossed=np.flatnonzero(crossed),
        grids=_tell_grids(cells, grids, ground, grid_of),
        overlaps=_overlaps(grids),
        buildings=pd.DataFrame(
            {
                "building": doubtful[told],
                "said": np.where(said == none, -1, said)[told],
                "ground": np.where(lies == none, -1, lies)[told],
                "got": np.where(got == none, -1, got)[told],
                "share": in_got[told],
            }
        ),
    )


@dataclass(frozen=True)
class _Grids:
    """Old polygons, and all that lies within `REACH_M` of one."""

    polygons: np.ndarray

    @cached_property
    def zone(self) -> shapely.Geometry:
        """Prepared; each polygon is widened on its own: the border of their union takes far longer."""
        zone = shapely.union_all(shapely.buffer(self.polygons, REACH_M))
        shapely.prepare(zone)
        return zone


@dataclass(frozen=True)
class _Shares:
    """How much of each shape lies in each grid: rows `shape`, `grid`, `amount`; grid number m stands for none."""

    size: np.ndarray
    grids: int
    shape: np.ndarray
    grid: np.ndarray
    amount: np.ndarray

    @classmethod
    def of(cls, shapes: np.ndarray, old: _Grids) -> _Shares:
        """Lay shapes over grids; what reaches no grid gets the nearest."""
        grids = old.polygons
        size = np.where(shapely.get_dimensions(shapes) == 2, shapely.area(shapes), 1.0)
        shapely.prepare(grids)
        shape, grid = shapely.STRtree(shapes).query(grids, predicate="intersects")[::-1]
        amount = size[shape].copy()
        part = ~shapely.covers(grids[grid], shapes[shape]) & (shapely.get_dimensions(shapes[shape]) == 2)
        amount[part] = shapely.area(shapely.intersection(shapes[shape[part]], grids[grid[part]]))
        keep = amount > DUST_M2
        shape, grid, amount = shape[keep], grid[keep], amount[keep]
        held = np.bincount(shape, amount, len(shapes))
        open_ = np.flatnonzero(held < size - DUST_M2)
        far = _far(shapes[open_], size[open_], old) if len(grids) else size[open_]
        left = far > DUST_M2
        shape = np.concatenate([shape, open_[left]])
        grid = np.concatenate([grid, np.full(int(left.sum()), len(grids))])
        amount = np.concatenate([amount, far[left]])
        lost = np.setdiff1d(open_, shape)
        if len(lost):
            near = shapely.STRtree(grids).query_nearest(shapes[lost], all_matches=False)
            shape, grid = np.concatenate([shape, lost[near[0]]]), np.concatenate([grid, near[1]])
            amount = np.concatenate([amount, np.zeros(len(lost))])
        order = np.lexsort((grid, -amount, shape))
        return cls(size, len(grids), shape[order], grid[order], amount[order])

    def best(self) -> np.ndarray:
        """The grid with most of each shape; of equals the lower row."""
        result = np.full(len(self.size), self.grids, np.int64)
        first = np.unique(self.shape, return_index=True)[1]
        result[self.shape[first]] = self.grid[first]
        return result

    def only(self, shapes: np.ndarray) -> _Shares:
        """Leave out what the others (a mask) have in grids."""
        keep = shapes[self.shape]
        return _Shares(self.size, self.grids, self.shape[keep], self.grid[keep], self.amount[keep])

    def is_clear(self) -> np.ndarray:
        """Whether a shape lies in one grid and nowhere else."""
        largest = np.zeros(len(self.size))
        np.maximum.at(largest, self.shape, self.amount)
        clear: np.ndarray = (largest >= self.size - DUST_M2) & (np.bincount(self.shape, minlength=len(self.size)) == 1)
        return clear

    def share_in(self, grid: np.ndarray) -> np.ndarray:
        """The share of each shape that lies in the grid named for it; what differs by dust is all of it."""
        mine = self.grid == grid[self.shape]
        amount = np.bincount(self.shape[mine], self.amount[mine], len(self.size))
        return np.where(amount >= self.size - DUST_M2, 1.0, amount / np.maximum(self.size, DUST_M2))


def _meant(ground: _Shares, community: np.ndarray) -> np.ndarray:
    """Whether enough of a cell's community lies in grids."""
    names, of = np.unique(np.asarray(community, str), return_inverse=True)
    inside = ground.grid < ground.grids
    covered = np.bincount(of[ground.shape[inside]], ground.amount[inside], len(names))
    meant: np.ndarray = (covered >= MEANT_SHARE * np.bincount(of, ground.size, len(names)))[of]
    return meant


def _far(shapes: np.ndarray, size: np.ndarray, old: _Grids) -> np.ndarray:
    """How much of each shape lies farther than `REACH_M` from every grid."""
    if not len(shapes):
        return np.empty(0)
    zone = old.zone
    near = shapely.intersects(zone, shapes)
    far = np.where(near, 0.0, size)
    cut = near & (shapely.get_dimensions(shapes) == 2) & ~shapely.covers(zone, shapes)
    far[cut] = shapely.area(shapely.difference(shapes[cut], zone))
    return far


def _pieces(footprints: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """What of each building stands in its cell; all of it where that is nothing."""
    areas = shapely.get_dimensions(footprints) == 2
    sound = np.where(areas & ~shapely.is_valid(footprints), shapely.make_valid(footprints), footprints)
    inside = shapely.intersection(sound, cells)
    enough: np.ndarray = areas & (shapely.area(inside) > DUST_M2)
    return np.where(enough, inside, sound)


def _decide(
    grid_of: np.ndarray, cell: np.ndarray, said: np.ndarray, votes: _Shares, households: np.ndarray, ground: _Shares
) -> None:
    """Let buildings decide about their cells: most households, then most footprint, most ground, the lower row."""
    table = pd.DataFrame({"cell": cell, "grid": said, "households": households}).groupby(["cell", "grid"]).sum()
    stands = pd.DataFrame({"cell": cell[votes.shape], "grid": votes.grid, "footprint": votes.amount})
    lies = pd.DataFrame({"cell": ground.shape, "grid": ground.grid, "ground": ground.amount})
    for more in (stands, lies):
        table = table.join(more.groupby(["cell", "grid"]).sum(), how="left")
    table = table.fillna(0.0).reset_index()
    order = ["households", "footprint", "ground", "grid"]
    first = table.sort_values(["cell", *order], ascending=[True, False, False, False, True]).drop_duplicates("cell")
    grid_of[first["cell"].to_numpy(np.int64)] = first["grid"].to_numpy(np.int64)


def _tell_grids(cells: np.ndarray, grids: np.ndarray, ground: _Shares, grid_of: np.ndarray) -> pd.DataFrame:
    m = len(grids)
    claimed = ground.grid < m
    shape, grid, amount = ground.shape[claimed], ground.grid[claimed], ground.amount[claimed]
    stays = grid_of[shape] == grid
    kept = np.bincount(grid[stays], amount[stays], m)
    area, polygon = shapely.area(cells), shapely.area(grids)
    held = np.bincount(grid_of, area, m + 1)[:m]
    columns: dict[str, Any] = {
        "polygon_m2": polygon,
        "cells": np.bincount(grid_of, minlength=m + 1)[:m],
        "cells_m2": held,
        "displaced_m2": np.bincount(grid[~stays], amount[~stays], m),
        "gained_m2": _above_dust(held - kept, held),
        "outside_m2": _above_dust(polygon - np.bincount(grid, amount, m), polygon),
    }
    return pd.DataFrame(columns)


def _above_dust(difference: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Differences of large numbers, without what adding them up did."""
    return np.where(difference > DUST_M2 + 1e-9 * whole, difference, 0.0)


def _overlaps(grids: np.ndarray) -> pd.DataFrame:
    a, b = np.empty(0, np.int64), np.empty(0, np.int64)
    m2 = np.empty(0)
    if len(grids) > 1 and not shapely.coverage_is_valid(grids):
        a, b = shapely.STRtree(grids).query(grids, predicate="intersects")
        a, b = a[a < b], b[a < b]
        m2 = shapely.area(shapely.intersection(grids[a], grids[b]))
        keep = m2 > OVERLAP_M2
        a, b, m2 = a[keep], b[keep], m2[keep]
    return pd.DataFrame({"a": a, "b": b, "m2": m2})
