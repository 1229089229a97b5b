"""What does the partitioner see of a district: cells, what they carry, and who touches whom along what?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from gis.remarks import Report

__all__ = ["BARRIER_KINDS", "FOLLOWS", "STREET_CLASSES", "STREET_WIDTH", "Adjacency", "Tessellation", "follows_code"]

BARRIER_KINDS = ("street", "water", "rail", "wall")

STREET_CLASSES = ("expressway", "primary", "secondary", "tertiary", "residential", "service", "path")

STREET_WIDTH = {
    "expressway": 40.0,
    "primary": 36.0,
    "secondary": 22.0,
    "tertiary": 16.0,
    "residential": 10.0,
    "service": 6.0,
    "path": 3.0,
}
"""Carriageway width by class in metres, used where the data carry none."""

FOLLOWS = (
    "none",
    "compound",
    "wall",
    "path",
    "service",
    "residential",
    "tertiary",
    "secondary",
    "primary",
    "expressway",
    "rail",
    "water",
    "block",
)
"""What a border between two cells runs along, by index: the strongest feature that covers most of it.

``block`` is a border between blocks whose feature has no class (a land-cover edge, a missing class);
``compound`` is an outline of a walled compound.
"""


def follows_code(name: str) -> int:
    """Index of `name` in `FOLLOWS` (KeyError-free: unknown names are ``block``)."""
    return FOLLOWS.index(name) if name in FOLLOWS else FOLLOWS.index("block")


@dataclass(frozen=True)
class Adjacency:
    """Pairs of cells that touch, by row position in `Tessellation.cells`.

    Parameters
    ----------
    pairs : ndarray of int32, shape (m, 2)
        ``pairs[:, 0] < pairs[:, 1]``; both cells are of one community; each pair once.
    length : ndarray of float64, shape (m,)
        Metres of shared border; 0 for a pure link.
    follows : ndarray of int8, shape (m,)
        Index into `FOLLOWS`: what the greater part of the shared border runs along.
    link : ndarray of bool, shape (m,)
        True where the pair is connected by declaration or by rule 6 instead of >= 1 m of border.
    """

    pairs: np.ndarray
    length: np.ndarray
    follows: np.ndarray
    link: np.ndarray

    @staticmethod
    def empty() -> Adjacency:
        """No pairs."""
        return Adjacency(np.empty((0, 2), np.int32), np.empty(0), np.empty(0, np.int8), np.empty(0, bool))


@dataclass(frozen=True)
class Tessellation:
    """Cells of a district and their neighbourhood.

    Parameters
    ----------
    cells : GeoDataFrame
        One row a cell, in the metric CRS; index 0..n-1. Columns: ``community_id`` (str), ``block_id`` (int64, unique
        in the district), ``building_id`` (str or None: the building whose share the cell is), ``compound_id`` (str or
        None), ``households`` (float, sum over the buildings located in the cell), ``buildings`` (int), ``geometry``
        (Polygon). Cells of a community tile it exactly (zero-tolerance `shapely.coverage_is_valid`). ``load`` (float)
        where something else than households is balanced, see `gis.partition.loads`.
    building_cell : DataFrame
        ``building_id``, ``cell`` (row position in `cells`), ``households``: every building exactly once; a building
        that no cell could be given to is absent here and named in `report`.
    adjacency : Adjacency
    communities : GeoDataFrame
        ``community_id``, ``geometry``: the communities as snapped and noded (union of their cells), same CRS.
    report : Report
        Every mend, every remainder.
    load : str
        What is balanced, as `gis.partition.loads.Load` writes it.
    """

    cells: gpd.GeoDataFrame
    building_cell: pd.DataFrame
    adjacency: Adjacency
    communities: gpd.GeoDataFrame
    report: Report = field(repr=False)
    load: str = "households"
