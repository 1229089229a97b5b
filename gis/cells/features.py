"""Which lines bound blocks, and what is each of them: street, water, rail, wall, compound outline?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.cells.borders import mended_polygon
from gis.graph import BARRIER_KINDS, FOLLOWS, STREET_CLASSES, follows_code

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.cells.findings import Findings
    from gis.cells.settings import CellSettings

__all__ = ["STRENGTH", "Lines", "barrier_lines"]

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
    """

    geometry: np.ndarray
    follows: np.ndarray
    bounds: np.ndarray
    bridge: np.ndarray

    def near(self, tree: shapely.STRtree, ground: shapely.Geometry, metres: float) -> Lines:
        """Lines within some metres of a piece of ground, in their order."""
        rows = np.sort(tree.query(ground, predicate="dwithin", distance=metres))
        return Lines(self.geometry[rows], self.follows[rows], self.bounds[rows], self.bridge[rows])


def _flags(frame: gpd.GeoDataFrame, column: str) -> np.ndarray:
    if column not in frame:
        return np.zeros(len(frame), dtype=bool)
    text = frame[column].astype("string").str.strip().str.lower().fillna("")
    return ~text.isin(["", "no", "false", "0", "0.0", "none", "nan"]).to_numpy(dtype=bool)


def _texts(frame: gpd.GeoDataFrame, column: str) -> list[str]:
    if column not in frame:
        return [""] * len(frame)
    return [str(v).strip().lower() if v is not None and v == v else "" for v in frame[column]]  # noqa: PLR0124


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
    lines: list[np.ndarray] = []
    codes: list[np.ndarray] = []
    bounds: list[np.ndarray] = []
    bridges: list[np.ndarray] = []

    def take(geometry: list[shapely.Geometry], code: list[int], bound: list[bool], bridge: list[bool]) -> None:
        raw = np.array([_outline(g) for g in geometry], dtype=object)
        parts, row = shapely.get_parts(raw, return_index=True)
        keep = ~shapely.is_empty(parts) & (shapely.length(parts) > 0)
        parts, row = parts[keep], row[keep]
        lines.append(parts)
        codes.append(np.asarray(code, dtype=np.int8)[row])
        bounds.append(np.asarray(bound, dtype=bool)[row])
        bridges.append(np.asarray(bridge, dtype=bool)[row])

    if barriers is not None and len(barriers):
        kinds, classes = _texts(barriers, "kind"), _texts(barriers, "class")
        tunnel, bridge = _flags(barriers, "tunnel"), _flags(barriers, "bridge")
        code, bound = [], []
        for kind, name in zip(kinds, classes, strict=True):
            street = kind in ("street", "") or kind not in BARRIER_KINDS
            known = name in STREET_CLASSES
            code.append(follows_code(name if known else "block") if street else follows_code(kind))
            bound.append(not street or not known or name in settings.block_classes)
        here = [i for i in range(len(barriers)) if not tunnel[i]]
        if tunnel.any():
            findings.add("note", "tunnels_left_out", f"{int(tunnel.sum())} barriers in tunnels bound no block.")
        geometry = barriers.geometry.to_numpy()
        take(
            [geometry[i] for i in here],
            [code[i] for i in here],
            [bound[i] for i in here],
            [bool(bridge[i]) for i in here],
        )
    if compounds is not None and len(compounds):
        n = len(compounds)
        take(list(compounds.geometry), [follows_code("compound")] * n, [True] * n, [False] * n)
    if landcover is not None and len(landcover):
        rows = [
            (g, BOUNDING_LANDCOVER[k])
            for g, k in zip(landcover.geometry, _texts(landcover, "kind"), strict=True)
            if k in BOUNDING_LANDCOVER
        ]
        take([g for g, _ in rows], [follows_code(k) for _, k in rows], [True] * len(rows), [False] * len(rows))
    if not lines:
        none = np.empty(0, dtype=object)
        return Lines(none, np.empty(0, np.int8), np.empty(0, bool), np.empty(0, bool))
    return Lines(np.concatenate(lines), np.concatenate(codes), np.concatenate(bounds), np.concatenate(bridges))


def _outline(geometry: shapely.Geometry | None) -> shapely.Geometry:
    """Lines of a barrier: itself, or the outline of its ground."""
    if geometry is None or geometry.is_empty or not np.all(np.isfinite(geometry.bounds)):
        return shapely.MultiLineString()
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        polygon, _ = mended_polygon(geometry)
        geometry = shapely.MultiLineString() if polygon is None else polygon.boundary
    flat = shapely.force_2d(geometry)
    if flat.geom_type in ("LineString", "LinearRing"):
        return shapely.MultiLineString([shapely.LineString(flat.coords)])
    lines = [g for g in shapely.get_parts(flat) if g.geom_type == "LineString"]
    return shapely.MultiLineString(lines)
