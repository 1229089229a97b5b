"""Where does the ground nearest to one building end and that nearest to the next begin?"""

from __future__ import annotations

import math

import numpy as np
import shapely
from scipy.spatial import Voronoi

__all__ = ["lattice", "outline_samples", "ridges"]

SAME_M = 1e-3
"""Samples nearer than this are one; the ground between goes to the first building."""


def outline_samples(geometry: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Points that stand for buildings: vertices and every `spacing` metres of an outline, or the point.

    Returns
    -------
    xy : ndarray of float64, shape (n, 2)
    which : ndarray of int64, shape (n,)
        Row in `geometry`.
    """
    return shapely.get_coordinates(shapely.segmentize(geometry, spacing), return_index=True)


def ridges(xy: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Lines between the Voronoi regions of different owners.

    Parameters
    ----------
    xy : ndarray of float64, shape (n, 2)
    owner : ndarray of int64, shape (n,)

    Returns
    -------
    ndarray of LineString
        Two points each; they reach far beyond the samples.
    """
    if len(xy) == 0 or np.all(owner == owner[0]):
        return np.empty(0, dtype=object)
    _, first = np.unique(np.round(xy / SAME_M).astype(np.int64), axis=0, return_index=True)
    first.sort()
    xy, owner = xy[first], owner[first]
    if np.all(owner == owner[0]):
        return np.empty(0, dtype=object)
    origin = xy.mean(axis=0)
    local = xy - origin
    reach = 20.0 * (float(np.abs(local).max()) + 100.0)
    frame = reach * np.array([[-1.0, -1.1], [1.1, -1.0], [1.0, 1.1], [-1.1, 1.0]])
    diagram = Voronoi(np.vstack([local, frame]))
    sites = diagram.ridge_points
    real = (sites < len(local)).all(axis=1)
    differ = np.zeros(len(sites), dtype=bool)
    differ[real] = owner[sites[real, 0]] != owner[sites[real, 1]]
    ends = np.array([v for v, keep in zip(diagram.ridge_vertices, differ, strict=True) if keep], dtype=np.int64)
    if len(ends) == 0:
        return np.empty(0, dtype=object)
    ends = ends[(ends >= 0).all(axis=1)]
    return shapely.linestrings(diagram.vertices[ends] + origin)


def lattice(ground: shapely.Geometry, piece_m2: float) -> np.ndarray:
    """Lines that cut a piece of ground into parts of at most `piece_m2`, along its longer side."""
    box = shapely.minimum_rotated_rectangle(ground)
    corners = shapely.get_coordinates(box)[:4]
    if len(corners) < 4:
        return np.empty(0, dtype=object)
    a, b = corners[1] - corners[0], corners[3] - corners[0]
    side = math.sqrt(piece_m2)
    out = []
    for along, across in ((a, b), (b, a)):
        n = math.ceil(float(np.hypot(*along)) / side)
        for i in range(1, n):
            start = corners[0] + along * (i / n) - across * 0.01
            out.append([start, start + across * 1.02])
    return shapely.linestrings(np.array(out)) if out else np.empty(0, dtype=object)
