"""Which faces does a heap of lines make, and which of them share which edge?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

__all__ = ["Plane", "components", "edges_of", "line_parts", "node", "plane_of", "polygon_parts", "unite"]

Geometries = np.ndarray


def line_parts(geometries: Any) -> Geometries:
    """All line strings in `geometries` (rings of polygons too), empties and points left out."""
    parts: np.ndarray = shapely.get_parts(np.atleast_1d(np.asarray(geometries, dtype=object)))
    while len(parts) and np.any(shapely.get_type_id(parts) >= 4):
        parts = shapely.get_parts(parts)
    kind = shapely.get_type_id(parts)
    rings = shapely.get_rings(parts[kind == 3])
    lines = parts[(kind == 1) | (kind == 2)]
    out: np.ndarray = np.concatenate([lines, rings])
    out = np.asarray(out[~shapely.is_empty(out)])
    loops = shapely.get_type_id(out) == 2
    if loops.any():
        coords, index = shapely.get_coordinates(out[loops], return_index=True)
        out[loops] = shapely.linestrings(coords, indices=index)
    return out


def polygon_parts(geometry: Any) -> Geometries:
    """All non-empty polygons in `geometry`."""
    parts = shapely.get_parts(np.atleast_1d(np.asarray(geometry, dtype=object)))
    while len(parts) and np.any(shapely.get_type_id(parts) >= 4):
        parts = shapely.get_parts(parts)
    return np.asarray(parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)])


def node(lines: Geometries, grid: float) -> Geometries:
    """Node `lines` among each other, every vertex on a lattice of `grid` metres (snap rounding).

    Returns
    -------
    ndarray of LineString
        No two cross or overlap; they meet in shared vertices only.
    """
    if len(lines) == 0:
        return np.empty(0, dtype=object)
    return line_parts(shapely.union_all(lines, grid_size=grid))


@dataclass(frozen=True)
class Plane:
    """Faces of noded lines and the edges between them.

    Parameters
    ----------
    faces : ndarray of Polygon, shape (f,)
    edges : ndarray of float64, shape (e, 4)
        ``x0, y0, x1, y1`` of every straight edge of a face, each once.
    sides : ndarray of int32, shape (e, 2)
        The two faces of the edge, the lower first; ``-1`` first where there is a face on one side only.
    length : ndarray of float64, shape (e,)
    """

    faces: Geometries
    edges: np.ndarray
    sides: np.ndarray
    length: np.ndarray

    def borders(self, label: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs of different labels that share edges, the metres they share, and the edges' pair (-1: inner or outer).

        Parameters
        ----------
        label : ndarray of int, shape (f,)
            A label >= 0 of every face.

        Returns
        -------
        pairs : ndarray of int64, shape (m, 2)
            Lower label first, sorted.
        metres : ndarray of float64, shape (m,)
        pair_of_edge : ndarray of int64, shape (e,)
        """
        inner = self.sides[:, 0] >= 0
        a = np.where(inner, label[self.sides[:, 0]], -1)
        b = label[self.sides[:, 1]] if len(self.sides) else np.empty(0, np.int64)
        cross = inner & (a != b)
        low, high = np.minimum(a, b)[cross].astype(np.int64), np.maximum(a, b)[cross].astype(np.int64)
        base = int(label.max(initial=0)) + 1
        keys, place = np.unique(low * base + high, return_inverse=True)
        metres = np.bincount(place, weights=self.length[cross], minlength=len(keys))
        pair_of_edge = np.full(len(self.sides), -1, dtype=np.int64)
        pair_of_edge[cross] = place
        return np.column_stack([keys // base, keys % base]), metres, pair_of_edge


def edges_of(polygons: Geometries) -> tuple[np.ndarray, np.ndarray]:
    """Every directed straight edge of `polygons`: ``x0, y0, x1, y1`` and the polygon it belongs to."""
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[:-1] == ring[1:]
    return np.hstack([coords[:-1][same], coords[1:][same]]), of_polygon[ring[:-1][same]]


def pair_up(edges: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Undirected edges, each once, and their one or two owners (-1 first where there is one)."""
    flip = (edges[:, 0] > edges[:, 2]) | ((edges[:, 0] == edges[:, 2]) & (edges[:, 1] > edges[:, 3]))
    keys = np.where(flip[:, None], edges[:, [2, 3, 0, 1]], edges)
    order = np.lexsort((owner, keys[:, 3], keys[:, 2], keys[:, 1], keys[:, 0]))
    keys, owner = keys[order], owner[order]
    first = np.ones(len(keys), dtype=bool)
    first[1:] = np.any(keys[1:] != keys[:-1], axis=1)
    start = np.flatnonzero(first)
    count = np.diff(np.append(start, len(keys)))
    sides = np.full((len(start), 2), -1, dtype=np.int64)
    sides[:, 1] = owner[start]
    double = count >= 2
    sides[double, 0] = owner[start[double]]
    sides[double, 1] = owner[start[double] + 1]
    return keys[start], sides


def plane_of(noded: Geometries) -> Plane:
    """Polygonize noded lines; dangles and cut edges make no face and are left out."""
    return plane_of_faces(polygon_parts(shapely.polygonize(noded)) if len(noded) else np.empty(0, dtype=object))


def plane_of_faces(faces: Geometries) -> Plane:
    """Edges between faces that are edge-matched already."""
    directed, owner = edges_of(faces)
    edges, sides = pair_up(directed, owner)
    length = np.hypot(edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1])
    return Plane(faces, edges, sides, length)


def components(n: int, pairs: np.ndarray) -> np.ndarray:
    """Component number of each of `n` things joined by `pairs`, numbered by their first member."""
    if n == 0:
        return np.empty(0, dtype=np.int64)
    graph = coo_matrix((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    label = connected_components(graph, directed=False)[1]
    _, first = np.unique(label, return_index=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return np.asarray(rank[label])


def unite(faces: Geometries, label: np.ndarray) -> Geometries:
    """Union of the faces of each label 0..n-1, exact: shared edges vanish and no vertex moves."""
    n = int(label.max(initial=-1)) + 1
    out = np.empty(n, dtype=object)
    order = np.argsort(label, kind="stable")
    start = np.searchsorted(label[order], np.arange(n + 1))
    count = np.diff(start)
    out[count == 1] = faces[order[start[:-1][count == 1]]]
    for i in np.flatnonzero(count != 1):
        united = shapely.coverage_union_all(faces[order[start[i] : start[i + 1]]])
        if united.geom_type != "Polygon":
            parts = polygon_parts(united)
            united = parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
        out[i] = united
    return out
