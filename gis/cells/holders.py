"""Which building holds each face of ground: by standing on it, or by being the nearest?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from gis.cells.plane import Plane
    from gis.cells.settings import CellSettings

__all__ = ["Stand", "block_of_each", "lots_of", "points_apart", "shared", "standing", "untouched"]


def points_apart(
    takes: np.ndarray, shape: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """Let points that lie in a footprint, or on another point, join that building's cell."""
    solid = shapely.get_dimensions(shape) == 2
    joined: list[tuple[int, int]] = []
    drop = np.zeros(len(takes), dtype=bool)
    spots = np.flatnonzero(~solid)
    if len(spots):
        hosts = np.flatnonzero(solid)
        point, host = shapely.STRtree(shape[hosts]).query(shape[spots], predicate="intersects")
        order = np.lexsort((hosts[host], shapely.area(shape[hosts[host]]), point))
        point, host = point[order], host[order]
        for k in np.unique(point, return_index=True)[1]:
            drop[spots[point[k]]] = True
            joined.append((int(takes[spots[point[k]]]), int(takes[hosts[host[k]]])))
        free = spots[~drop[spots]]
        keys = np.round(shapely.get_coordinates(shape[free]), 1)
        _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        for i, g in enumerate(group.ravel()):
            if first[g] != i:
                drop[free[i]] = True
                joined.append((int(takes[free[i]]), int(takes[free[first[g]]])))
    return takes[~drop], shape[~drop], solid[~drop], joined


