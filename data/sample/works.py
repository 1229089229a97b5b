"""What else does a city need: shops and offices, factories, schools, a campus, a hospital, parks?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.ops import nearest_points

from data.sample import shapes
from data.sample.homes import blob, fields
from data.sample.plots import Draft, Plot

__all__ = [
    "campus",
    "commercial",
    "farm",
    "government",
    "green",
    "hospital",
    "industry",
    "park",
    "school",
    "small",
    "station",
]

FAR = 3_000.0


@dataclass(frozen=True)
class _Rows:
    """How large buildings stand in rows: metres, shares of 1, floors from and to."""

    depth: float
    gap: float
    low: float
    high: float
    floors: tuple[int, int]
    fill: float = 0.9
    yard: float = 0.0
    homes: float = 0.0


def _large(plot: Plot, ground: Polygon, kind: str, spec: _Rows) -> None:
    """Build rows of large buildings, some with a yard, a few of them flats."""
    rng = plot.rng
    depth = spec.depth * float(rng.uniform(0.9, 1.1))
    for piece in plot.pieces(ground):
        draft = Draft()
        for y, intervals in plot.rows(piece, depth, depth + spec.gap):
            for x0, x1 in intervals:
                at = x0 + 1
                while at + spec.low < x1 - 1:
                    room = x1 - 1 - at
                    width = min(float(rng.uniform(spec.low, spec.high)), room)
                    width = min(room if room - width < 0.4 * spec.low else width, 1.4 * spec.high)
                    if rng.random() < spec.fill:
                        yard = width > 38 and depth > 26 and rng.random() < spec.yard
                        box = (at, y, at + width, y + depth)
                        floors = int(rng.integers(spec.floors[0], spec.floors[1] + 1))
                        homes = int(rng.integers(60, 190)) if rng.random() < spec.homes else 0
                        ring = shapes.u_shape(*box, 12) if yard else shapes.rectangle(*box)
                        draft.add(ring, "apartment" if homes else kind, max(floors, 9) if homes else floors, homes)
                    at += width + spec.gap * float(rng.uniform(0.7, 1.1))
        plot.place(draft, piece)


def farm(plot: Plot) -> None:
    """Fields alone."""
    fields(plot, plot.free)


def commercial(plot: Plot) -> None:
    """Office towers, or malls."""
    if plot.rng.random() < 0.5:
        spec = _Rows(30, 17, 28, 58, (7, 28), yard=0.3, homes=0.12)
        _large(plot, plot.free.buffer(-3), "office", spec)
    else:
        _large(plot, plot.free.buffer(-3), "mall", _Rows(46, 15, 40, 95, (3, 6), yard=0.35))


def industry(plot: Plot) -> None:
    """Factory halls."""
    plot.cover(plot.free, "industrial")
    plot.lay_spine()
    _large(plot, plot.free.buffer(-6), "factory", _Rows(44, 13, 45, 105, (1, 3), fill=0.88, homes=0.03))


def _sports(plot: Plot, ground: Polygon) -> Polygon:
    """Put a running track where one fits; the ground that is left."""
    shapely.prepare(ground)
    x0, y0, x1, y1 = ground.bounds
    for length, width in ((176, 92), (140, 74), (112, 62), (84, 48)):
        for upright in (False, True):
            w, h = (width, length) if upright else (length, width)
            for fy in (0.0, 0.15, 0.3, 0.5):
                for fx in (0.0, 1.0, 0.5, 0.2, 0.8):
                    x, y = x0 + w / 2 + 2 + fx * (x1 - x0 - w - 4), y0 + h / 2 + 2 + fy * (y1 - y0 - h - 4)
                    box = shapely.box(x - w / 2, y - h / 2, x + w / 2, y + h / 2)
                    if w * h > 0.45 * ground.area or not ground.contains(box):
                        continue
                    reach = (length - width) / 2
                    ends = [(x, y - reach), (x, y + reach)] if upright else [(x - reach, y), (x + reach, y)]
                    plot.cover(LineString(ends).buffer(width / 2, quad_segs=6), "green", "track")
                    return ground.difference(box.buffer(7, join_style="mitre"))
    return ground


def school(plot: Plot) -> None:
    """Teaching buildings and a running track."""
    plot.enclose("school", plot.lay_spine(lane=False))
    plot.cover(plot.free, "campus", "school")
    ground = _sports(plot, plot.free.buffer(-5))
    _large(plot, ground, "school", _Rows(32, 16, 34, 64, (3, 5), yard=0.75))


def campus(plot: Plot) -> None:
    """Four quarters around a crossing: teaching, sports, dormitories, a lake."""
    rng = plot.rng
    plot.enclose("campus", plot.lay_spine())
    plot.cover(plot.free, "campus", "campus")
    y = (plot.y0 + plot.y1) / 2
    x = (plot.x0 + plot.x1) / 2 if plot.spine is None else plot.spine
    plot.side_lane(plot.free, y, 12)
    ground = plot.free.buffer(-9)
    boxes = (
        (x + 9, y + 9, x + FAR, y + FAR),
        (x - FAR, y + 9, x - 9, y + FAR),
        (x - FAR, y - FAR, x - 9, y - 9),
        (x + 9, y - FAR, x + FAR, y - 9),
    )
    plot.spine = None  # the quarters keep clear of it by themselves
    teaching = _Rows(34, 24, 44, 84, (4, 7), fill=0.85, yard=0.6)
    for box, use in zip(boxes, rng.permutation(["teaching", "sports", "homes", "lake"]), strict=True):
        piece = shapes.largest(ground.intersection(shapely.box(*box)))
        if piece is None or piece.area < 2_000:
            continue
        if use == "sports":
            _large(plot, _sports(plot, piece), "campus", teaching)
        elif use == "homes":
            _large(plot, piece, "dormitory", _Rows(15, 19, 48, 62, (5, 7), homes=0.04))
        elif use == "lake":
            at, size = piece.centroid, math.sqrt(piece.area)
            lake = blob(rng, at.x, at.y, 0.26 * size, 0.19 * size).intersection(piece)
            shore = lake.buffer(26).intersection(piece)
            plot.cover(shore.difference(lake), "green")
            plot.cover(lake, "water", "lake")
            _large(plot, piece.difference(shore.buffer(4)), "campus", teaching)
        else:
            _large(plot, piece, "campus", teaching)


def hospital(plot: Plot) -> None:
    """Wards around yards."""
    plot.enclose("hospital", plot.lay_spine())
    _large(plot, plot.free.buffer(-8), "hospital", _Rows(30, 22, 40, 80, (4, 14), yard=0.5))


def government(plot: Plot) -> None:
    """Offices behind a square."""
    middle = plot.y0 + 0.42 * (plot.y1 - plot.y0)
    square = plot.free.intersection(shapely.box(plot.x0 - 9, plot.y0 - 9, plot.x1 + 9, middle))
    plot.cover(square.buffer(-6), "green", "square")
    ground = plot.free.difference(square).buffer(-4)
    _large(plot, ground, "government", _Rows(30, 18, 60, 110, (5, 12), yard=0.4))


def station(plot: Plot) -> None:
    """A long hall beside the rails and a square before it."""
    rails = shapely.union_all([line for line, way, _ in plot.fronts if way.kind == "rail"])
    halls = []
    for y, intervals in plot.rows(plot.free.buffer(-2), 26, 6):
        for x0, x1 in intervals:
            width, middle = min(x1 - x0 - 6, 130.0), (x0 + x1) / 2
            if width > 50:
                box = (middle - width / 2, y, middle + width / 2, y + 26)
                halls.append((shapely.Point(middle, y).distance(rails), box))
    if not halls:
        commercial(plot)
        return
    box = min(halls)[1]
    draft = Draft()
    draft.add(shapes.rectangle(*box), "station", 2)
    plot.place(draft)
    hall = shapely.box(*box)
    rest = plot.free.difference(hall.buffer(16))
    square = rest.intersection(hall.buffer(64)).buffer(-3)
    plot.cover(square, "green", "square")
    _large(plot, rest.difference(square.buffer(8)).buffer(-3), "office", _Rows(24, 14, 24, 50, (4, 12)))


def park(plot: Plot) -> None:
    """Lawns, in larger ones a lake with a walk around it, and a pavilion."""
    rng = plot.rng
    plot.cover(plot.free, "green", "park")
    size = math.sqrt(plot.free.area)
    if size < 95:
        return
    core = plot.free.buffer(-0.22 * size)
    at = plot.free.centroid if core.is_empty else core.representative_point()
    lake = Polygon()
    if size > 125:
        lake = blob(rng, at.x, at.y, 0.24 * size, 0.15 * size).intersection(plot.free.buffer(-14))
        plot.cover(lake, "water", "lake")
    walk = shapes.largest(plot.free.buffer(-0.2 * size) if lake.is_empty else lake.buffer(13))
    if walk is None:
        return
    loop = walk.exterior.simplify(2)
    plot.lane(list(loop.coords), "path")
    for line, way, _ in plot.fronts:
        if way.cls in {"residential", "tertiary", "secondary", "primary"} and not way.bridge and not way.tunnel:
            entry = LineString(nearest_points(loop, line.interpolate(0.5, normalized=True)))
            if plot.face.buffer(0.01).contains(entry) and not lake.intersects(entry):
                plot.lane(list(entry.coords), "path")
    lanes = shapely.union_all(plot.own_lanes()).buffer(3)
    lawn = plot.free.buffer(-6).difference(lanes).difference(lake.buffer(3))
    placed: list[Polygon] = []
    for x, y in rng.uniform((plot.x0, plot.y0), (plot.x1, plot.y1), (12, 2)):
        hut = shapely.box(x, y, x + 12, y + 9)
        if len(placed) < 2 and lawn.contains_properly(hut) and all(hut.distance(p) > 40 for p in placed):
            draft = Draft()
            draft.add(np.asarray(hut.exterior.coords)[:-1], "pavilion", 1)
            placed += plot.place(draft)


def small(plot: Plot) -> None:
    """Build offices of the size that a small plot takes."""
    _large(plot, plot.free.buffer(-2), "office", _Rows(14, 9, 16, 30, (2, 6)))


def green(plot: Plot) -> None:
    """Plant a small green."""
    plot.cover(plot.free, "green")
