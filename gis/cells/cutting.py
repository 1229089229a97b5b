"""Where do old lines divide cells, without cutting a building?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.plane import components, line_parts, node, plane_of, unite
from gis.cells.remade import Remade, Stand, buildings_in, on_lattice, remake
from gis.cells.split import CRUMB_M2, Stock, children_of, cut_by, homes

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.cells.plane import Plane
    from gis.cells.settings import CellSettings
    from gis.graph import Tessellation

__all__ = ["Cut", "cut_cells"]

THIN_M = 0.5
"""A piece narrower than this is drawing, no ground: it stays with the piece it has most border with."""


@dataclass(frozen=True)
class Cut:
    """Cells divided along lines.

    Parameters
    ----------
    remade : Remade or None
        None where no cell is divided.
    divided : ndarray of int64
        Rows of the cells that were divided.
    whole : list of (int, str)
        Rows of the cells that a line crosses but that stay whole, and why.
    """

    remade: Remade | None
    divided: np.ndarray
    whole: list[tuple[int, str]]


def cut_cells(
    before: Tessellation, cells: np.ndarray, polygons: np.ndarray, buildings: gpd.GeoDataFrame, settings: CellSettings
) -> Cut:
    """Divide cells along the borders of polygons.

    Parameters
    ----------
    before : Tessellation
        Cells in metres.
    cells : ndarray of int
        Rows of those that lie in several polygons.
    polygons : ndarray of Polygon or MultiPolygon
        Valid, metres. Where they overlap in a cell, the ground goes to the one with the larger share of it; ground of
        none goes to the piece beside it unless it is wide.
    buildings : GeoDataFrame
        ``building_id`` and footprints in metres.
    settings : CellSettings
        `grid_m`, `min_border_m`.

    Returns
    -------
    Cut
        Where a border cuts a building the cell stays whole. Neighbours that get a vertex are replaced too.
    """
    shapes = np.asarray(before.cells.geometry.array, object)
    cells = np.asarray(cells, np.int64)
    grounds = on_lattice(shapes[cells], settings.grid_m)
    over = _by_ground(polygons, grounds)
    stock, held = Stock.of(buildings), buildings_in(before)
    near = _by_ground(stock.shapes, grounds)
    divided: list[int] = []
    whole: list[tuple[int, str]] = []
    pieces: list[np.ndarray] = []
    homes_of: list[set[str]] = []
    for i, cell in enumerate(cells.tolist()):
        parts = _pieces(grounds[i], polygons[over[i]], settings.grid_m)
        if len(parts) < 2:
            continue
        cut = cut_by(parts, stock, near[i])
        if cut:
            whole.append((cell, cut))
            continue
        divided.append(cell)
        pieces.append(parts)
        homes_of += homes(parts, held[cell], stock)
    rows = np.array(divided, np.int64)
    if not divided:
        return Cut(None, rows, whole)
    kept = np.setdiff1d(np.arange(len(shapes)), rows)
    parent = np.repeat(rows, [len(parts) for parts in pieces])
    stand = Stand(
        kept=kept,
        made=children_of(before, parent, np.concatenate(pieces), homes_of),
        buildings=homes_of,
        source=np.concatenate([kept, parent]),
        adjacency=before.adjacency,
    )
    return Cut(remake(before, stand, np.empty(0, object), settings), rows, whole)


def _by_ground(shapes: np.ndarray, grounds: np.ndarray) -> list[np.ndarray]:
    """Rows of the shapes that meet each ground, ascending."""
    ground, shape = shapely.STRtree(shapes).query(grounds, predicate="intersects")
    order = np.lexsort((shape, ground))
    return np.split(shape[order], np.searchsorted(ground[order], np.arange(1, len(grounds))))


def _pieces(ground: shapely.Geometry, polygons: np.ndarray, grid: float) -> np.ndarray:
    """Connected parts of a cell that lie in one polygon each; the cell itself where there is one only."""
    west, south, east, north = shapely.bounds(ground).tolist()
    local = shapely.clip_by_rect(polygons, west - 1, south - 1, east + 1, north + 1)
    polygons = np.where(shapely.is_valid(local), local, polygons)  # whole grids are slow to lay over one cell
    lines = shapely.intersection(shapely.boundary(polygons), ground)
    plane = plane_of(node(line_parts(np.append(lines, ground)), grid))
    inner = shapely.point_on_surface(plane.faces)
    inside = shapely.contains(ground, inner)
    area = np.where(inside, shapely.area(plane.faces), 0.0)
    holds = shapely.contains(polygons[:, None], inner[None, :])
    owner = np.where(holds.any(axis=0), (holds * (holds @ area)[:, None]).argmax(axis=0), -1)
    if len(np.unique(owner[inside])) < 2:
        return np.array([ground], object)
    group = _grounds(plane, np.where(inside, owner, -2), area)
    parts = unite(plane.faces[inside], np.unique(group[inside], return_inverse=True)[1])
    return parts if (shapely.get_type_id(parts) == 3).all() else np.array([ground], object)


def _grounds(plane: Plane, label: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Group faces of one label that touch; crumbs and slivers, the smallest first, go where they have most border.

    Parameters
    ----------
    plane : Plane
    label : ndarray of int, shape (f,)
        Polygon of each face; -2 outside the cell.
    area : ndarray of float, shape (f,)
        Zero outside the cell.

    Returns
    -------
    ndarray of int64, shape (f,)
    """
    both = (plane.sides >= 0).all(axis=1)
    sides, metres = plane.sides[both], plane.length[both]
    rim = np.bincount(plane.sides[~both, 1], plane.length[~both], len(label))
    group = components(len(label), sides[label[sides[:, 0]] == label[sides[:, 1]]])
    n = int(group.max()) + 1
    of = np.full(n, -2)
    of[group] = label
    within = (label[sides] != -2).all(axis=1)
    while True:
        a, b = group[sides].T
        apart = a != b
        size = np.bincount(group, area, n)
        outline = np.bincount(group, rim, n)
        outline += np.bincount(a[apart], metres[apart], n) + np.bincount(b[apart], metres[apart], n)
        poor = (size > 0) & ((size < CRUMB_M2) | (2 * size < THIN_M * outline))
        small = int(np.where(poor, size, np.inf).argmin())
        border: np.ndarray = np.zeros(n)
        if poor[small]:
            mine = apart & within & ((a == small) | (b == small))
            border = np.bincount(np.where(a == small, b, a)[mine], metres[mine], n)
        if not border.any():
            return group
        of[small] = of[border.argmax()]
        joined = np.flatnonzero((border > 0) & (of == of[small]))  # it may join several of that polygon
        group[np.isin(group, joined)] = small
