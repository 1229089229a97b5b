"""Where do the streets, the river and the railway of the sample district run, and which ground lies between them?

A grid of main streets, bent and jittered, is crossed by a meandering river and a railway; the ground between them is
cut into blocks by residential streets. Metres in a plane around (0, 0); x east, y north.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from data.sample import shapes

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["MM", "Block", "CityPlan", "Road", "Way", "fineness", "make_plan"]

MM = 0.01
"""Every planned coordinate lies on a lattice of 1 cm, so that shared corners are shared exactly."""

RAIL_HALF = 9.0
EXPRESSWAY_FROM, RAIL_FROM, CAMPUS_FROM, RIVER_FROM = 6_000, 1_500, 8_000, 1_000

BLOCK_AREA = {"old": 12_000.0, "centre": 27_000.0, "urban": 36_000.0, "edge": 80_000.0}


Road = tuple[str, str]
"""Class and heading of a named street."""


@dataclass(frozen=True)
class Way:
    """A line as planned. `kind` ``ghost`` only divides ground (a street that stops at the river goes on as one)."""

    geometry: LineString
    kind: str
    cls: str | None = None
    road: int = -1
    bridge: bool = False
    tunnel: bool = False


@dataclass
class Block:
    """Ground between streets: `zone` says in which part of the city, `use` what it carries (set by `zones`)."""

    polygon: Polygon
    zone: str
    use: str = ""


@dataclass
class CityPlan:
    """Streets and blocks of the district.

    Parameters
    ----------
    ways : list of Way
    roads : list of (class, heading)
        One for each named street, by index; heading is one of ``ew``, ``ns``, ``bank``, ``local``.
    outline : Polygon
        The district.
    river, bank : Polygon
        Water, and water with its green banks; empty where there is no river.
    river_half : float
        Half the width of the water in metres.
    """

    ways: list[Way]
    roads: list[Road]
    outline: Polygon
    blocks: list[Block] = field(default_factory=list)
    river: Polygon = field(default_factory=Polygon)
    bank: Polygon = field(default_factory=Polygon)
    river_half: float = 0.0
    old_town: Point = field(default_factory=lambda: Point(0, 0))
    scale: float = 1.0


class _Grid:
    """Main streets: a jittered, bent lattice of nodes and the curves through them."""

    def __init__(self, rng: np.random.Generator, area: float, fineness: float, columns: int) -> None:
        width = math.sqrt(area * 1.28)
        height = area / width
        self.nx, self.ny = max(columns, round(width / (470 * fineness))), max(1, round(height / (420 * fineness)))
        self.xs, self.ys = (self._ticks(rng, n, span) for n, span in ((self.nx, width), (self.ny, height)))
        self.width, self.height = width, height
        self.express = -1
        self.south = max(0, round(0.3 * self.ny) - (self.ny > 2)) if self.ny > 1 else 0
        self.waves = [
            (rng.uniform(0.3, 1.0), rng.uniform(1100, 3000), *rng.uniform(0, 2 * math.pi, 3)) for _ in range(5)
        ]
        self.bend = min(26.0, width / 60)
        self.rotation = float(rng.uniform(0.05, 0.16) * rng.choice([-1, 1]))
        nodes = np.stack(np.meshgrid(self.xs, self.ys, indexing="ij"), axis=-1)
        jitter = min(20.0, width / 60)
        self.nodes = self.bent(
            (nodes + rng.normal(0, jitter, nodes.shape).clip(-2 * jitter, 2 * jitter)).reshape(-1, 2)
        )
        self.nodes = self.nodes.reshape(self.nx + 1, self.ny + 1, 2)
        self.columns = [shapes.smooth_line(self.nodes[i]) for i in range(self.nx + 1)]
        self.rows = [shapes.smooth_line(self.nodes[:, j]) for j in range(self.ny + 1)]
        self.kept = np.ones((self.nx, self.ny), bool)
        if self.nx >= 5 and self.ny >= 4:
            for corner in rng.permutation(4)[: int(rng.integers(2, 4))]:
                i, j = (0, self.nx - 1)[corner % 2], (0, self.ny - 1)[corner // 2]
                self.kept[i, j] = False
            for _ in range((self.nx + self.ny) // 9):
                side, at = int(rng.integers(4)), rng.uniform(0.25, 0.75)
                i = (0, self.nx - 1, int(at * self.nx), int(at * self.nx))[side]
                j = (int(at * self.ny), int(at * self.ny), 0, self.ny - 1)[side]
                self.kept[i, j] = False

    @staticmethod
    def _ticks(rng: np.random.Generator, n: int, span: float) -> np.ndarray:
        at = np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
        steps = rng.uniform(0.78, 1.22, n) * (0.85 + 0.4 * np.abs(at))
        return np.asarray(np.concatenate([[0], np.cumsum(steps)]) / steps.sum() * span - span / 2)

    def bent(self, xy: np.ndarray) -> np.ndarray:
        """Bend and turn the plane a little, so that no street is quite straight."""
        out = np.array(xy, float)
        for amplitude, length, heading, phase, push in self.waves:
            along = xy[:, 0] * math.cos(heading) + xy[:, 1] * math.sin(heading)
            out += (
                amplitude
                * self.bend
                * np.sin(2 * math.pi * along / length + phase)[:, None]
                * [math.cos(push), math.sin(push)]
            )
        return shapes.turn(out, self.rotation)

    def cell(self, i: int, j: int) -> Polygon:
        """Ground between two columns and two rows."""
        return Polygon(
            np.vstack(
                [
                    self.rows[j][i],
                    self.columns[i + 1][j][1:],
                    self.rows[j + 1][i][::-1][1:],
                    self.columns[i][j][::-1][1:-1],
                ]
            )
        )

    def has(self, i: int, j: int) -> bool:
        """Say whether a cell exists and belongs to the district."""
        return 0 <= i < self.nx and 0 <= j < self.ny and bool(self.kept[i, j])


def _tidy(geometry: BaseGeometry) -> BaseGeometry:
    return shapely.set_precision(geometry, MM)


def _curve(grid: _Grid, y0: float, drift: float, sway: float, length: float, phase: float) -> LineString:
    """A line from beyond the west edge to beyond the east edge."""
    reach = grid.width / 2 + 320
    x = np.linspace(-reach, reach, int(reach / 12))
    y = y0 + drift * x / grid.width + sway * np.sin(2 * math.pi * x / length + phase)
    return _tidy(LineString(grid.bent(np.column_stack([x, y]))))


def _middle(ticks: np.ndarray, k: int) -> float:
    return float(ticks[k] + ticks[k + 1]) / 2


def _with(way: Way, geometry: LineString, **changes: Any) -> Way:
    return replace(way, geometry=geometry, **changes)


def _crossed(way: Way, over: Polygon, cut: Polygon, *, passes: bool, mark: str) -> list[Way]:
    """Lead a street across water or rails (`mark` is ``bridge`` or ``tunnel``), or let a ghost go on within `cut`."""
    if not way.geometry.intersects(cut):
        return [way]
    inner = over if passes else cut
    changes: dict[str, Any] = {mark: True} if passes else {"kind": "ghost"}
    outside = shapes.parts_of(way.geometry.difference(inner), "LineString")
    inside = shapes.parts_of(way.geometry.intersection(inner), "LineString")
    return [_with(way, p) for p in outside] + [_with(way, p, **changes) for p in inside]


def _main_streets(rng: np.random.Generator, grid: _Grid, roads: list[Road]) -> list[tuple[Way, str]]:
    """Give the spans of the lattice that bound ground of the district, with their heading."""
    found: list[tuple[Way, str]] = []
    for heading, spans_of, mid in (("ns", grid.columns, grid.ny // 2), ("ew", grid.rows, grid.nx // 2)):
        shift = int(rng.integers(3))
        for line, spans in enumerate(spans_of):
            edge = line in (0, len(spans_of) - 1)
            cls = "tertiary" if rng.random() < 0.3 and not edge else "secondary"
            cls = "primary" if (line + shift) % 3 == 0 else cls
            cls = "expressway" if heading == "ns" and line == grid.express else cls
            if min(grid.nx, grid.ny) <= 2:
                cls = {"primary": "secondary", "secondary": "tertiary"}.get(cls, cls)
            halves = cls in {"primary", "secondary"} and len(spans) >= 4
            first = len(roads)
            roads.extend([(cls, f"{heading}-low"), (cls, f"{heading}-high")] if halves else [(cls, heading)])
            for k, points in enumerate(spans):
                i, j = (line, k) if heading == "ns" else (k, line)
                sides = (grid.has(i - 1, j) if heading == "ns" else grid.has(i, j - 1), grid.has(i, j))
                left_out = all(sides) and cls in {"secondary", "tertiary"} and rng.random() < 0.1
                if any(sides) and not left_out:
                    road = first + int(halves and k >= mid)
                    found.append((Way(_tidy(LineString(points)), "street", cls, road), heading))
    return found


def _lay_river(rng: np.random.Generator, grid: _Grid, plan: CityPlan) -> tuple[LineString, float]:
    """Set the water and its banks; the middle line, and the half width with banks."""
    half = float(np.clip(32 * plan.scale, 6, 34))
    step = grid.ys[grid.south + 1] - grid.ys[grid.south]
    middle = _middle(grid.ys, grid.south)
    river = _curve(
        grid,
        middle if grid.ny > 1 else middle - 0.22 * step,
        rng.uniform(-0.6, 0.6) * step if grid.ny > 2 else 0.0,
        (0.2 if grid.ny > 1 else 0.05) * step,
        rng.uniform(0.7, 1.1) * min(grid.width, 4_500.0),
        rng.uniform(0, 6),
    )
    reach = half * 1.5 + 8
    plan.river_half = half
    plan.river = river.buffer(half, cap_style="flat")
    plan.bank = river.buffer(reach, cap_style="flat")
    return river, reach


def _across_river(streets: list[tuple[Way, str]], river: LineString, plan: CityPlan) -> list[Way]:
    """Bridges for main streets, and for others where the next bridge is far; no street close along the bank."""
    near = plan.bank.buffer(85 * plan.scale)
    found: list[Way] = []
    last = -math.inf
    for way, heading in streets:
        line = way.geometry
        if heading == "ew":
            inside = plan.outline.contains(line.interpolate(0.5, normalized=True).buffer(20))
            if line.intersection(near).length <= 0.45 * line.length or not inside:
                found += _crossed(way, plan.river, plan.bank, passes=False, mark="bridge")
            continue
        crossing = line.intersection(river)
        passes = way.cls in {"primary", "expressway"}
        if not crossing.is_empty:
            x = float(shapely.get_coordinates(crossing)[0, 0])
            passes = passes or x - last > 700
            last = x if passes else last
        found += _crossed(way, plan.river, plan.bank, passes=passes, mark="bridge")
    return found


def _lay_rails(rng: np.random.Generator, grid: _Grid) -> LineString:
    north = grid.ny - 1 if grid.ny < 5 else grid.ny - 2
    row = grid.ys[north + 1] - grid.ys[north]
    drift = rng.uniform(-0.3, 0.3) * row
    return _curve(grid, _middle(grid.ys, north), drift, 0.05 * row, 2.2 * grid.width, 1.0)


def fineness(households: int) -> float:
    """Return how much smaller the blocks of a small district are, that it may show some of everything."""
    return float(np.clip((households / 9_000) ** 0.25, 0.6, 1.0))


def make_plan(seed: int, households: int, density: float) -> CityPlan:
    """Lay out streets and blocks for about `households`, at `density` households a km².

    Parameters
    ----------
    seed : int
    households : int
    density : float
        Households a square kilometre of the whole district, water and fields included.
    """
    rng = np.random.default_rng([seed, 11])
    edged = households >= EXPRESSWAY_FROM  # the last column, beyond the expressway, is country
    grid = _Grid(rng, households / density * 1e6, fineness(households), 4 if edged else 1)
    grid.express = grid.nx - 1 if edged else -1
    cells = [grid.cell(i, j) for i in range(grid.nx) for j in range(grid.ny) if grid.kept[i, j]]
    outline = shapes.largest(_tidy(shapely.union_all(cells)))
    assert outline is not None
    plan = CityPlan([], [], outline, scale=min(1.0, grid.width / 2600))
    reach = outline.buffer(260, quad_segs=2)
    streets = _main_streets(rng, grid, plan.roads)
    ways = [way for way, _ in streets]
    shores: list[Way] = []
    if households >= RIVER_FROM:
        river, half = _lay_river(rng, grid, plan)
        ways = _across_river(streets, river, plan)
        cls = "tertiary" if households >= EXPRESSWAY_FROM else "residential"
        for side, heading in ((1, "bank-north"), (-1, "bank-south")):
            plan.roads.append((cls, heading))
            shore = _tidy(shapely.offset_curve(river, side * half, quad_segs=4).intersection(outline))
            shores += [Way(p, "street", cls, len(plan.roads) - 1) for p in shapes.parts_of(shore, "LineString")]
        plan.ways += [Way(p, "water") for p in shapes.parts_of(river.intersection(reach), "LineString")]
    if households >= RAIL_FROM and grid.ny >= 3:
        rails = _lay_rails(rng, grid)
        over, cut = (rails.buffer(RAIL_HALF + more, cap_style="flat") for more in (0, 5))
        ways = [
            part
            for way in ways + shores
            for part in (
                [way]
                if way.kind == "ghost"
                else _crossed(
                    way,
                    over,
                    cut,
                    passes=way.cls in {"expressway", "primary"} or (way.cls != "residential" and rng.random() < 0.6),
                    mark="bridge" if way.cls == "expressway" else "tunnel",
                )
            )
        ]
        dry = rails.difference(plan.river).intersection(reach)
        wet = rails.intersection(plan.river).intersection(reach)
        plan.ways += [Way(p, "rail") for p in shapes.parts_of(dry, "LineString")]
        plan.ways += [Way(p, "rail", bridge=True) for p in shapes.parts_of(wet, "LineString")]
    else:
        ways += shores
    plan.ways += ways
    step = grid.ys[grid.south + 1] - grid.ys[grid.south]
    north = _middle(grid.ys, grid.south) + (0.9 if grid.ny > 2 else 0.3) * step
    plan.old_town = Point(grid.bent(np.array([[-0.16 * grid.width, north]]))[0])
    _cut_blocks(plan, rng, households, grid)
    return plan


def _zone(plan: CityPlan, grid: _Grid, face: Polygon, old_radius: float) -> str:
    point = face.representative_point()
    if plan.bank.contains(point):
        return "river"
    if grid.express > 0:
        line = grid.nodes[grid.express]
        if point.x > np.interp(point.y, line[:, 1], line[:, 0]):
            return "edge"
    if point.distance(plan.old_town) < old_radius:
        return "old"
    centre = Point(plan.old_town.x + 0.3 * grid.width, plan.old_town.y + 0.16 * grid.height)
    return "centre" if point.distance(centre) < 0.9 * old_radius else "urban"


def _cut_blocks(plan: CityPlan, rng: np.random.Generator, households: int, grid: _Grid) -> None:
    """Divide the ground between main streets into blocks by residential streets."""
    faces = _faces([w.geometry for w in plan.ways], plan.outline)
    old_radius = (0.165 if households >= EXPRESSWAY_FROM else 0.24) * math.sqrt(grid.width * grid.height)
    zoned = [(f, _zone(plan, grid, f, old_radius)) for f in faces]
    whole = _whole_faces(plan, zoned, households)
    for k, (face, zone) in enumerate(zoned):
        if k in whole or zone == "river":
            continue
        todo, limit = [face], BLOCK_AREA[zone] * fineness(households)
        while todo:
            piece = todo.pop()
            if piece.area <= limit * rng.uniform(0.75, 1.6):
                continue
            for jitter in (0.1, 0.2, 0.3):
                pieces, cut = shapes.split_across(rng, piece, jitter)
                if cut is not None and min(p.area for p in pieces) >= 0.3 * limit:
                    break
            else:
                continue
            plan.roads.append(("residential", "local"))
            plan.ways.append(Way(cut, "street", "residential", len(plan.roads) - 1))
            todo.extend(pieces)
    tree = shapely.STRtree([f for f, _ in zoned])
    for block in _faces([w.geometry for w in plan.ways], plan.outline):
        home = tree.query(block.representative_point(), predicate="within")
        k = int(home[0]) if len(home) else 0
        plan.blocks.append(Block(block, zoned[k][1], whole.get(k, "")))


def _faces(lines: list[LineString], outline: Polygon) -> list[Polygon]:
    net = shapely.union_all([*lines, outline.exterior], grid_size=MM)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(net)))
    inside = shapely.contains(outline, shapely.point_on_surface(faces))
    return sorted(faces[inside], key=lambda f: (round(f.centroid.y), round(f.centroid.x)))


def _whole_faces(plan: CityPlan, zoned: list[tuple[Polygon, str]], households: int) -> dict[int, str]:
    """Which ground stays undivided: the campus and the large park, one for each so many households."""
    wanted = ["campus"] * round(households / 45_000 + 0.4) if households >= CAMPUS_FROM else []
    wanted += ["park"] * round(households / 40_000 + 0.4) if households >= EXPRESSWAY_FROM else []
    urban = [k for k, (f, z) in enumerate(zoned) if z == "urban" and 55_000 < f.area < 260_000]
    whole: dict[int, str] = {}
    for use in wanted:
        free = [k for k in urban if k not in whole]
        if not free:
            break

        def worth(k: int, use: str = use) -> float:
            face = zoned[k][0]
            apart = min((face.distance(zoned[w][0]) for w in whole), default=2_000.0)
            size = abs(face.area - (170_000 if use == "campus" else 110_000)) / 400
            shore = plan.bank.distance(face) if use == "park" and not plan.bank.is_empty else 0
            return float(min(apart, 2_000.0) - size - 2 * min(shore, 400.0))

        whole[max(free, key=worth)] = use
    return whole
