"""How do cells on the two sides of a community border come to share every vertex?"""

from __future__ import annotations

import numpy as np
import shapely

from gis.cells.plane import edges_of, pair_up, plane_of_faces

__all__ = ["stitch"]


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
        Edge-matched; cells away from such places are the same objects.
    """
    directed, owner = edges_of(cells)
    edges, sides = pair_up(directed, owner)
    single = sides[:, 0] < 0
    edges, side = edges[single], sides[single, 1]
    if len(edges) == 0:
        return cells
    vertices = np.unique(np.concatenate([edges[:, :2], edges[:, 2:]]), axis=0)
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
    edge, vertex, t = edge[order], vertex[order], t[order]
    out = cells.copy()
    for cell in np.unique(side[edge]):
        extra: dict[bytes, np.ndarray] = {}
        mine = side[edge] == cell
        for e in np.unique(edge[mine]):
            points = vertices[vertex[mine & (edge == e)]]
            extra[edges[e].tobytes()] = points
            extra[edges[e][[2, 3, 0, 1]].tobytes()] = points[::-1]
        out[cell] = _with_vertices(cells[cell], extra)
    return out


def _with_vertices(polygon: shapely.Geometry, extra: dict[bytes, np.ndarray]) -> shapely.Geometry:
    rings = []
    for ring in shapely.get_rings(polygon):
        xy = shapely.get_coordinates(ring)
        legs = np.hstack([xy[:-1], xy[1:]])
        pieces = []
        for i, leg in enumerate(legs):
            pieces.append(xy[i : i + 1])
            points = extra.get(leg.tobytes())
            if points is not None:
                pieces.append(points)
        pieces.append(xy[-1:])
        rings.append(np.concatenate(pieces))
    return shapely.Polygon(rings[0], rings[1:])


def unmatched_metres(cells: np.ndarray) -> float:
    """Metres of edge that only one cell has: the outer rim of an exact coverage."""
    plane = plane_of_faces(cells)
    return float(plane.length[plane.sides[:, 0] < 0].sum())
