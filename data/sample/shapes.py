"""How are straight things laid into crooked ground: turned frames, rows inside a polygon, footprints?

All lengths are metres, all angles radians counter-clockwise; everything happens in one flat plane.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapely import LineString, Polygon
    from shapely.geometry.base import BaseGeometry

__all__ = [
    "Interval",
    "Ring",
    "best_rows",
    "cross_shape",
    "cut_out",
    "filled",
    "frame_angle",
    "largest",
    "parts_of",
    "rectangle",
    "ring_house",
    "rows_inside",
    "smooth_line",
    "split_across",
    "spread",
    "turn",
    "turned",
    "u_shape",
]

Interval = tuple[float, float]
Ring = np.ndarray | list[np.ndarray]
"""An open ring of points, or an outer ring with its holes."""


def turn(xy: np.ndarray, angle: float) -> np.ndarray:
    """Turn points, shape (n, 2), about the origin."""
    c, s = math.cos(angle), math.sin(angle)
    return np.asarray(xy @ np.array([[c, s], [-s, c]]))


def turned(geometry: BaseGeometry, angle: float) -> BaseGeometry:
    """Turn a geometry (or an array of them) about the origin."""
    return shapely.transform(geometry, lambda xy: turn(xy, angle))


def frame_angle(polygon: Polygon) -> float:
    """Angle in (-45, 45] degrees that the nearly east-west side of a polygon's tightest box has."""
    ring = shapely.get_coordinates(shapely.oriented_envelope(polygon))
    if len(ring) < 4:
        return 0.0
    edges = ring[1:3] - ring[0:2]
    dx, dy = edges[np.hypot(edges[:, 0], edges[:, 1]).argmax()]
    angle = math.atan2(dy, dx)
    return angle - math.pi / 2 * math.ceil(angle / (math.pi / 2) - 0.5)


def parts_of(geometry: BaseGeometry, kind: str = "Polygon") -> list[BaseGeometry]:
    """Parts of one type of a possibly mixed geometry, in stored order, without empty ones."""
    return [p for p in shapely.get_parts(shapely.get_parts(geometry)) if p.geom_type == kind and not p.is_empty]


def largest(geometry: BaseGeometry) -> Polygon | None:
    """Largest polygon of a geometry."""
    return max(parts_of(geometry), key=lambda p: p.area, default=None)


def smooth_line(nodes: np.ndarray, step: float = 25.0) -> list[np.ndarray]:
    """Catmull-Rom curve through `nodes`, shape (n, 2): one array of points for each span, ends included."""
    padded = np.vstack([2 * nodes[0] - nodes[1], nodes, 2 * nodes[-1] - nodes[-2]])
    spans = []
    for k in range(len(nodes) - 1):
        p0, p1, p2, p3 = padded[k : k + 4]
        count = max(2, int(np.hypot(*(p2 - p1)) // step) + 1)
        t = np.linspace(0, 1, count)[:, None]
        curve = 0.5 * (
            2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
        )
        curve[0], curve[-1] = p1, p2
        spans.append(curve)
    return spans


def split_across(
    rng: np.random.Generator, face: Polygon, jitter: float = 0.1
) -> tuple[list[Polygon], LineString | None]:
    """Cut a face across its long side near the middle; the parts and the cut, or the face alone where none fits."""
    ring = shapely.get_coordinates(shapely.oriented_envelope(face))
    side, other = ring[1] - ring[0], ring[2] - ring[1]
    if np.hypot(*side) < np.hypot(*other):
        side, other = other, side
    middle = shapely.get_coordinates(face.centroid)[0] + side * rng.uniform(-jitter, jitter)
    across = turn(other[None], rng.uniform(-0.07, 0.07))[0]
    bend = middle + side / max(np.hypot(*side), 1e-9) * rng.uniform(-7, 7)
    through = shapely.linestrings([middle - across * 1.2, bend, middle + across * 1.2])
    lines = parts_of(shapely.line_merge(through.intersection(face)), "LineString")
    cut = max(lines, key=lambda line: line.length, default=None)  # a bent face is met more than once
    if cut is None or cut.length < 20:
        return [face], None
    ends = shapely.get_coordinates(cut)
    first, last = ends[0] - ends[1], ends[-1] - ends[-2]
    longer = shapely.linestrings([ends[0] + first / np.hypot(*first), *ends, ends[-1] + last / np.hypot(*last)])
    pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all([face.boundary, longer]))))
    pieces = [p for p in pieces if face.contains(p.representative_point())]
    return (pieces, cut) if len(pieces) == 2 else ([face], None)


