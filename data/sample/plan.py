"""Where do the streets, the river and the railway of the sample district run, and which ground lies between them?

A grid of main streets, bent and jittered, is crossed by a meandering river and a railway; the ground between them is
cut into blocks by residential streets. Metres in a plane around (0, 0); x east, y north.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from data.sample import shapes
from gis.graph import STREET_WIDTH

__all__ = ["MM", "Block", "CityPlan", "Way", "make_plan"]

MM = 0.01
"""Every planned coordinate lies on a lattice of 1 cm, so that shared corners are shared exactly."""

RAIL_HALF = 9.0
EXPRESSWAY_FROM, RAIL_FROM, CAMPUS_FROM = 6_000, 1_500, 8_000

BLOCK_AREA = {"old": 12_000.0, "centre": 27_000.0, "urban": 36_000.0, "edge": 80_000.0}


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
    river, bank : Polygon or None
        Water, and water with its green banks.
    """

    ways: list[Way]
    roads: list[tuple[str, str]]
    outline: Polygon
    blocks: list[Block] = field(default_factory=list)
    river: Polygon | None = None
    bank: Polygon | None = None
    old_town: Point = field(default_factory=lambda: Point(0, 0))
    scale: float = 1.0


class _Grid:
    """Main streets: a jittered, bent lattice of nodes and the curves through them."""

    def __init__(self, rng: np.random.Generator, area: float) -> None:
        width = math.sqrt(area * 1.28)
        height = area / width
        self.nx, self.ny = max(1, round(width / 470)), max(1, round(height / 420))
        self.xs, self.ys = (self._ticks(rng, n, span) for n, span in ((self.nx, width), (self.ny, height)))
        self.width, self.height = width, height
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
        return np.concatenate([[0], np.cumsum(steps)]) / steps.sum() * span - span / 2

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


