"""How do cells on the two sides of a community border come to share every vertex?"""

from __future__ import annotations

import numpy as np
import shapely
from scipy.spatial import cKDTree

from gis.cells.plane import components, edges_of, line_parts, node, pair_up, plane_of, polygon_parts, unite

__all__ = ["stitch", "stitched"]

NEAR_GRIDS = 10.0
"""Border vertices nearer than this many lattice steps become one."""


def stitch(cells: np.ndarray, grid: float) -> np.ndarray:
    """Insert into every border the vertices that cells on its other side have on it.

    Each community was noded alone, so a street meeting the border from one side left a vertex there (within `grid` of
    the straight line) that the other side lacks.

    Parameters
    ----------
    cells : ndarray of Polygon
    grid : float
        Lattice of the noding in metres.

    Returns
    -------
    ndarray of Polygon
        Edge-matched and valid; cells away from such places are the same objects.
    """
    return stitched(cells, grid)[0]


def stitched(cells: np.ndarray, grid: float) -> tuple[np.ndarray, bool]:
    """Cells as of `stitch`, and whether they are an exact coverage."""
    rim = _rim(cells)
    near = _with_near_as_one(cells, rim, grid)
    out = _with_missing(near, rim if near is cells else _rim(near), grid)
    if shapely.is_valid(out).all() and shapely.coverage_is_valid(out):
        return out, True
    out = _noded_again(cells, grid)
    return out, bool(shapely.coverage_is_valid(out))


def _rim(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges that one cell alone has, and that cell."""
    edges, sides = pair_up(*edges_of(cells))
    single = sides[:, 0] < 0
    return edges[single], sides[single, 1]


def _distinct(edges: np.ndarray) -> np.ndarray:
    """Ends of edges, each once, in the order of x and y."""
    ends = np.unique(np.concatenate([edges[:, 0] + 1j * edges[:, 1], edges[:, 2] + 1j * edges[:, 3]]))
    return np.column_stack([ends.real, ends.imag])


def _with_near_as_one(cells: np.ndarray, rim: tuple[np.ndarray, np.ndarray], grid: float) -> np.ndarray:
    edges, _ = rim
    if len(edges) == 0:
        return cells
    vertices = _distinct(edges)
    pairs = cKDTree(vertices).query_pairs(NEAR_GRIDS * grid, output_type="ndarray")
    if len(pairs) == 0:
        return cells
    group = components(len(vertices), pairs)
    first = np.unique(group, return_index=True)[1]
    moved = np.flatnonzero(first[group] != np.arange(len(vertices)))
    to = {vertices[i].tobytes(): vertices[first[group[i]]] for i in moved}
    touched = np.unique(shapely.STRtree(cells).query(shapely.points(vertices[moved]), "dwithin", distance=grid)[1])
    out = cells.copy()
    for cell in touched:
        rings = []
        for ring in shapely.get_rings(cells[cell]):
            xy = np.array([to.get(p.tobytes(), p) for p in shapely.get_coordinates(ring)])
            keep = np.append(True, np.any(xy[1:] != xy[:-1], axis=1))
            if keep.sum() >= 4:
                rings.append(xy[keep])
        if rings:
            out[cell] = shapely.Polygon(rings[0], rings[1:])
    return out


def _with_missing(cells: np.ndarray, rim: tuple[np.ndarray, np.ndarray], grid: float) -> np.ndarray:
    edges, side = rim
    if len(edges) == 0:
        return cells
    vertices = _distinct(edges)
    lines = shapely.linestrings(edges.reshape(-1, 2, 2))
    edge, vertex = shapely.STRtree(shapely.points(vertices)).query(lines, predicate="dwithin", distance=1.5 * grid)
    a, b, v = edges[edge, :2], edges[edge, 2:], vertices[vertex]
    along = b - a
    t = ((v - a) * along).sum(axis=1) / (along**2).sum(axis=1)
    inner = (t > 0) & (t < 1) & np.any(v != a, axis=1) & np.any(v != b, axis=1)
    edge, vertex, t = edge[inner], vertex[inner], t[inner]
    if len(edge) == 0:
        return cells
    order = np.lexsort((vertex, t, edge))
    edge, vertex = edge[order], vertex[order]
    extra: dict[bytes, np.ndarray] = {}
    used, start = np.unique(edge, return_index=True)
    for e, points in zip(used, np.split(vertices[vertex], start[1:]), strict=True):
        extra[edges[e].tobytes()] = points
        extra[edges[e][[2, 3, 0, 1]].tobytes()] = points[::-1]
    out = cells.copy()
    for cell in np.unique(side[edge]):
        out[cell] = _with_vertices(cells[cell], extra)
    return out


def _with_vertices(polygon: shapely.Geometry, extra: dict[bytes, np.ndarray]) -> shapely.Geometry:
    rings = []
    for ring in shapely.get_rings(polygon):
        xy = shapely.get_coordinates(ring)
        legs = np.hstack([xy[:-1], xy[1:]]).tobytes()
        found = [(i, extra[leg]) for i in range(len(xy) - 1) if (leg := legs[32 * i : 32 * i + 32]) in extra]
        at = np.repeat([i + 1 for i, _ in found], [len(points) for _, points in found])
        rings.append(np.insert(xy, at, np.concatenate([points for _, points in found]), axis=0) if found else xy)
    return shapely.Polygon(rings[0], rings[1:])


def _noded_again(cells: np.ndarray, grid: float) -> np.ndarray:
    """Node all cells of the district together: slow and sure, where stitching did not do."""
    plane = plane_of(node(line_parts(shapely.boundary(cells)), grid))
    points = shapely.point_on_surface(plane.faces)
    cell, face = shapely.STRtree(points).query(cells, predicate="contains")
    first = np.unique(face, return_index=True)[1]
    cell, face = cell[first], face[first]
    united = unite(plane.faces[face], np.unique(cell, return_inverse=True)[1])
    out = cells.copy()
    for i, shape in zip(np.unique(cell), united, strict=True):
        parts = polygon_parts(shape)
        out[i] = parts[np.argmax(shapely.area(parts))]
    return out
