"""How does a planner's line split a cell, without cutting a building?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from gis.cells.plane import line_parts, node, plane_of
from gis.cells.remade import COLUMNS, Remade, Stand, on_lattice, remake
from gis.cuts import cut_buildings
from gis.errors import InputError

if TYPE_CHECKING:
    from gis.cells.settings import CellSettings
    from gis.graph import Tessellation

__all__ = ["CRUMB_M2", "Children", "children_of", "split_cell"]

CRUMB_M2 = 1.0
"""A piece smaller than this is no cell."""


def split_cell(
    before: Tessellation,
    cell: int,
    line: shapely.LineString,
    buildings: gpd.GeoDataFrame,
    settings: CellSettings,
) -> Remade:
    """Split a cell along a line; neighbours that get a vertex by it are replaced too.

    Parameters
    ----------
    before : Tessellation
        Cells in metres.
    cell : int
        Row of the cell.
    line : LineString
        In metres; what lies beyond the cell does not count.
    buildings : GeoDataFrame
        ``building_id`` and footprints in metres, of all that stands on the cell and beside it.
    settings : CellSettings
        `grid_m`, `min_border_m`.

    Returns
    -------
    Remade
        The children tile the cell exactly.

    Raises
    ------
    InputError
        The line does not lead through the cell, cuts a building, or leaves a crumb.
    """
    grid = settings.grid_m
    shapes = on_lattice(np.asarray(before.cells.geometry.array, object), grid)
    ground = shapes[cell]
    faces = plane_of(node(line_parts(np.array([ground, line], dtype=object)), grid)).faces
    pieces = faces[shapely.contains(ground, shapely.point_on_surface(faces))]
    if len(pieces) < 2:
        raise InputError("The line does not lead through the cell.", "Draw it from one side of the cell to another.")
    if shapely.area(pieces).min() < CRUMB_M2:
        raise InputError("The line leaves a piece of less than 1 m².", "Draw it further from the border of the cell.")
    children = children_of(before, cell, pieces, buildings)
    kept = np.delete(np.arange(len(shapes)), cell)
    stand = Stand(
        kept=kept,
        made=children.cells,
        buildings=children.buildings,
        source=np.concatenate([kept, np.full(len(pieces), cell)]),
        adjacency=before.adjacency,
    )
    return remake(before, stand, np.empty(0, object), settings)


@dataclass(frozen=True)
class Children:
    """Pieces of a cell as cells: columns as in `Remade.cells`, and the buildings of each."""

    cells: gpd.GeoDataFrame
    buildings: list[set[str]]


def children_of(before: Tessellation, cell: int, pieces: np.ndarray, buildings: gpd.GeoDataFrame) -> Children:
    """Make cells of the pieces of one.

    Parameters
    ----------
    before : Tessellation
        Cells in metres.
    cell : int
        Row of the cell.
    pieces : ndarray of Polygon
        They tile it.
    buildings : GeoDataFrame
        ``building_id`` and footprints in metres, of all that stands on the cell and beside it.

    Raises
    ------
    InputError
        A border between pieces cuts a building.
    """
    row = before.cells.iloc[[cell] * len(pieces)][COLUMNS].reset_index(drop=True)
    children = gpd.GeoDataFrame(row, geometry=list(pieces), crs=before.cells.crs)
    near = buildings[shapely.intersects(buildings.geometry.to_numpy(), shapely.union_all(pieces))]
    cut = cut_buildings(children.assign(grid_code=[str(k) for k in range(len(pieces))]), near)
    if len(cut):
        raise InputError(
            f"The line cuts building {cut['code'].iloc[0]} ({cut['amount'].iloc[0]:.1f} m² on one side).",
            "Draw it round the building.",
        )
    table = before.building_cell
    mine = table["building_id"][table["cell"].to_numpy() == cell].astype(str).tolist()
    held = _homes(pieces, mine, buildings)
    owner = before.cells["building_id"].iloc[cell]
    children["building_id"] = [owner if owner in codes else min(codes, default=None) for codes in held]
    return Children(children, held)


def _homes(pieces: np.ndarray, codes: list[str], buildings: gpd.GeoDataFrame) -> list[set[str]]:
    """Buildings of each piece: by their larger share, points by where they are."""
    held: list[set[str]] = [set() for _ in pieces]
    place = dict(zip(buildings["building_id"].astype(str), buildings.geometry, strict=True))
    for code in codes:
        share = shapely.area(shapely.intersection(pieces, place[code])) if code in place else np.zeros(len(pieces))
        if code in place and not share.any():
            share = -shapely.distance(pieces, shapely.point_on_surface(place[code]))
        held[int(np.argmax(share))].add(code)
    return held
