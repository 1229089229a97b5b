"""What stands on each block: buildings, walls and gates, inner lanes, greens and waters?

Each filler works in the block's own frame (long side along x), where rows of buildings are intervals of x. A filler
only ever places what lies inside the free ground of its block, so nothing crosses a street, and keeps rows apart, so
nothing overlaps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
import shapely.ops
from shapely import LineString, Polygon

from data.sample import shapes
from data.sample.plan import RAIL_HALF, Block, CityPlan, Way
from gis.graph import STREET_WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from data.sample.shapes import Interval

__all__ = ["Compound", "Cover", "Grounds", "House", "build_city"]

SETBACK = {
    "expressway": 22.0, "primary": 9.0, "secondary": 7.0, "tertiary": 5.5, "residential": 4.0, "service": 3.0,
    "path": 1.0,
}  # fmt: skip
"""Pavement and verge between carriageway and plot, metres."""


@dataclass
class House:
    """A building: `dwellings` is how many households it could take."""

    polygon: Polygon
    kind: str
    floors: int
    dwellings: int
    block: int
    compound: int = -1
    label: str = ""


@dataclass
class Compound:
    """A walled estate; `gates` are points on its outline, `era` decides how it is called."""

    polygon: Polygon
    block: int
    gates: list[shapely.Point]
    era: str
    walled: bool = True


@dataclass
class Cover:
    """Land cover: water, green, campus, industrial, farmland."""

    polygon: Polygon
    kind: str
    label: str = ""


@dataclass
class Grounds:
    """All that stands in the district."""

    houses: list[House] = field(default_factory=list)
    compounds: list[Compound] = field(default_factory=list)
    covers: list[Cover] = field(default_factory=list)
    lanes: list[Way] = field(default_factory=list)


class _Plot:
    """The free ground of one block, in its own frame, and what has been put on it."""

    def __init__(
        self, grounds: Grounds, city: CityPlan, index: int, free: Polygon, fronts: list[tuple[Way, float]], seed: int
    ) -> None:
        self.grounds, self.city, self.index = grounds, city, index
        self.block = city.blocks[index]
        self.rng = np.random.default_rng([seed, 13, index])
        self.angle = shapes.frame_angle(free)
        self.free = shapes.turned(free, -self.angle)
        self.face = shapes.turned(self.block.polygon, -self.angle)
        self.fronts = [(shapes.turned(w.geometry, -self.angle), w, reach) for w, reach in fronts]
        self.compound = -1
        self.spine: float | None = None
        self.x0, self.y0, self.x1, self.y1 = self.free.bounds

    # ------------------------------------------------------------------ placing
    def place(
        self,
        rings: list[np.ndarray | list[np.ndarray]],
        facts: list[tuple[str, int, int, str]],
        within: Polygon | None = None,
    ) -> list[Polygon]:
        """Keep the footprints that lie inside `within`; facts are (kind, floors, dwellings, label)."""
        if not rings:
            return []
        ground = self.free if within is None else within
        shapely.prepare(ground)
        shapes_ = np.array([Polygon(r[0], r[1:]) if isinstance(r, list) else Polygon(r) for r in rings])
        inside = shapely.contains_properly(ground, shapes_)
        for polygon, (kind, floors, dwellings, label) in ((shapes_[k], facts[k]) for k in np.flatnonzero(inside)):
            world = shapely.set_precision(shapes.turned(polygon, self.angle), 0.01)
            self.grounds.houses.append(House(world, kind, floors, dwellings, self.index, self.compound, label))
        return list(shapes_[inside])

    def rows(self, ground: Polygon, depth: float, pitch: float) -> Iterable[tuple[float, list[Interval]]]:
        """Rows of `depth` every `pitch` metres with the intervals left beside the spine."""
        taken = [] if self.spine is None else [(self.spine - 6.0, self.spine + 6.0)]
        rows = shapes.best_rows(ground, depth, pitch, taken)
        yield from rows

    def cover(self, polygon: Polygon, kind: str, label: str = "") -> None:
        """Add land cover given in the frame of the plot."""
        for part in shapes.parts_of(polygon):
            if part.area > 60:
                world = shapely.set_precision(shapes.turned(part, self.angle), 0.01)
                self.grounds.covers.extend(Cover(p, kind, label) for p in shapes.parts_of(world))

    def lane(self, points: list[tuple[float, float]], cls: str, *, named: bool = False) -> None:
        """Add an inner road given in the frame of the plot."""
        line = shapely.set_precision(shapes.turned(LineString(points), self.angle), 0.01)
        if line.is_empty:
            return
        if named:
            self.city.roads.append((cls, f"lane:{self.index}"))
        self.grounds.lanes.append(Way(line, "street", cls, len(self.city.roads) - 1 if named else -1))

    # ------------------------------------------------------------------ ways in
    def lay_spine(self, at: float | None = None, *, lane: bool = True) -> list[shapely.Point]:
        """Lead a service road from the streets through the plot, south to north; its gates on the outline."""
        x = self.rng.uniform(0.4, 0.6) * (self.x1 - self.x0) + self.x0 if at is None else at
        chord = shapely.intersection(self.face, LineString([(x, self.y0 - 400), (x, self.y1 + 400)]))
        inner = shapely.intersection(self.free, chord)
        lines = shapes.parts_of(chord, "LineString")
        inside = shapes.parts_of(inner, "LineString")
        if len(lines) != 1 or not inside:
            return []
        low, high = sorted(c[1] for c in lines[0].coords)
        inner_low, inner_high = min(p.bounds[1] for p in inside), max(p.bounds[3] for p in inside)
        gates, ends = [], []
        for end, edge, sign in ((low, inner_low, 1), (high, inner_high, -1)):
            if self._street_at(x, end):
                gates.append(shapely.Point(x, edge))
                ends.append(end)
            else:
                ends.append(edge + sign * 14)
        if not gates or ends[1] - ends[0] < 30:
            return []
        if len(gates) == 2 and self.rng.random() < 0.35:  # a cul-de-sac: no through traffic
            keep = int(self.rng.integers(2))
            ends[1 - keep] = (inner_low + 16) if keep else (inner_high - 16)
            gates = [gates[keep]]
        if not lane:
            return gates[:1]
        self.spine = x
        self.lane([(x, ends[0]), (x, ends[1])], "service")
        return gates

    def _street_at(self, x: float, y: float) -> bool:
        point = shapely.Point(x, y)
        near = [(line.distance(point), way) for line, way, _ in self.fronts]
        near = [(d, w) for d, w in near if d < 0.5]
        return bool(near) and all(
            w.kind == "street" and w.cls != "expressway" and not w.bridge and not w.tunnel for _, w in near
        )

    def enclose(self, era: str, gates: list[shapely.Point]) -> None:
        """Make the plot one compound with a wall."""
        outline = shapely.set_precision(shapes.turned(self.free, self.angle), 0.01)
        outline = shapes.largest(outline)
        if outline is None:
            return
        self.compound = len(self.grounds.compounds)
        self.grounds.compounds.append(
            Compound(outline, self.index, [shapes.turned(g, self.angle) for g in gates], era, self.rng.random() < 0.75)
        )

    def shop_rows(self, gates: list[shapely.Point], share: float) -> Polygon:
        """Put shops along the main streets; the ground that is left."""
        rng = self.rng
        rings: list[np.ndarray | list[np.ndarray]] = []
        facts: list[tuple[str, int, int, str]] = []
        placed: list[Polygon] = []
        wanted = {"primary", "secondary", "tertiary"}
        for line, way, reach in self.fronts:
            if way.cls not in wanted or way.bridge or way.tunnel or rng.random() > share:
                continue
            front = shapely.line_merge(self.free.exterior.intersection(line.buffer(reach + 1.5, cap_style="flat")))
            for edge in shapes.parts_of(front, "LineString"):
                at = rng.uniform(4, 9)
                while at + 16 < edge.length - 4:
                    length = min(rng.uniform(18, 44), edge.length - 4 - at)
                    a, b = (np.array(edge.interpolate(s).coords[0]) for s in (at, at + length))
                    bow = edge.interpolate(at + length / 2).distance(LineString([a, b]))
                    along = (b - a) / max(np.hypot(*(b - a)), 1e-9)
                    at += length + rng.choice([1.5, 2.5, 9.0], p=[0.45, 0.3, 0.25])
                    if bow > 0.8 or length < 14:
                        continue
                    for inward in (np.array([-along[1], along[0]]), np.array([along[1], -along[0]])):
                        base = inward * (0.7 + bow)
                        depth = inward * rng.uniform(9, 11.5)
                        ring = np.array([a + base, b + base, b + base + depth, a + base + depth])
                        polygon = Polygon(ring)
                        if not self.free.contains_properly(polygon):
                            continue
                        if any(polygon.distance(p) < 1.2 for p in placed) or any(
                            polygon.distance(g) < 8 for g in gates
                        ):
                            continue
                        if self.spine is not None and ring[:, 0].min() - 5 < self.spine < ring[:, 0].max() + 5:
                            continue
                        placed.append(polygon)
                        rings.append(ring)
                        facts.append(("shop", int(rng.choice([1, 2, 2, 3])), 0, ""))
                        break
        self.place(rings, facts)
        return self.free if not placed else self.free.difference(shapely.union_all(placed).buffer(7.5, quad_segs=2))


def _pieces(plot: _Plot, ground: Polygon) -> list[Polygon]:
    del plot
    return [p for p in shapes.parts_of(ground) if p.area > 300]


# ---------------------------------------------------------------------------------------- residential
def _slab(plot: _Plot) -> None:
    rng = plot.rng
    gates = plot.lay_spine() if plot.x1 - plot.x0 > 70 else []
    plot.enclose("slab", gates)
    ground = plot.shop_rows(gates, 0.7)
    floors = int(rng.choice([5, 6, 6, 6, 7, 11], p=[0.15, 0.25, 0.25, 0.1, 0.15, 0.1]))
    depth = float(rng.uniform(11.5, 13.5))
    pitch = depth + float(rng.uniform(15.5, 20)) * (1.35 if floors > 7 else 1)
    unit = float(rng.uniform(15, 18.5))
    units = int(rng.integers(3, 6))
    gap = float(rng.uniform(8, 12))
    garden = rng.random() < 0.6
    for piece in _pieces(plot, ground.buffer(-1.5)):
        rings: list[np.ndarray | list[np.ndarray]] = []
        facts: list[tuple[str, int, int, str]] = []
        rows = list(plot.rows(piece, depth, pitch))
        middle = len(rows) // 2 if garden and len(rows) >= 4 else -1
        for k, (y, intervals) in enumerate(rows):
            for x0, x1 in intervals:
                if k == middle and plot.spine is not None and x1 < plot.spine:
                    plot.cover(shapely.box(max(x0, x1 - 70), y - 2, x1 - 2, y + depth + 2), "green")
                    continue
                for a, b, count in shapes.filled(x0 + 2.5, x1 - 2.5, unit, units, gap):
                    rings.append(shapes.rectangle(a, y, b, y + depth))
                    facts.append(("slab", floors, count * 2 * floors, ""))
        plot.place(rings, facts, piece)
        if plot.spine is not None and len(rows) >= 4:
            y = rows[len(rows) // 2][0] - (pitch - depth) / 2
            _side_lane(plot, piece, y)


def _side_lane(plot: _Plot, piece: Polygon, y: float) -> None:
    chord = shapes.parts_of(shapely.intersection(piece, LineString([(plot.x0 - 9, y), (plot.x1 + 9, y)])), "LineString")
    for line in chord:
        a, _, b, _ = line.bounds
        if plot.spine is not None and a < plot.spine < b and b - a > 60:
            plot.lane([(a + 6, y), (plot.spine, y), (b - 6, y)], "service")


def _tower(plot: _Plot) -> None:
    rng = plot.rng
    gates = plot.lay_spine() if plot.x1 - plot.x0 > 80 else []
    plot.enclose("tower", gates)
    ground = plot.shop_rows(gates, 0.9)
    point = rng.random() < 0.5
    floors = int(rng.integers(17, 34))
    width, depth = (rng.uniform(25, 30), rng.uniform(20, 25)) if point else (rng.uniform(34, 50), rng.uniform(14, 17))
    per_floor = int(rng.integers(5, 9)) if point else max(4, 2 * round(width / 16))
    gap, pitch = float(rng.uniform(20, 30)), depth + float(rng.uniform(32, 44))
    for piece in _pieces(plot, ground.buffer(-3.0)):
        rings: list[np.ndarray | list[np.ndarray]] = []
        facts: list[tuple[str, int, int, str]] = []
        rows = list(plot.rows(piece, depth, pitch))
        for k, (y, intervals) in enumerate(rows):
            for x0, x1 in intervals:
                lean = (gap + width) / 2 if k % 2 and x1 - x0 > 2.5 * (gap + width) else 0
                for a, b in shapes.spread(x0 + 2 + lean, x1 - 2, width, gap):
                    top = floors + int(rng.integers(-2, 3))
                    ring = (
                        shapes.cross_shape(a, y, b, y + depth, 4.5) if point else shapes.rectangle(a, y, b, y + depth)
                    )
                    rings.append(ring)
                    facts.append(("tower", top, min(400, per_floor * (top - 1)), ""))
        plot.place(rings, facts, piece)
        for (y, intervals), (above, _) in zip(rows, rows[1:], strict=False):
            for x0, x1 in intervals:
                if x1 - x0 > 60 and rng.random() < 0.75:
                    middle, lift = (x0 + x1) / 2, (y + depth + above) / 2
                    blob = _blob(rng, middle, lift, min(46.0, (x1 - x0) / 3), (above - y - depth) / 2 - 5)
                    plot.cover(blob.intersection(piece), "water" if rng.random() < 0.12 else "green")
        if plot.spine is not None and len(rows) >= 2:
            _side_lane(plot, piece, rows[-1][0] - 5.5)


def _blob(rng: np.random.Generator, x: float, y: float, rx: float, ry: float) -> Polygon:
    """A smooth roundish shape."""
    t = np.linspace(0, 2 * math.pi, 28, endpoint=False)
    r = 1 + 0.14 * np.sin(2 * t + rng.uniform(0, 6)) + 0.08 * np.sin(3 * t + rng.uniform(0, 6))
    return Polygon(np.column_stack([x + rx * r * np.cos(t), y + ry * r * np.sin(t)]))


def _mixed(plot: _Plot) -> None:
    """Flats of former work units, 1970s and 1980s: short slabs without a wall."""
    rng = plot.rng
    gates: list[shapely.Point] = []
    if plot.x1 - plot.x0 > 90:
        gates = plot.lay_spine()
    ground = plot.shop_rows(gates, 0.7)
    depth, floors = float(rng.uniform(10, 12)), int(rng.integers(4, 7))
    for piece in _pieces(plot, ground.buffer(-2.0)):
        rings: list[np.ndarray | list[np.ndarray]] = []
        facts: list[tuple[str, int, int, str]] = []
        for y, intervals in plot.rows(piece, depth, depth + float(rng.uniform(13, 17))):
            for x0, x1 in intervals:
                at = x0 + rng.uniform(2, 8)
                while at + 22 < x1 - 2:
                    length = min(float(rng.choice([24, 32, 40, 48])) * rng.uniform(0.95, 1.05), x1 - 2 - at)
                    top = int(np.clip(floors + rng.integers(-1, 2), 3, 7))
                    if rng.random() < 0.08:
                        facts.append(("shop", 1, 0, ""))
                    else:
                        facts.append(
                            (
                                "mixed",
                                top,
                                max(1, round(length / 15)) * 3 * (top - 1) if length > 30 else 2 * top * 2,
                                "",
                            )
                        )
                    low = float(rng.uniform(0, 1.5))
                    rings.append(shapes.rectangle(at, y + low, at + length, y + depth))
                    at += length + float(rng.uniform(6, 11))
        plot.place(rings, facts, piece)


def _courtyard(plot: _Plot) -> None:
    """Lanes every second row, houses back to back."""
    rng = plot.rng
    ground = plot.shop_rows([], 0.75).buffer(-0.8)
    depth, lane = float(rng.uniform(10.5, 13)), float(rng.uniform(4.2, 5.4))
    for piece in _pieces(plot, ground):
        rings: list[np.ndarray | list[np.ndarray]] = []
        facts: list[tuple[str, int, int, str]] = []
        lows, lanes = max(
            (_house_rows(piece, depth, lane, lean) for lean in np.linspace(0, 2 * depth + lane, 7, endpoint=False)),
            key=lambda found: sum(
                max(b - a - 5, 0)
                for row in shapes.rows_inside(piece, np.array([y for y, _ in found[0]]), depth)
                for a, b in row
            ),
        )
        for (low, level), intervals in zip(
            lows, shapes.rows_inside(piece, np.array([y for y, _ in lows]), depth), strict=True
        ):
            for _ in (0,):
                for x0, x1 in intervals:
                    at = x0 + 0.6
                    while at + 8 < x1 - 0.6:
                        width = float(rng.choice([7, 8, 9.5, 12, 15], p=[0.2, 0.3, 0.27, 0.15, 0.08])) * rng.uniform(
                            0.95, 1.05
                        )
                        width = min(width, x1 - 0.6 - at)
                        if width < 6:
                            break
                        back = float(rng.uniform(0, 1.4))
                        a, b = (low + back, low + depth) if level == 0 else (low, low + depth - back)
                        rings.append(_yard_house(rng, at, a, at + width, b, level))
                        floors = int(rng.choice([1, 2, 3], p=[0.55, 0.35, 0.1]))
                        facts.append(("courtyard", floors, int(rng.choice([0, 1, 2, 2, 3, 3, 4, 5, 7])), ""))
                        at += width + float(rng.choice([0.4, 0.4, 0.7, 1.8]))
        plot.place(rings, facts, piece)
        _courtyard_lanes(plot, piece, lanes)


def _house_rows(piece: Polygon, depth: float, lane: float, lean: float) -> tuple[list[tuple[float, int]], list[float]]:
    """Feet of the house rows with the side they face (0 south, 1 north), and the lanes between pairs of rows."""
    _, y0, _, y1 = piece.bounds
    rows: list[tuple[float, int]] = []
    lanes: list[float] = []
    y, level = y0 + lean - 2 * depth - lane, 0
    while y + depth <= y1:
        if y >= y0:
            rows.append((y, level))
        y += depth + (lane if level else 0.5)
        if level:
            lanes.append(y - lane / 2)
        level = 1 - level
    return rows, lanes


def _courtyard_lanes(plot: _Plot, piece: Polygon, lanes: list[float]) -> None:
    standing = _standing(plot)
    for middle in lanes:
        line = LineString([(plot.x0 - 60, middle), (plot.x1 + 60, middle)])
        for part in shapes.parts_of(shapely.intersection(plot.face, line), "LineString"):
            (a, _), (b, _) = part.coords[0], part.coords[-1]
            if b - a < 40 or not plot.free.intersects(part):
                continue
            inner = shapely.intersection(piece, part)
            ia, _, ib, _ = inner.bounds if not inner.is_empty else (a, 0, b, 0)
            x0 = a if plot._street_at(a, middle) else ia + 1
            x1 = b if plot._street_at(b, middle) else ib - 1
            if x1 - x0 > 30 and not any(part.distance(p) < 1.4 for p in standing):
                plot.lane([(x0, middle), (x1, middle)], "path", named=True)


def _standing(plot: _Plot) -> list[Polygon]:
    own = []
    for house in reversed(plot.grounds.houses):
        if house.block != plot.index:
            break
        own.append(shapes.turned(house.polygon, -plot.angle))
    return own


def _yard_house(
    rng: np.random.Generator, x0: float, y0: float, x1: float, y1: float, level: int
) -> np.ndarray | list[np.ndarray]:
    width = x1 - x0
    if width > 13 and rng.random() < 0.7:
        return shapes.ring_house(x0, y0, x1, y1, 3.6)
    if width > 9.5 and rng.random() < 0.6:
        ring = shapes.u_shape(x0, y0, x1, y1, 3.0)
        if level:
            ring[:, 1] = y0 + y1 - ring[:, 1]
            ring = ring[::-1]
        return ring
    if rng.random() < 0.4:
        mid_x, mid_y = (x0 + x1) / 2, (y0 + y1) / 2
        return np.array([(x0, y0), (x1, y0), (x1, mid_y), (mid_x, mid_y), (mid_x, y1), (x0, y1)])
    return shapes.rectangle(x0, y0, x1, y1)


def _village(plot: _Plot) -> None:
    """A hamlet along one lane in the fields."""
    rng = plot.rng
    plot.spine = None
    gates = plot.lay_spine()
    cx, cy = (plot.x0 + plot.x1) / 2, (plot.y0 + plot.y1) / 2
    size = math.sqrt(plot.free.area)
    hamlet = _blob(rng, cx if plot.spine is None else plot.spine, cy, size * 0.36, size * 0.3).intersection(
        plot.free.buffer(-4)
    )
    for piece in _pieces(plot, hamlet):
        rings: list[np.ndarray | list[np.ndarray]] = []
        facts: list[tuple[str, int, int, str]] = []
        for y, intervals in plot.rows(piece, 11.5, 19.0):
            for x0, x1 in intervals:
                at = x0 + rng.uniform(0, 3)
                while at + 9 < x1:
                    width, depth = rng.uniform(9, 14), rng.uniform(8.5, 11)
                    if at + width < x1 and rng.random() < 0.86:
                        low = y + rng.uniform(0, 11.5 - depth)
                        rings.append(shapes.rectangle(at, low, at + width, low + depth))
                        facts.append(
                            (
                                "village",
                                int(rng.choice([1, 2, 3], p=[0.3, 0.5, 0.2])),
                                int(rng.choice([0, 1, 1, 1, 2, 2])),
                                "",
                            )
                        )
                    at += width + float(rng.uniform(2.5, 9))
        plot.place(rings, facts, piece)
    del gates
    _fields(plot, plot.free.difference(hamlet.buffer(9, quad_segs=3)))


def _fields(plot: _Plot, ground: Polygon) -> None:
    """Field strips with a pond."""
    rng = plot.rng
    for piece in _pieces(plot, ground):
        rest = piece.buffer(-2)
        if plot.spine is not None:
            rest = rest.difference(shapely.box(plot.spine - 6, plot.y0 - 9, plot.spine + 6, plot.y1 + 9))
        if piece.area > 12_000 and rng.random() < 0.8:
            at = piece.representative_point()
            pond = _blob(rng, at.x, at.y, rng.uniform(22, 46), rng.uniform(14, 26)).intersection(rest)
            plot.cover(pond, "water", "pond")
            rest = rest.difference(pond.buffer(4, quad_segs=2))
        x = plot.x0
        while x < plot.x1:
            width = float(rng.uniform(38, 90))
            plot.cover(rest.intersection(shapely.box(x, plot.y0 - 9, x + width - 2.5, plot.y1 + 9)), "farmland")
            x += width


# ---------------------------------------------------------------------------------------- other uses
def _farm(plot: _Plot) -> None:
    _fields(plot, plot.free)


def _large(
    plot: _Plot, ground: Polygon, spec: dict[str, float], kind: str, floors: tuple[int, int], homes: float = 0.0
) -> None:
    """Rows of large buildings, some with a yard."""
    rng = plot.rng
    depth, gap = spec["depth"] * rng.uniform(0.9, 1.1), spec["gap"]
    for piece in _pieces(plot, ground):
        rings: list[np.ndarray | list[np.ndarray]] = []
        facts: list[tuple[str, int, int, str]] = []
        for y, intervals in plot.rows(piece, depth, depth + gap):
            for x0, x1 in intervals:
                at = x0 + 1
                while at + spec["low"] < x1 - 1:
                    width = min(rng.uniform(spec["low"], spec["high"]), x1 - 1 - at)
                    if x1 - 1 - at - width < 0.4 * spec["low"]:
                        width = x1 - 1 - at
                    width = min(width, 1.4 * spec["high"])
                    if rng.random() < spec.get("fill", 0.9):
                        yard = width > 38 and depth > 26 and rng.random() < spec.get("yard", 0)
                        rings.append(
                            shapes.u_shape(at, y, at + width, y + depth, 12)
                            if yard
                            else shapes.rectangle(at, y, at + width, y + depth)
                        )
                        top = int(rng.integers(floors[0], floors[1] + 1))
                        flats = int(rng.integers(60, 190)) if rng.random() < homes else 0
                        facts.append(("apartment" if flats else kind, max(top, 9) if flats else top, flats, ""))
                    at += width + gap * rng.uniform(0.7, 1.1)
        plot.place(rings, facts, piece)


def _commercial(plot: _Plot) -> None:
    ground = plot.free.buffer(-3)
    tall = plot.rng.random() < 0.5
    spec = (
        {"depth": 30, "gap": 17, "low": 28, "high": 58, "yard": 0.3}
        if tall
        else {"depth": 46, "gap": 15, "low": 40, "high": 95, "yard": 0.35}
    )
    _large(plot, ground, spec, "office" if tall else "mall", (7, 28) if tall else (3, 6), 0.12 if tall else 0)


def _industry(plot: _Plot) -> None:
    plot.cover(plot.free, "industrial")
    plot.lay_spine()
    spec = {"depth": 44, "gap": 13, "low": 45, "high": 105, "fill": 0.88}
    _large(plot, plot.free.buffer(-6), spec, "factory", (1, 3), 0.03)


def _track(x: float, y: float, length: float, width: float) -> Polygon:
    return shapely.buffer(
        LineString([(x - (length - width) / 2, y), (x + (length - width) / 2, y)]), width / 2, quad_segs=6
    )


def _sports(plot: _Plot, ground: Polygon) -> Polygon:
    """Put a running track where one fits; the ground that is left."""
    shapely.prepare(ground)
    x0, y0, x1, y1 = ground.bounds
    for length, width in ((176, 92), (140, 74), (112, 62), (84, 48)):
        for upright in (False, True):
            w, h = (width, length) if upright else (length, width)
            for fy in (0.0, 0.15, 0.3, 0.5):
                for fx in (0.0, 1.0, 0.5, 0.2, 0.8):
                    x = x0 + w / 2 + 2 + fx * (x1 - x0 - w - 4)
                    y = y0 + h / 2 + 2 + fy * (y1 - y0 - h - 4)
                    box = shapely.box(x - w / 2, y - h / 2, x + w / 2, y + h / 2)
                    if w * h > 0.45 * ground.area or not ground.contains(box):
                        continue
                    track = _track(x, y, length, width)
                    if upright:
                        track = shapely.transform(
                            track, lambda c, x=x, y=y: np.column_stack([x - (c[:, 1] - y), y + (c[:, 0] - x)])
                        )
                    plot.cover(track, "green", "track")
                    return ground.difference(box.buffer(7, join_style="mitre"))
    return ground


def _school(plot: _Plot) -> None:
    plot.enclose("school", plot.lay_spine(lane=False))
    plot.cover(plot.free, "campus", "school")
    ground = _sports(plot, plot.free.buffer(-5))
    _large(plot, ground, {"depth": 32, "gap": 16, "low": 34, "high": 64, "yard": 0.75}, "school", (3, 5))


def _campus(plot: _Plot) -> None:
    rng = plot.rng
    gates = plot.lay_spine()
    plot.enclose("campus", gates)
    plot.cover(plot.free, "campus", "campus")
    y = (plot.y0 + plot.y1) / 2
    chord = shapely.intersection(plot.free, LineString([(plot.x0 - 9, y), (plot.x1 + 9, y)]))
    for part in shapes.parts_of(chord, "LineString"):
        a, _, b, _ = part.bounds
        if plot.spine is not None and a < plot.spine < b:
            plot.lane([(a + 12, y), (plot.spine, y), (b - 12, y)], "service")
    x = plot.spine if plot.spine is not None else (plot.x0 + plot.x1) / 2
    ground = plot.free.buffer(-9)
    far = 2_000.0
    quarters = [
        ground.intersection(shapely.box(*box))
        for box in (
            (x + 9, y + 9, far, far), (-far, y + 9, x - 9, far), (-far, -far, x - 9, y - 9), (x + 9, -far, far, y - 9),
        )
    ]  # fmt: skip
    plot.spine = None
    teaching = {"depth": 34, "gap": 24, "low": 44, "high": 84, "yard": 0.6, "fill": 0.85}
    for quarter, use in zip(quarters, rng.permutation(["teach", "sport", "dorm", "lake"]), strict=True):
        piece = shapes.largest(quarter)
        if piece is None or piece.area < 2_000:
            continue
        if use == "sport":
            _large(plot, _sports(plot, piece), teaching, "campus", (2, 4))
        elif use == "dorm":
            _large(plot, piece, {"depth": 15, "gap": 19, "low": 48, "high": 62}, "dormitory", (5, 7), 0.04)
        elif use == "lake":
            at = piece.centroid
            lake = _blob(rng, at.x, at.y, 0.26 * math.sqrt(piece.area), 0.19 * math.sqrt(piece.area)).intersection(
                piece
            )
            shore = lake.buffer(26).intersection(piece)
            plot.cover(shore.difference(lake), "green")
            plot.cover(lake, "water", "lake")
            _large(plot, piece.difference(shore.buffer(4)), teaching, "campus", (3, 8))
        else:
            _large(plot, piece, teaching, "campus", (4, 7))


def _hospital(plot: _Plot) -> None:
    plot.enclose("hospital", plot.lay_spine())
    _large(
        plot, plot.free.buffer(-8), {"depth": 30, "gap": 22, "low": 40, "high": 80, "yard": 0.5}, "hospital", (4, 14)
    )


def _government(plot: _Plot) -> None:
    low = plot.y0 + 0.42 * (plot.y1 - plot.y0)
    square = plot.free.intersection(shapely.box(plot.x0 - 9, plot.y0 - 9, plot.x1 + 9, low))
    plot.cover(square.buffer(-6), "green", "square")
    ground = plot.free.difference(square).buffer(-4)
    _large(plot, ground, {"depth": 30, "gap": 18, "low": 60, "high": 110, "yard": 0.4}, "government", (5, 12))


def _station(plot: _Plot) -> None:
    """A long hall beside the rails and a square before it."""
    rails = shapely.union_all([line for line, way, _ in plot.fronts if way.kind == "rail"])
    best: tuple[float, float, float, float] | None = None
    for y, intervals in plot.rows(plot.free.buffer(-2), 26, 6):
        for x0, x1 in intervals:
            width = min(x1 - x0 - 6, 130)
            middle = (x0 + x1) / 2
            if width > 50 and (best is None or shapely.Point(middle, y).distance(rails) < best[3]):
                best = (middle - width / 2, middle + width / 2, y, shapely.Point(middle, y).distance(rails))
    if best is None:
        _commercial(plot)
        return
    hall = shapes.rectangle(best[0], best[2], best[1], best[2] + 26)
    plot.place([hall], [("station", 2, 0, "")])
    rest = plot.free.difference(Polygon(hall).buffer(16))
    square = rest.intersection(Polygon(hall).buffer(64)).buffer(-3)
    plot.cover(square, "green", "square")
    _large(
        plot,
        rest.difference(square.buffer(8)).buffer(-3),
        {"depth": 24, "gap": 14, "low": 24, "high": 50},
        "office",
        (4, 12),
    )


def _park(plot: _Plot) -> None:
    rng = plot.rng
    plot.cover(plot.free, "green", "park")
    size = math.sqrt(plot.free.area)
    at = (
        plot.free.buffer(-0.22 * size).representative_point()
        if not plot.free.buffer(-0.22 * size).is_empty
        else plot.free.centroid
    )
    lake = _blob(rng, at.x, at.y, 0.24 * size, 0.15 * size).intersection(plot.free.buffer(-14))
    if plot.free.area > 16_000:
        plot.cover(lake, "water", "lake")
    else:
        lake = Polygon()
    if plot.free.area > 9_000:
        walk = shapes.largest((lake.buffer(13) if not lake.is_empty else plot.free.buffer(-0.2 * size)))
        if walk is not None:
            loop = walk.exterior.simplify(2)
            plot.lane(list(loop.coords), "path")
            for line, way, _ in plot.fronts:
                if way.cls in {"residential", "tertiary", "secondary", "primary"} and not way.bridge and not way.tunnel:
                    a, b = (
                        p.coords[0] for p in shapely.ops.nearest_points(loop, line.interpolate(0.5, normalized=True))
                    )
                    entry = LineString([a, b])
                    if plot.face.buffer(0.01).contains(entry) and not lake.intersects(entry):
                        plot.lane([a, b], "path")
        ring = plot.free.buffer(-6).difference((walk or Polygon()).buffer(8))
        rings: list[np.ndarray | list[np.ndarray]] = []
        for x, y in rng.uniform((plot.x0, plot.y0), (plot.x1, plot.y1), (9, 2)):
            if len(rings) < 2:
                rings.append(shapes.rectangle(x, y, x + 12, y + 9))
                if not ring.contains(Polygon(rings[-1])) or (
                    len(rings) == 2 and Polygon(rings[0]).distance(Polygon(rings[1])) < 40
                ):
                    rings.pop()
        rings = [
            r
            for r in rings
            if not any(
                shapes.turned(w.geometry, -plot.angle).distance(Polygon(r)) < 2 for w in plot.grounds.lanes[-12:]
            )
        ]
        plot.place(rings, [("pavilion", 1, 0, "")] * len(rings))


def _green(plot: _Plot) -> None:
    plot.cover(plot.free, "green")


FILLERS: dict[str, Callable[[_Plot], None]] = {
    "slab": _slab, "tower": _tower, "mixed": _mixed, "courtyard": _courtyard, "village": _village, "farm": _farm,
    "commercial": _commercial, "industry": _industry, "school": _school, "campus": _campus, "hospital": _hospital,
    "government": _government, "station": _station, "park": _park, "green": _green,
}  # fmt: skip


# ---------------------------------------------------------------------------------------- the whole
def _reach(way: Way, city: CityPlan) -> float:
    if way.kind == "street":
        cls = way.cls or "residential"
        return STREET_WIDTH[cls] / 2 + SETBACK[cls]
    if way.kind == "rail":
        return RAIL_HALF + 7
    return 34 * city.scale + 4 if way.kind == "water" else 0.0


def build_city(city: CityPlan, seed: int) -> Grounds:
    """Fill every block of a planned city."""
    grounds = Grounds()
    ways = [w for w in city.ways if w.kind != "ghost"]
    reach = np.array([_reach(w, city) for w in ways])
    lines = np.array([w.geometry for w in ways])
    buffers = shapely.buffer(lines, reach, quad_segs=3)
    tree = shapely.STRtree(buffers)
    near, which = tree.query([b.polygon for b in city.blocks], predicate="intersects")
    starts = np.searchsorted(near, np.arange(len(city.blocks) + 1))
    for k, block in enumerate(city.blocks):
        around = which[starts[k] : starts[k + 1]]
        if block.zone == "river":
            dry = block.polygon.difference(city.river) if city.river is not None else block.polygon
            streets = [buffers[a] for a in around if ways[a].kind != "water"]
            for part in shapes.parts_of(dry.difference(shapely.union_all(streets))):
                if part.area > 80:
                    grounds.covers.append(Cover(shapely.set_precision(part, 0.01), "green", "bank"))
            continue
        edge = [] if block.polygon.distance(city.outline.exterior) > 1 else [city.outline.exterior.buffer(4.0)]
        free = shapes.largest(
            block.polygon.difference(shapely.union_all([*buffers[around], *edge])).buffer(-0.5, join_style="mitre")
        )
        if free is None or free.area < 120:
            continue
        fronts = [(ways[a], float(reach[a])) for a in around]
        FILLERS[block.use](_Plot(grounds, city, k, free, fronts, seed))
    if city.river is not None:
        grounds.covers.append(
            Cover(shapely.set_precision(city.river.intersection(city.outline.buffer(260)), 0.01), "water", "river")
        )
    return grounds