def _add_crossing(ways: list[Way], way: Way, over: Polygon, cut: Polygon, *, passes: bool, tunnel: bool) -> None:
    """Lead a street across the water or the rails, or stop it at `cut` and let a ghost go on."""
    if not way.geometry.intersects(cut):
        ways.append(way)
        return
    inner, mark = (over, {"tunnel" if tunnel else "bridge": True}) if passes else (cut, {"kind": "ghost"})
    for piece in shapes.parts_of(way.geometry.difference(inner), "LineString"):
        ways.append(Way(piece, way.kind, way.cls, way.road, way.bridge, way.tunnel))
    for piece in shapes.parts_of(way.geometry.intersection(inner), "LineString"):
        given = {"kind": way.kind, "cls": way.cls, "road": way.road, "bridge": way.bridge, "tunnel": way.tunnel}
        ways.append(Way(piece, **{**given, **mark}))


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
    grid = _Grid(rng, households / density * 1e6)
    scale = min(1.0, grid.width / 2600)
    outline = _tidy(
        shapely.union_all([grid.cell(i, j) for i in range(grid.nx) for j in range(grid.ny) if grid.kept[i, j]])
    )
    outline = shapes.largest(outline)
    assert outline is not None
    express = grid.nx - 1 if households >= EXPRESSWAY_FROM and grid.nx >= 4 else -1

    roads: list[tuple[str, str]] = []
    raw: list[tuple[Way, str]] = []
    shift_x, shift_y = int(rng.integers(3)), int(rng.integers(3))
    middle_i, middle_j = grid.nx // 2, grid.ny // 2
    for heading, count, spans_of, shift, mid in (
        ("ns", grid.nx + 1, grid.columns, shift_x, middle_j),
        ("ew", grid.ny + 1, grid.rows, shift_y, middle_i),
    ):
        for line in range(count):
            edge = line in (0, count - 1)
            cls = (
                "primary" if (line + shift) % 3 == 0 else "tertiary" if rng.random() < 0.3 and not edge else "secondary"
            )
            if heading == "ns" and line == express:
                cls = "expressway"
            if min(grid.nx, grid.ny) <= 2:
                cls = {"primary": "secondary", "secondary": "tertiary"}.get(cls, cls)
            spans = spans_of[line]
            halves = cls in {"primary", "secondary"} and len(spans) >= 4
            roads.append((cls, f"{heading}-low" if halves else heading))
            first = len(roads) - 1
            if halves:
                roads.append((cls, f"{heading}-high"))
            for k, points in enumerate(spans):
                i, j = (line, k) if heading == "ns" else (k, line)
                sides = (
                    (grid.has(i - 1, j), grid.has(i, j)) if heading == "ns" else (grid.has(i, j - 1), grid.has(i, j))
                )
                if not any(sides):
                    continue
                if all(sides) and cls in {"secondary", "tertiary"} and rng.random() < 0.1:
                    continue
                raw.append((Way(_tidy(LineString(points)), "street", cls, first + (halves and k >= mid)), heading))

    ways: list[Way] = []
    plan = CityPlan(ways, roads, outline, scale=scale)
    half = float(np.clip(32 * scale, 6, 34))
    south = max(0, round(0.3 * grid.ny) - (grid.ny > 2)) if grid.ny > 1 else 0
    step = grid.ys[south + 1] - grid.ys[south]
    river = _curve(
        grid,
        _middle(grid.ys, south) - (0.22 * step if grid.ny == 1 else 0),
        rng.uniform(-0.6, 0.6) * step if grid.ny > 2 else 0.0,
        0.2 * step if grid.ny > 1 else 0.05 * step,
        rng.uniform(0.7, 1.1) * grid.width,
        rng.uniform(0, 6),
    )
    water = river.buffer(half, cap_style="flat")
    bank = river.buffer(half * 1.5 + 8, cap_style="flat")
    plan.river, plan.bank = water, bank
    rails: BaseGeometry | None = None
    if households >= RAIL_FROM and grid.ny >= 3:
        north = grid.ny - 1 if grid.ny < 5 else grid.ny - 2
        row = grid.ys[north + 1] - grid.ys[north]
        rails = _curve(grid, _middle(grid.ys, north), rng.uniform(-0.3, 0.3) * row, 0.05 * row, 2.2 * grid.width, 1.0)
        rail_over, rail_cut = rails.buffer(RAIL_HALF, cap_style="flat"), rails.buffer(RAIL_HALF + 5, cap_style="flat")

    near_bank = bank.buffer(85 * scale)
    staged: list[Way] = []
    last_bridge = -math.inf
    for way, heading in raw:
        if heading == "ew":
            if way.geometry.intersection(near_bank).length > 0.45 * way.geometry.length and outline.contains(
                way.geometry.interpolate(0.5, normalized=True).buffer(20)
            ):
                continue
            _add_crossing(staged, way, water, bank, passes=False, tunnel=False)
            continue
        crossing = way.geometry.intersection(river)
        passes = way.cls in {"primary", "expressway"}
        if not crossing.is_empty:
            x = float(shapely.get_coordinates(crossing)[0, 0])
            passes = passes or x - last_bridge > 700
            if passes:
                last_bridge = x
        _add_crossing(staged, way, water, bank, passes=passes, tunnel=False)
    for way in staged:
        if rails is None or way.kind == "ghost":
            ways.append(way)
        else:
            through = way.cls in {"expressway", "primary"} or rng.random() < 0.6
            _add_crossing(ways, way, rail_over, rail_cut, passes=through, tunnel=way.cls != "expressway")

    bank_class = "tertiary" if households >= EXPRESSWAY_FROM else "residential"
    for side, heading in ((1, "bank-north"), (-1, "bank-south")):
        roads.append((bank_class, heading))
        shore = shapely.offset_curve(river, side * (half * 1.5 + 8), quad_segs=4)
        if rails is not None:
            shore = shore.difference(rail_cut)
        ways.extend(
            Way(piece, "street", bank_class, len(roads) - 1)
            for piece in shapes.parts_of(_tidy(shore.intersection(outline)), "LineString")
        )
    reach = outline.buffer(260, quad_segs=2)
    ways.extend(Way(p, "water") for p in shapes.parts_of(river.intersection(reach), "LineString"))
    if rails is not None:
        ways.extend(Way(p, "rail") for p in shapes.parts_of(rails.difference(water).intersection(reach), "LineString"))
        ways.extend(
            Way(p, "rail", bridge=True)
            for p in shapes.parts_of(rails.intersection(water).intersection(reach), "LineString")
        )
    plan.old_town = Point(
        grid.bent(np.array([[-0.16 * grid.width, _middle(grid.ys, south) + (0.9 if grid.ny > 2 else 0.3) * step]]))[0]
    )
    _cut_blocks(plan, rng, households, grid, express)
    return plan


def _zone(plan: CityPlan, grid: _Grid, face: Polygon, express: int, old_radius: float) -> str:
    point = face.representative_point()
    if plan.bank is not None and plan.bank.contains(point):
        return "river"
    if express > 0 and point.x > np.interp(point.y, grid.nodes[express, :, 1], grid.nodes[express, :, 0]):
        return "edge"
    if point.distance(plan.old_town) < old_radius:
        return "old"
    centre = Point(plan.old_town.x + 0.3 * grid.width, plan.old_town.y + 0.16 * grid.height)
    return "centre" if point.distance(centre) < 0.9 * old_radius else "urban"


def _cut_blocks(plan: CityPlan, rng: np.random.Generator, households: int, grid: _Grid, express: int) -> None:
    """Divide the ground between main streets into blocks by residential streets."""
    faces = _faces([w.geometry for w in plan.ways], plan.outline)
    old_radius = 0.165 * math.sqrt(grid.width * grid.height)
    zoned = [(f, _zone(plan, grid, f, express, old_radius)) for f in faces]
    whole = _whole_faces(plan, zoned, households)
    for k, (face, zone) in enumerate(zoned):
        if k in whole or zone == "river":
            continue
        todo, limit = [face], BLOCK_AREA[zone]
        while todo:
            piece = todo.pop()
            if piece.area <= limit * rng.uniform(0.75, 1.6):
                continue
            pieces, cut = shapes.split_across(rng, piece)
            if cut is None or min(p.area for p in pieces) < 0.3 * limit:
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
            shore = plan.bank.distance(face) if use == "park" and plan.bank is not None else 0
            return min(apart, 2_000.0) - size - 2 * min(shore, 400.0)

        whole[max(free, key=worth)] = use
    return whole
