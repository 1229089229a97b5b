"""Where does a street begin and end: which segments and crossings are lines of streets made of?"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2s
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.cells.features import flags, texts
from gis.graph import STREET_CLASSES, STREET_WIDTH

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Ways", "half_widths", "is_crossing", "street_ways"]

GRID_M = 0.01
"""Lattice on which lines are noded."""
OWN_M = 0.05
"""How far noding may have moved a line from the one it came from."""
UNKNOWN_CLASS = "residential"
"""Whose width a street without a known class has."""
CROSSING_ENDS = 3
"""So many ends of streets make a crossing."""
WIDEST_HALF_M = 100.0
"""No carriageway is wider than twice this, whatever the data say."""
LONGEST_PART = 40
"""Letters of a source's code that go into the code of a segment."""


@dataclass(frozen=True)
class Ways:
    """Street segments, then crossings, in the order of their codes.

    Parameters
    ----------
    geometry : ndarray of LineString or Point, shape (n,)
        Metres; a point is a crossing.
    code : ndarray of str, shape (n,)
        Unique; the same as long as the lines and the nodes at their ends stay where they are.
    street_class, name : ndarray of object, shape (n,)
        None where unknown; a crossing has the highest class that meets there and no name.
    rank : ndarray of int64, shape (n,)
        Index of the class in `STREET_CLASSES` (0 is the highest), their number where unknown.
    half_m : ndarray of float64, shape (n,)
        Half the carriageway; of a crossing that of the widest segment.
    meeting : ndarray of int64, shape (m, 2)
        Which segments meet where: (row of a crossing, row of a segment), sorted.
    """

    geometry: np.ndarray
    code: np.ndarray
    street_class: np.ndarray
    name: np.ndarray
    rank: np.ndarray
    half_m: np.ndarray
    meeting: np.ndarray

    def __len__(self) -> int:
        return len(self.geometry)

    @property
    def crossing(self) -> np.ndarray:
        """Whether each row is a crossing, shape (n,) of bool."""
        return is_crossing(self.geometry)


@dataclass(frozen=True)
class _Edges:
    """Lines between nodes with what they inherit from the line they came from."""

    geometry: np.ndarray
    source: np.ndarray
    start: np.ndarray
    end: np.ndarray


def is_crossing(geometry: np.ndarray) -> np.ndarray:
    """Whether each shape is the point of a crossing, shape (n,) of bool."""
    points: np.ndarray = shapely.get_type_id(geometry) == shapely.GeometryType.POINT
    return points


def half_widths(classes: np.ndarray, width_m: np.ndarray) -> np.ndarray:
    """Half the carriageway in metres: of the width given, else of the class.

    Parameters
    ----------
    classes : ndarray of object, shape (n,)
        Of `STREET_CLASSES`; others count as residential.
    width_m : ndarray of float64, shape (n,)
        NaN or not above 0 where unknown.

    Notes
    -----
    `gis.graph.STREET_WIDTH` is a convention of ours: lanes of 3.25 to 3.75 m (CJJ 37-2012, lane widths of urban roads)
    times the usual number of lanes of a class, with cycle lanes. A width in the data always wins.
    """
    assumed = np.array([STREET_WIDTH.get(c, STREET_WIDTH[UNKNOWN_CLASS]) for c in classes], float)
    width = np.asarray(width_m, float)
    half: np.ndarray = np.minimum(np.where(width > 0, width, assumed) / 2, WIDEST_HALF_M)
    return half