def _chords(polygon: Polygon, ys: np.ndarray) -> list[list[Interval]]:
    """For each height the intervals of x inside the polygon."""
    x0, _, x1, _ = polygon.bounds
    ends = np.empty((len(ys), 2, 2))
    ends[:, 0, 0], ends[:, 1, 0] = x0 - 1, x1 + 1
    ends[:, :, 1] = np.asarray(ys)[:, None]
    cuts, row = shapely.get_parts(shapely.intersection(polygon, shapely.linestrings(ends)), return_index=True)
    found: list[list[Interval]] = [[] for _ in ys]
    for (a, _, b, _), k in zip(shapely.bounds(cuts), row, strict=True):
        if b > a:
            found[k].append((float(a), float(b)))
    return [sorted(f) for f in found]


def _common(a: Sequence[Interval], b: Sequence[Interval]) -> list[Interval]:
    return [(max(p[0], q[0]), min(p[1], q[1])) for p in a for q in b if min(p[1], q[1]) > max(p[0], q[0])]


def rows_inside(polygon: Polygon, ys: np.ndarray, depth: float) -> list[list[Interval]]:
    """For strips ``[y, y + depth]`` the intervals of x where the strip lies inside the polygon (to be verified)."""
    low, mid, high = (_chords(polygon, np.asarray(ys) + depth * f) for f in (0.0, 0.5, 1.0))
    return [_common(_common(a, b), c) for a, b, c in zip(low, mid, high, strict=True)]


def best_rows(
    polygon: Polygon, depth: float, pitch: float, taken: Sequence[Interval] = ()
) -> list[tuple[float, list[Interval]]]:
    """Rows every `pitch` metres, so shifted that most metres of row fit; each with its intervals of x."""
    _, y0, _, y1 = polygon.bounds
    best: list[tuple[float, list[Interval]]] = []
    most = 0.0
    for start in np.linspace(0, pitch, 9, endpoint=False):
        ys = np.arange(y0 + start, y1 - depth, pitch)
        if not len(ys):
            continue
        rows = [(float(y), cut_out(f, taken)) for y, f in zip(ys, rows_inside(polygon, ys, depth), strict=True)]
        metres = sum(max(b - a - 12, 0) for _, row in rows for a, b in row)
        if metres > most:
            best, most = rows, metres
    return best


def cut_out(intervals: Sequence[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """Intervals without the taken ones."""
    left = list(intervals)
    for a, b in taken:
        left = [p for x0, x1 in left for p in ((x0, min(x1, a)), (max(x0, b), x1)) if p[1] > p[0]]
    return left


def rectangle(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """Open ring of a rectangle, shape (4, 2)."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def u_shape(x0: float, y0: float, x1: float, y1: float, wing: float) -> np.ndarray:
    """Rectangle with a yard open to the south; `wing` is the depth of its three wings."""
    return np.array([
        (x0, y0), (x0 + wing, y0), (x0 + wing, y1 - wing), (x1 - wing, y1 - wing), (x1 - wing, y0), (x1, y0),
        (x1, y1), (x0, y1),
    ])  # fmt: skip


def cross_shape(x0: float, y0: float, x1: float, y1: float, notch: float = 4.5) -> np.ndarray:
    """Point tower: a rectangle with its four corners cut out."""
    n = notch
    return np.array([
        (x0 + n, y0), (x1 - n, y0), (x1 - n, y0 + n), (x1, y0 + n), (x1, y1 - n), (x1 - n, y1 - n),
        (x1 - n, y1), (x0 + n, y1), (x0 + n, y1 - n), (x0, y1 - n), (x0, y0 + n), (x0 + n, y0 + n),
    ])  # fmt: skip


def ring_house(x0: float, y0: float, x1: float, y1: float, wing: float) -> list[np.ndarray]:
    """Courtyard house: outer ring and the yard."""
    return [rectangle(x0, y0, x1, y1), rectangle(x0 + wing, y0 + wing, x1 - wing, y1 - wing)[::-1]]


def filled(x0: float, x1: float, unit: float, units: int, gap: float) -> Iterator[tuple[float, float, int]]:
    """Equal slabs of whole units that fill [x0, x1] best, about `units` each: from, to, units."""
    room = x1 - x0
    count = max(1, round((room + gap) / (unit * units + gap)))
    fit = min(int((room - (count - 1) * gap) / count // unit), 7)
    if fit < 1 or room < unit * 1.5:
        return
    length = fit * unit
    free = (room - count * length) / (count + 1 if count == 1 else max(count - 1, 1))
    if count > 1:
        free = min(free, 1.7 * gap)
    at = x0 + (room - count * length - (count - 1) * free) / 2
    for _ in range(count):
        yield at, at + length, fit
        at += length + free


def spread(x0: float, x1: float, length: float, gap: float, rest: float = 1e9) -> Iterator[Interval]:
    """Pieces of `length` with `gap` between them centred in [x0, x1]; a last shorter one where `rest` metres fit."""
    room = x1 - x0
    count = int((room + gap) // (length + gap))
    left = room - count * (length + gap)
    short = left if left >= rest else 0.0
    used = count * (length + gap) + (short or -gap)
    at = x0 + (room - used) / 2
    for _ in range(count):
        yield at, at + length
        at += length + gap
    if short:
        yield at, at + short
