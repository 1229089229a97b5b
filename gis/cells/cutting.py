"""Where do old lines divide cells, without cutting a building?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gis.cells.plane import components, line_parts, node, plane_of, unite
from gis.cells.remade import Remade, Stand, on_lattice, remake
from gis.cells.split import CRUMB_M2, Children, children_of
from gis.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd

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
    tree = shapely.STRtree(polygons)
    stock = shapely.STRtree(np.asarray(buildings.geometry.array, object))
    made: list[Children] = []
    divided: list[int] = []
    whole: list[tuple[int, str]] = []
    for cell in np.asarray(cells, np.int64).tolist():
        ground = on_lattice(shapes[[cell]], settings.grid_m)[0]
        pieces = _pieces(ground, polygons[np.sort(tree.query(ground))], settings.grid_m)
        if len(pieces) < 2:
            continue
        try:
            near = buildings.iloc[np.sort(stock.query(ground, predicate="intersects"))]
            made.append(children_of(before, cell, pieces, near))
            divided.append(cell)
        except InputError as fault:
            whole.append((cell, fault.message))
    rows = np.array(divided, np.int64)
    if not made:
        return Cut(None, rows, whole)
    kept = np.setdiff1d(np.arange(len(shapes)), rows)
    counts = [len(children.cells) for children in made]
    stand = Stand(
        kept=kept,
        made=pd.concat([children.cells for children in made], ignore_index=True),
        buildings=[held for children in made for held in children.buildings],
        source=np.concatenate([kept, np.repeat(rows, counts)]),
        adjacency=before.adjacency,
    )
    return Cut(remake(before, stand, np.empty(0, object), settings), rows, whole)


def _pieces(ground: shapely.Geometry, polygons: np.ndarray, grid: float) -> np.ndarray:
    """Connected parts of a cell that lie in one polygon each; the cell itself where there is one only."""
    west, south, east, north = shapely.bounds(ground).tolist()
    local = shapely.clip_by_rect(polygons, west - 1, south - 1, east + 1, north + 1)
    polygons = np.where(shapely.is_valid(local), local, polygons)  # whole grids are slow to lay over one cell
    lines = shapely.intersection(shapely.boundary(polygons), ground)
    plane = plane_of(node(line_parts(np.append(lines, ground)), grid))
    inner = shapely.point_on_surface(plane.faces)
    inside = shapely.contains(ground, inner)
    share = shapely.area(shapely.intersection(polygons, ground))
    holds = shapely.contains(polygons[:, None], inner[None, :]) * share[:, None]
    owner = np.where(holds.any(axis=0), holds.argmax(axis=0), -1)
    label = np.where(inside, owner, -2)
    area = shapely.area(plane.faces)
    both: np.ndarray = (plane.sides >= 0).all(axis=1) & inside[plane.sides].all(axis=1)
    pairs, metres = plane.sides[both], plane.length[both]
    while True:
        group = components(len(label), pairs[label[pairs[:, 0]] == label[pairs[:, 1]]])
        size = np.bincount(group, np.where(inside, area, 0.0))
        small = _smallest(group, size, plane.faces, inside)
        if small < 0 or len(np.unique(group[inside])) < 2:
            break
        mine = (group[pairs] == small).sum(axis=1) == 1
        other = np.where(group[pairs[mine, 0]] == small, pairs[mine, 1], pairs[mine, 0])
        if not len(other):
            break
        border = np.bincount(group[other], metres[mine], len(size))
        label[group == small] = label[np.flatnonzero(group == border.argmax())[0]]
    parts = unite(plane.faces[inside], np.unique(group[inside], return_inverse=True)[1])
    return parts if (shapely.get_type_id(parts) == 3).all() else np.array([ground], object)


def _smallest(group: np.ndarray, size: np.ndarray, faces: np.ndarray, inside: np.ndarray) -> int:
    """The smallest part that is a crumb or a sliver; -1 where all are ground."""
    for part in np.argsort(size, kind="stable").tolist():
        mine = (group == part) & inside
        if not mine.any():
            continue
        shape = shapely.union_all(faces[mine])
        if size[part] < CRUMB_M2 or 2 * shape.area < THIN_M * shape.length:
            return int(part)
    return -1