def street_ways(barriers: gpd.GeoDataFrame) -> Ways:
    """Node the lines of streets into segments and crossings.

    A crossing is where three or more ends of streets meet; where two meet the street goes on, as long as class, name
    and width stay. Streets in tunnels own nothing on the surface and are left out; bridges are kept, seen from above.
    Lines that lie on each other are one, of the higher class.

    Parameters
    ----------
    barriers : GeoDataFrame
        In a CRS in metres: ``kind`` (only ``street`` counts), ``code``, ``class``, ``name``, ``width_m``, ``tunnel``;
        lines (areas are no street lines). All columns but the geometry may be missing.

    Returns
    -------
    Ways
        The same for any order of the rows.
    """
    lines = _lines_of(barriers)
    if not len(lines):
        none = np.empty(0, object)
        return Ways(none, none, none, none, np.empty(0, np.int64), np.empty(0), np.empty((0, 2), np.int64))
    shapes, klass, code, name = (lines[c].to_numpy(object) for c in ("shape", "class", "code", "name"))
    rank, half = lines["rank"].to_numpy(), lines["half"].to_numpy()
    edges = _noded(shapes)
    alike = lines.groupby(["class", "name", "half"], sort=True).ngroup().to_numpy()
    part = _joined(edges, alike[edges.source])
    segments = shapely.normalize(_lines(edges.geometry, part))
    source = np.full(len(segments), len(shapes), np.int64)
    np.minimum.at(source, part, edges.source)
    lowest = pd.Series(code[edges.source]).groupby(part).min().to_numpy(object)

    ends = np.concatenate([edges.start, edges.end])
    degree = np.bincount(ends)
    nodes = np.flatnonzero(degree >= CROSSING_ENDS)
    meets = degree[ends] >= CROSSING_ENDS
    meeting = np.unique(
        np.column_stack([np.searchsorted(nodes, ends[meets]), np.concatenate([part, part])[meets]]), axis=0
    )
    place = np.empty(len(degree), object)
    place[edges.start], place[edges.end] = shapely.get_point(edges.geometry, 0), shapely.get_point(edges.geometry, -1)
    points = place[nodes]
    strongest = np.full(len(nodes), len(shapes), np.int64)
    np.minimum.at(strongest, meeting[:, 0], source[meeting[:, 1]])
    widest = np.zeros(len(nodes))
    np.maximum.at(widest, meeting[:, 0], half[source[meeting[:, 1]]])

    meeting[:, 0] += len(segments)
    return _ordered(
        np.concatenate([segments, points]),
        np.concatenate([_segment_codes(segments, lowest), _codes([f"X-{_mark(_spot(p))}" for p in points], points)]),
        np.concatenate([klass[source], klass[strongest]]),
        np.concatenate([name[source], np.full(len(nodes), "", object)]),
        np.concatenate([rank[source], rank[strongest]]),
        np.concatenate([half[source], widest]),
        meeting,
    )


def _lines_of(barriers: gpd.GeoDataFrame) -> pd.DataFrame:
    """Lines of streets on the surface with class, rank, half width, code and name; the strongest first."""
    kinds = texts(barriers, "kind")
    wanted = np.flatnonzero(~flags(barriers, "tunnel") & np.array([kind in {"street", ""} for kind in kinds], bool))
    given = shapely.force_2d(np.asarray(barriers.geometry.array, object)[wanted])
    shapes, of = shapely.get_parts(given, return_index=True)
    usable = (shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING) & (shapely.length(shapes) > 0)
    usable &= np.isfinite(shapely.bounds(shapes)).all(axis=1)
    shapes, rows = shapely.normalize(shapes[usable]), wanted[of[usable]]
    klass = np.array([*texts(barriers, "class"), None], object)[rows]
    width = (
        pd.to_numeric(barriers["width_m"]).to_numpy(float) if "width_m" in barriers else np.full(len(barriers), np.nan)
    )
    frame = pd.DataFrame(
        {
            "shape": shapes,
            "class": klass,
            "rank": [STREET_CLASSES.index(c) if c in STREET_CLASSES else len(STREET_CLASSES) for c in klass],
            "half": half_widths(klass, width[rows]),
            "code": np.array([*texts(barriers, "code", fold=False), None], object)[rows],
            "name": np.array([*texts(barriers, "name", fold=False), None], object)[rows],
            "wkb": shapely.to_wkb(shapes),
        }
    )
    # of lines on one another the first is taken
    return frame.sort_values(
        ["rank", "half", "code", "name", "wkb"], ascending=[True, False, True, True, True], ignore_index=True
    )