def block_of_each(shape: np.ndarray, solid: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Block with the larger share of each building."""
    out = np.full(len(shape), -1, dtype=np.int64)
    if len(shape) == 0:
        return out
    block, building = shapely.STRtree(shape).query(blocks, predicate="intersects")
    alone = np.bincount(building, minlength=len(shape))[building] == 1
    share = np.where(alone | ~solid[building], 1.0, 0.0)
    cut = np.flatnonzero(~alone & solid[building])
    share[cut] = shapely.area(shapely.intersection(shape[building[cut]], blocks[block[cut]]))
    order = np.lexsort((block, -np.round(share, 6), building))
    first = np.unique(building[order], return_index=True)[1]
    out[building[order][first]] = block[order][first]
    lost = np.flatnonzero(out < 0)
    if len(lost):
        out[lost] = shapely.STRtree(blocks).nearest(shape[lost])
    return out


def untouched(
    shape: np.ndarray, solid: np.ndarray, blocks: np.ndarray, cuts: np.ndarray, sample_of: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Footprints that lie whole within their share: no border of a block or a share meets them, nor another footprint.

    Their outlines bound no cell and need not be noded.

    Returns
    -------
    bare : ndarray of bool, shape (b,)
        Such a footprint.
    free : ndarray of bool
        A cut that meets no other footprint either.
    """
    bare = solid & (np.bincount(sample_of, minlength=len(shape)) > 0) & (shapely.get_type_id(shape) == 3)
    tree = shapely.STRtree(shape)
    within = np.zeros(len(shape), dtype=bool)
    within[tree.query(blocks, predicate="contains_properly")[1]] = True
    a, b = tree.query(shape, predicate="intersects")
    footprint, cut = shapely.STRtree(cuts).query(shape, predicate="intersects")
    bare &= within
    bare[a[a != b]] = False
    bare[footprint] = False
    free = np.ones(len(cuts), dtype=bool)
    free[cut] = False
    return bare, free


def lots_of(faces: np.ndarray, shape: np.ndarray, bare: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Faces around untouched footprints, and these; None unless each has one of its own."""
    rows = np.flatnonzero(bare)
    face, row = shapely.STRtree(shapely.point_on_surface(shape[rows])).query(faces, predicate="contains")
    if len(np.unique(face)) < len(rows) or len(np.unique(row)) < len(rows) or len(face) > len(rows):
        return None
    return face, rows[row]


@dataclass
class Stand:
    """What stands on each face.

    Parameters
    ----------
    owner : ndarray of int64, shape (f,)
        The smallest footprint on the face (-1: none), or the point in it.
    core : ndarray of bool, shape (f,)
        Something stands there.
    overlaps : list of (winner, loser, m2)
    joined : list of (building, host)
        Buildings that others cover (nearly) whole.
    """

    owner: np.ndarray
    core: np.ndarray
    overlaps: list[tuple[int, int, float]]
    joined: list[tuple[int, int]]


def standing(
    plane: Plane,
    points: np.ndarray,
    shape: np.ndarray,
    solid: np.ndarray,
    lots: tuple[np.ndarray, np.ndarray] | None,
    settings: CellSettings,
) -> Stand:
    """Find the building on each face; where footprints overlap the smaller one has the ground.

    Parameters
    ----------
    plane : Plane
    points : ndarray of Point
        Inner points of the faces.
    shape : ndarray of geometry
    solid : ndarray of bool
        Whose outlines are borders of faces.
    lots : faces and buildings, optional
        See `lots_of`.
    settings : CellSettings
    """
    n = len(points)
    stand = Stand(np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=bool), [], [])
    owner, core = stand.owner, stand.core
    rows = np.flatnonzero(solid)
    if len(rows):
        which, face = shapely.STRtree(points).query(shape[rows], predicate="contains")
        which = rows[which]
        size = np.round(shapely.area(shape), 3)
        order = np.lexsort((which, size[which], face))
        which, face = which[order], face[order]
        used, first, rank = np.unique(face, return_index=True, return_inverse=True)
        owner[used], core[used] = which[first], True
        winner = which[first][rank]
        lost = winner != which
        area = shapely.area(plane.faces)
        keys, place = np.unique(np.column_stack([winner[lost], which[lost]]), axis=0, return_inverse=True)
        metres = np.bincount(place.ravel(), weights=area[face[lost]], minlength=len(keys))
        stand.overlaps = [(int(w), int(b), float(m)) for (w, b), m in zip(keys, metres, strict=True)]
        left = np.bincount(owner[core], weights=area[core], minlength=len(shape))
        covered = solid & (left < settings.same_share * shapely.area(shape))
        host = np.arange(len(shape))
        best = np.zeros(len(shape))
        for w, b, m in stand.overlaps:
            if covered[b] and not covered[w] and m > best[b]:
                host[b], best[b] = w, m
        stand.joined = [(int(b), int(host[b])) for b in np.flatnonzero(host != np.arange(len(shape)))]
        owner[core] = host[owner[core]]
    if lots is not None:
        owner[lots[0]], core[lots[0]] = lots[1], True
    spots = np.flatnonzero(shapely.get_dimensions(shape) == 0)
    if len(spots):
        spot, face = shapely.STRtree(plane.faces).query(shape[spots], predicate="intersects")
        order = np.lexsort((face, core[face], spot))
        for k in order[np.unique(spot[order], return_index=True)[1]]:
            if not core[face[k]]:
                owner[face[k]], core[face[k]] = spots[spot[k]], True
    return stand


def shared(
    stand: Stand,
    points: np.ndarray,
    block: np.ndarray,
    pools: list[np.ndarray],
    samples: np.ndarray,
    sample_of: np.ndarray,
) -> np.ndarray:
    """Give open faces to the building with the nearest sample of those that share the block; -1 where none does."""
    owner = stand.owner.copy()
    free = np.flatnonzero(~stand.core)
    free = free[np.argsort(block[free], kind="stable")]
    xy = shapely.get_coordinates(points)
    for b, mine in zip(*_runs(block[free]), strict=True):
        pool = pools[b]
        if len(pool):
            rows = free[mine]
            owner[rows] = sample_of[pool[cKDTree(samples[pool]).query(xy[rows])[1]]]
    host = np.arange(int(owner.max(initial=-1)) + 1)
    for b, h in stand.joined:
        if b < len(host):
            host[b] = h
    return np.where(owner >= 0, host[owner], -1) if len(host) else owner


def _runs(values: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Distinct values of a sorted array and the places of each."""
    used, start = np.unique(values, return_index=True)
    return used, np.split(np.arange(len(values)), start[1:]) if len(used) else []
