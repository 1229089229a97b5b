"""What is the free ground of one block, and how are buildings, walls, gates and lanes put on it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import LineString, Polygon

from data.sample import shapes
from data.sample.plan import MM, Way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from data.sample.plan import CityPlan
    from data.sample.shapes import Interval, Ring

__all__ = ["Compound", "Cover", "Draft", "Grounds", "House", "Plot"]

SHOP_STREETS = ("primary", "secondary", "tertiary")


@dataclass
class House:
    """A building: `dwellings` is how many households it could take; `compound` is -1 for none."""

    polygon: Polygon
    kind: str
    floors: int
    dwellings: int
    block: int
    compound: int = -1


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


@dataclass
class Draft:
    """Footprints to be placed together, with kind, floors and dwellings of each."""

    rings: list[Ring] = field(default_factory=list)
    facts: list[tuple[str, int, int]] = field(default_factory=list)

    def add(self, ring: Ring, kind: str, floors: int, dwellings: int = 0) -> None:
        """Propose one building."""
        self.rings.append(ring)
        self.facts.append((kind, floors, dwellings))


class Plot:
    """The free ground of one block in the block's own frame: long side along x, metres.

    Parameters
    ----------
    grounds : Grounds
        Where everything that is placed is added.
    city : CityPlan
    index : int
        Of the block.
    free : Polygon
        Ground of the block that streets, rails and water leave.
    fronts : list of (Way, float)
        Ways near the block and how far from their middle line the free ground begins.
    seed : int
    """

    def __init__(
        self,
        grounds: Grounds,
        city: CityPlan,
        index: int,
        free: Polygon,
        fronts: list[tuple[Way, float]],
        seed: int,
    ) -> None:
        self.grounds, self.city, self.index = grounds, city, index
        self.rng = np.random.default_rng([seed, 13, index])
        self.angle = shapes.frame_angle(free)
        self.free = shapes.turned(free, -self.angle)
        self.face = shapes.turned(city.blocks[index].polygon, -self.angle)
        self.fronts = [(shapes.turned(w.geometry, -self.angle), w, reach) for w, reach in fronts]
        self.compound = -1
        self.spine: float | None = None
        self.first_house = len(grounds.houses)
        self.first_lane, self.first_cover = len(grounds.lanes), len(grounds.covers)
        self.x0, self.y0, self.x1, self.y1 = self.free.bounds

    @property
    def depth(self) -> float:
        """How deep the plot is, roughly: twice its area over half its outline."""
        return float(4 * self.free.area / self.free.length)

    @property
    def empty(self) -> bool:
        """Whether nothing has been built or planted yet."""
        return len(self.grounds.houses) == self.first_house and len(self.grounds.covers) == self.first_cover

    def world(self, geometry: BaseGeometry) -> BaseGeometry:
        """Bring a geometry of the plot's frame back to the plane of the plan."""
        return shapely.set_precision(shapes.turned(geometry, self.angle), MM)

    def pieces(self, ground: Polygon, inset: float = 0.0) -> list[Polygon]:
        """Polygons of the ground, drawn in by `inset`, that are worth building on."""
        return [p for p in shapes.parts_of(ground.buffer(-inset) if inset else ground) if p.area > 300]

    # ------------------------------------------------------------------ placing
    def place(self, draft: Draft, within: Polygon | None = None) -> list[Polygon]:
        """Build what lies inside `within`; the footprints built."""
        if not draft.rings:
            return []
        ground = self.free if within is None else within
        shapely.prepare(ground)
        footprints = np.array([Polygon(r[0], r[1:]) if isinstance(r, list) else Polygon(r) for r in draft.rings])
        inside = np.flatnonzero(shapely.contains_properly(ground, footprints))
        for k in inside:
            kind, floors, dwellings = draft.facts[k]
            polygon = self.world(footprints[k])
            self.grounds.houses.append(House(polygon, kind, floors, dwellings, self.index, self.compound))
        return list(footprints[inside])

    def rows(self, ground: Polygon, depth: float, pitch: float) -> list[tuple[float, list[Interval]]]:
        """Rows of `depth` every `pitch` metres with the intervals left beside the spine."""
        taken = [] if self.spine is None else [(self.spine - 6.0, self.spine + 6.0)]
        return shapes.best_rows(ground, depth, pitch, taken)

    def cover(self, polygon: Polygon, kind: str, label: str = "") -> None:
        """Add land cover."""
        for part in shapes.parts_of(polygon):
            if part.area > 60:
                self.grounds.covers.extend(Cover(p, kind, label) for p in shapes.parts_of(self.world(part)))

    def lane(self, points: Sequence[tuple[float, ...]], cls: str, *, named: bool = False) -> None:
        """Add an inner road."""
        line = self.world(LineString(points))
        if line.is_empty:
            return
        if named:
            self.city.roads.append((cls, f"lane:{self.index}"))
        self.grounds.lanes.append(Way(line, "street", cls, len(self.city.roads) - 1 if named else -1))

    def standing(self) -> list[Polygon]:
        """Footprints built on this plot so far."""
        return [shapes.turned(h.polygon, -self.angle) for h in self.grounds.houses[self.first_house :]]

    def own_lanes(self) -> list[LineString]:
        """Inner roads of this plot so far."""
        return [shapes.turned(w.geometry, -self.angle) for w in self.grounds.lanes[self.first_lane :]]

    # ------------------------------------------------------------------ ways in
    def street_at(self, x: float, y: float) -> bool:
        """Say whether a point of the block's outline lies on a street that one can turn into."""
        point = shapely.Point(x, y)
        near = [way for line, way, _ in self.fronts if line.distance(point) < 0.5]
        return bool(near) and all(
            w.kind == "street" and w.cls != "expressway" and not w.bridge and not w.tunnel for w in near
        )

    def lay_spine(self, *, lane: bool = True) -> list[shapely.Point]:
        """Lead a service road from the streets into the plot, south to north; its gates on the outline.

        Without `lane` only a gate is found.
        """
        x = float(self.rng.uniform(0.4, 0.6) * (self.x1 - self.x0) + self.x0)
        chord = shapely.intersection(self.face, LineString([(x, self.y0 - 400), (x, self.y1 + 400)]))
        lines = shapes.parts_of(chord, "LineString")
        inside = shapes.parts_of(shapely.intersection(self.free, chord), "LineString")
        if len(lines) != 1 or not inside:
            return []
        low, high = sorted(c[1] for c in lines[0].coords)
        inner_low, inner_high = min(p.bounds[1] for p in inside), max(p.bounds[3] for p in inside)
        gates, ends = [], []
        for end, edge, sign in ((low, inner_low, 1), (high, inner_high, -1)):
            if self.street_at(x, end):
                gates.append(shapely.Point(x, edge))
                ends.append(end)
            else:
                ends.append(edge + sign * 14)
        if not gates or ends[1] - ends[0] < 30:
            return []
        if not lane:
            return gates[:1]
        if len(gates) == 2 and self.rng.random() < 0.35:  # a cul-de-sac: no through traffic
            keep = int(self.rng.integers(2))
            ends[1 - keep] = (inner_low + 16) if keep else (inner_high - 16)
            gates = [gates[keep]]
        self.spine = x
        self.lane([(x, ends[0]), (x, ends[1])], "service")
        return gates

    def side_lane(self, piece: Polygon, y: float, inset: float = 6.0) -> None:
        """Add a service road across the spine, inside the plot."""
        across = LineString([(self.x0 - 9, y), (self.x1 + 9, y)])
        for line in shapes.parts_of(shapely.intersection(piece, across), "LineString"):
            a, _, b, _ = line.bounds
            if self.spine is not None and a < self.spine < b and b - a > 60:
                self.lane([(a + inset, y), (self.spine, y), (b - inset, y)], "service")

    def enclose(self, era: str, gates: list[shapely.Point]) -> None:
        """Make the plot one compound."""
        outline = shapes.largest(self.world(self.free))
        if outline is None:
            return
        self.compound = len(self.grounds.compounds)
        doors = [shapes.turned(g, self.angle) for g in gates]
        walled = bool(self.rng.random() < 0.75)
        self.grounds.compounds.append(Compound(outline, self.index, doors, era, walled))

    # ------------------------------------------------------------------ shops
    def shop_rows(self, gates: list[shapely.Point], share: float) -> Polygon:
        """Put shops along the main streets, fewer where the plot is shallow; the ground that is left."""
        share *= float(np.clip((self.depth - 25) / 50, 0.1, 1.0))
        draft = Draft()
        placed: list[Polygon] = []
        for line, way, reach in self.fronts:
            if way.cls not in SHOP_STREETS or way.bridge or way.tunnel or self.rng.random() > share:
                continue
            front = shapely.line_merge(self.free.exterior.intersection(line.buffer(reach + 1.5, cap_style="flat")))
            for edge in shapes.parts_of(front, "LineString"):
                at = float(self.rng.uniform(4, 9))
                while at + 16 < edge.length - 4:
                    length = min(float(self.rng.uniform(18, 44)), edge.length - 4 - at)
                    ring = self._shop(edge, at, length, placed, gates)
                    at += length + float(self.rng.choice([1.5, 2.5, 9.0], p=[0.45, 0.3, 0.25]))
                    if ring is not None:
                        placed.append(Polygon(ring))
                        draft.add(ring, "shop", int(self.rng.choice([1, 2, 2, 3])))
        self.place(draft)
        return self.free if not placed else self.free.difference(shapely.union_all(placed).buffer(7.5, quad_segs=2))

    def _shop(
        self, edge: LineString, at: float, length: float, placed: list[Polygon], gates: list[shapely.Point]
    ) -> np.ndarray | None:
        """One shop at the edge of the plot, its back inwards; None where it would stand in the way."""
        a, b = (np.array(edge.interpolate(s).coords[0]) for s in (at, at + length))
        bow = edge.interpolate(at + length / 2).distance(LineString([a, b]))
        deep = float(self.rng.uniform(9, 11.5))
        if bow > 0.8 or length < 14:
            return None
        along = (b - a) / max(float(np.hypot(*(b - a))), 1e-9)
        for inward in (np.array([-along[1], along[0]]), np.array([along[1], -along[0]])):
            base = inward * (0.7 + bow)
            ring = np.array([a + base, b + base, b + base + inward * deep, a + base + inward * deep])
            polygon = Polygon(ring)
            in_the_way = (
                any(polygon.distance(p) < 1.2 for p in placed)
                or any(polygon.distance(g) < 8 for g in gates)
                or (self.spine is not None and ring[:, 0].min() - 5 < self.spine < ring[:, 0].max() + 5)
            )
            if self.free.contains_properly(polygon) and not in_the_way:
                return ring
        return None