def _noded(lines: np.ndarray) -> _Edges:
    """Cut lines where they cross or touch; each edge belongs to the first line it lies on."""
    edges = shapely.get_parts(shapely.union_all(lines, grid_size=GRID_M))
    edges = shapely.normalize(edges[shapely.length(edges) > 0])
    middle = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    tree = shapely.STRtree(lines)
    edge, line = tree.query(middle, predicate="dwithin", distance=OWN_M)
    source = np.full(len(edges), len(lines), np.int64)
    np.minimum.at(source, edge, line)
    lost = np.flatnonzero(source == len(lines))
    if len(lost):
        source[lost] = tree.nearest(middle[lost])
    ends = np.concatenate(
        [shapely.get_coordinates(shapely.get_point(edges, 0)), shapely.get_coordinates(shapely.get_point(edges, -1))]
    )
    _, node = np.unique(np.round(ends / GRID_M).astype(np.int64), axis=0, return_inverse=True)
    node = node.reshape(-1)
    return _Edges(edges, source, node[: len(edges)], node[len(edges) :])


def _joined(edges: _Edges, alike: np.ndarray) -> np.ndarray:
    """Segment of each edge: edges go on over a node where exactly two alike meet."""
    n = len(edges.geometry)
    node = np.concatenate([edges.start, edges.end])
    edge = np.concatenate([np.arange(n), np.arange(n)])
    order = np.argsort(node, kind="stable")
    node, edge = node[order], edge[order]
    two = np.bincount(node)[node] == 2
    pairs = edge[two].reshape(-1, 2)
    pairs = pairs[alike[pairs[:, 0]] == alike[pairs[:, 1]]]
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    part: np.ndarray = connected_components(graph, directed=False)[1].astype(np.int64)
    return part


def _lines(edges: np.ndarray, part: np.ndarray) -> np.ndarray:
    """One line per segment."""
    order = np.argsort(part, kind="stable")
    merged = shapely.line_merge(shapely.multilinestrings(edges[order], indices=part[order]))
    lines: np.ndarray = merged
    return lines


def _spot(point: shapely.Point) -> str:
    return f"{round(point.x)},{round(point.y)}"


def _mark(text: str) -> str:
    return blake2s(text.encode(), digest_size=5).hexdigest()


def _segment_codes(segments: Any, lowest: np.ndarray) -> np.ndarray:
    """The lowest code of the lines a segment is made of, and a mark of where its ends and its middle are."""
    middle = shapely.line_interpolate_point(segments, 0.5, normalized=True)
    first, last = shapely.get_point(segments, 0), shapely.get_point(segments, -1)
    told = []
    for a, b, mid, code in zip(first, last, middle, lowest, strict=True):
        told.append(f"{(code or 'S')[:LONGEST_PART]}-{_mark(';'.join([*sorted([_spot(a), _spot(b)]), _spot(mid)]))}")
    return _codes(told, segments)


def _codes(told: list[str], shapes: Any) -> np.ndarray:
    """Make codes unique: of equal ones the later by position gets a number."""
    codes = np.array([*told, None], object)[:-1]
    seen: dict[str, int] = {}
    for i in sorted(range(len(told)), key=lambda i: (told[i], shapes[i].wkb)):
        seen[told[i]] = seen.get(told[i], 0) + 1
        if seen[told[i]] > 1:
            codes[i] = f"{told[i]}-{seen[told[i]]}"
    return codes


def _ordered(
    geometry: np.ndarray,
    code: np.ndarray,
    klass: np.ndarray,
    name: np.ndarray,
    rank: np.ndarray,
    half: np.ndarray,
    meeting: np.ndarray,
) -> Ways:
    """Sort by kind and code; words that are not there are None."""
    crossing = shapely.get_type_id(geometry) == shapely.GeometryType.POINT
    order = np.lexsort((code.astype(str), crossing))
    row = np.empty(len(order), np.int64)
    row[order] = np.arange(len(order))
    met = row[meeting]
    met = met[np.lexsort((met[:, 1], met[:, 0]))]
    klass, name = (np.array([*(v or None for v in a), None], object)[:-1] for a in (klass, name))
    return Ways(geometry[order], code[order], klass[order], name[order], rank[order], half[order], met)
