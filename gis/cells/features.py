"""Which lines bound blocks, and what is each of them: street, water, rail, wall, compound outline?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gis.cells.shapes import mended_polygon
from gis.graph import BARRIER_KINDS, FOLLOWS, STREET_CLASSES, follows_code

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.cells.findings import Findings
    from gis.cells.settings import CellSettings

__all__ = ["STRENGTH", "Lines", "barrier_lines", "flags", "texts"]

STRENGTH = np.array(
    [
        FOLLOWS.index(name)
        for name in (
            "none",
            "block",
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
        )
    ]
)
"""Codes of `FOLLOWS` from the weakest to the strongest."""

BOUNDING_LANDCOVER = {"water": "water", "green": "block", "campus": "block"}


@dataclass
class Lines:
    """Lines on the ground.

    Parameters
    ----------
    geometry : ndarray of LineString
        In metres.
    follows : ndarray of int8
        Index into `FOLLOWS`.
    bounds : ndarray of bool
        Takes part in bounding blocks (others only name what a border follows).
    bridge : ndarray of bool
        A street or rail on a bridge.
    soft : ndarray of bool
        An outline of a compound or of land cover, not a street, water, rail or wall.
    """

    geometry: np.ndarray
    follows: np.ndarray
    bounds: np.ndarray
    bridge: np.ndarray
    soft: np.ndarray

    def near(self, tree: shapely.STRtree, ground: shapely.Geometry, metres: float) -> Lines:
        """Lines within some metres of a piece of ground, in their order."""
        rows = np.sort(tree.query(ground, predicate="dwithin", distance=metres))
        return Lines(self.geometry[rows], self.follows[rows], self.bounds[rows], self.bridge[rows], self.soft[rows])

    def none(self) -> Lines:
        """No lines."""
        return Lines(self.geometry[:0], self.follows[:0], self.bounds[:0], self.bridge[:0], self.soft[:0])


def flags(frame: gpd.GeoDataFrame, column: str) -> np.ndarray:
    """Whether each row says yes, in whatever words; no where the column is missing."""
    if column not in frame:
        return np.zeros(len(frame), dtype=bool)
    text = frame[column].astype("string").str.strip().str.lower().fillna("")
    return np.asarray(~text.isin(["", "no", "false", "0", "0.0", "none", "nan"]).to_numpy(dtype=bool))


def texts(frame: gpd.GeoDataFrame, column: str, *, fold: bool = True) -> list[str]:
    """Words of a column, in small letters where folded; empty where missing."""
    if column not in frame:
        return [""] * len(frame)
    words = ["" if v is None or v is pd.NA or v != v else str(v).strip() for v in frame[column]]  # noqa: PLR0124
    return [word.lower() for word in words] if fold else words


def barrier_lines(
    barriers: gpd.GeoDataFrame | None,
    compounds: gpd.GeoDataFrame | None,
    landcover: gpd.GeoDataFrame | None,
    settings: CellSettings,
    findings: Findings,
) -> Lines:
    """Bring barriers, compound outlines and land-cover edges to lines; tunnels are left out.

    Parameters
    ----------
    barriers, compounds, landcover : GeoDataFrame or None
        In the metric CRS, columns as in the importers.
    settings : CellSettings
        `block_classes`.
    findings : Findings
        Gets how many tunnels and unusable rows were left out.
    """
    rows: list[tuple[shapely.Geometry | None, int, bool, bool, bool]] = []
    if barriers is not None:
        tunnel, bridge = flags(barriers, "tunnel"), flags(barriers, "bridge")
        words = zip(texts(barriers, "kind"), texts(barriers, "class"), strict=True)
        for i, (geometry, (kind, name)) in enumerate(zip(barriers.geometry, words, strict=True)):
            if tunnel[i]:
                continue
            street = kind == "street" or kind not in BARRIER_KINDS
            known = name in STREET_CLASSES
            code = follows_code(name if known else "block") if street else follows_code(kind)
            bounding = not street or not known or name in settings.block_classes
            rows.append((geometry, code, bounding, bool(bridge[i]), False))
        if tunnel.any():
            findings.add("note", "tunnels_left_out", f"{int(tunnel.sum())} barriers in tunnels bound no block.")
    if compounds is not None:
        rows += [(geometry, follows_code("compound"), True, False, True) for geometry in compounds.geometry]
    if landcover is not None:
        for geometry, kind in zip(landcover.geometry, texts(landcover, "kind"), strict=True):
            if kind in BOUNDING_LANDCOVER:
                name = BOUNDING_LANDCOVER[kind]
                rows.append((geometry, follows_code(name), True, False, name == "block"))
    parts, row = shapely.get_parts(
        np.array([None, *(_outline(r[0]) for r in rows)], dtype=object)[1:], return_index=True
    )
    keep = shapely.length(parts) > 0
    parts, row = parts[keep], row[keep]
    table = np.array([r[1:] for r in rows], dtype=np.int8).reshape(-1, 4)[row]
    return Lines(parts, table[:, 0], table[:, 1] > 0, table[:, 2] > 0, table[:, 3] > 0)


def _outline(geometry: shapely.Geometry | None) -> shapely.Geometry:
    """Lines of a barrier: itself, or the outline of its ground."""
    if geometry is None or geometry.is_empty or not np.all(np.isfinite(geometry.bounds)):
        return shapely.MultiLineString()
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        polygon, _ = mended_polygon(geometry)
        geometry = shapely.MultiLineString() if polygon is None else polygon.boundary
    flat = shapely.force_2d(geometry)
    if flat.geom_type == "LineString":
        return flat
    if flat.geom_type == "LinearRing":
        return shapely.LineString(flat.coords)
    lines = [g for g in shapely.get_parts(flat) if g.geom_type == "LineString"]
    return shapely.MultiLineString(lines)
