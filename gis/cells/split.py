"""How does a planner's line split a cell, without cutting a building?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from gis._offenders import mended
from gis.cells.plane import line_parts, node, plane_of
from gis.cells.remade import COLUMNS, Remade, Stand, buildings_in, on_lattice, remake
from gis.cuts import find_cuts
from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gis.cells.settings import CellSettings
    from gis.graph import Tessellation

__all__ = ["CRUMB_M2", "Stock", "children_of", "cut_by", "homes", "split_cell"]

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
    stock = Stock.of(buildings)
    cut = cut_by(pieces, stock, np.flatnonzero(shapely.intersects(stock.shapes, ground)))
    if cut:
        raise InputError(cut, "Draw it round the building.")
    held = homes(pieces, buildings_in(before)[cell], stock)
    kept = np.delete(np.arange(len(shapes)), cell)
    stand = Stand(
        kept=kept,
        made=children_of(before, np.full(len(pieces), cell), pieces, held),
        buildings=held,
        source=np.concatenate([kept, np.full(len(pieces), cell)]),
        adjacency=before.adjacency,
    )
    return remake(before, stand, np.empty(0, object), settings)


class Stock(NamedTuple):
    """Buildings by what splitting a cell asks of them.

    Parameters
    ----------
    codes : ndarray of str, shape (b,)
    shapes : ndarray of Geometry, shape (b,)
        Valid, metres.
    row : dict
        Row by code.
    """

    codes: np.ndarray
    shapes: np.ndarray
    row: dict[str, int]

    @classmethod
    def of(cls, buildings: gpd.GeoDataFrame) -> Stock:
        """Read ``building_id`` and footprints in metres; broken ones are mended."""
        codes = buildings["building_id"].astype(str).to_numpy(object)
        return cls(codes, mended(buildings), {code: i for i, code in enumerate(codes)})


def cut_by(pieces: np.ndarray, stock: Stock, near: np.ndarray) -> str | None:
    """Say which building a border between the pieces of a cell cuts, and by how much; None where none.

    Parameters
    ----------
    pieces : ndarray of Polygon
        They tile the cell.
    stock : Stock
    near : ndarray of int
        Rows of `stock` of all that stands on the cell.
    """
    found = find_cuts(pieces, np.zeros(len(pieces), np.int64), stock.shapes[near])
    if not found:
        return None
    row, _, amount = found[0]
    return f"The line cuts building {stock.codes[near[row]]} ({amount:.1f} m² on one side)."


def homes(pieces: np.ndarray, codes: Iterable[str], stock: Stock) -> list[set[str]]:
    """Tell which of a cell's buildings each piece gets: by their larger share, points by where they are."""
    held: list[set[str]] = [set() for _ in pieces]
    for code in sorted(codes):
        row = stock.row.get(code)
        share = np.zeros(len(pieces)) if row is None else shapely.area(shapely.intersection(pieces, stock.shapes[row]))
        if row is not None and not share.any():
            share = -shapely.distance(pieces, shapely.point_on_surface(stock.shapes[row]))
        held[int(np.argmax(share))].add(code)
    return held


def children_of(
    before: Tessellation, parent: np.ndarray, pieces: np.ndarray, held: Sequence[set[str]]
) -> gpd.GeoDataFrame:
    """Make cells of the pieces of some.

    Parameters
    ----------
    before : Tessellation
    parent : ndarray of int, shape (n,)
        Row of the cell that each piece is of.
    pieces : ndarray of Polygon, shape (n,)
    held : sequence of set of str, length n
        Buildings of each.

    Returns
    -------
    GeoDataFrame
        Columns as in `gis.cells.remade.Remade.cells`.
    """
    rows = before.cells.iloc[parent][COLUMNS].reset_index(drop=True)
    owner = rows["building_id"].to_numpy(object)
    rows["building_id"] = [
        own if own in codes else min(codes, default=None) for own, codes in zip(owner, held, strict=True)
    ]
    return gpd.GeoDataFrame(rows, geometry=list(pieces), crs=before.cells.crs)
