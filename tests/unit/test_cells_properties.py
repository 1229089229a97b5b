"""Do cells tile, stay whole, under the cap and well-connected whatever streets and buildings are thrown at them?"""

from __future__ import annotations

import math

import numpy as np
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, affinity, box

from gis.cells import CellSettings, tessellate
from gis.graph import STREET_CLASSES
from tests.unit.cells_ground import at, barriers, buildings, communities, insist, rules

WIDE, HIGH = 420.0, 320.0
GROUND = box(0, 0, WIDE, HIGH)
metres = st.floats(0, 1, allow_nan=False).map(lambda u: round(u, 4))
relaxed = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking a district takes minutes
)


@st.composite
def chords(draw, least: int, most: int):
    """Lines across the ground, bent in the middle."""
    out = []
    for _ in range(draw(st.integers(least, most))):
        a, b, bend = draw(metres), draw(metres), draw(metres)
        if draw(st.booleans()):
            line = [(a * WIDE, -5), (WIDE * (a + b) / 2 + 40 * bend - 20, HIGH * bend), (b * WIDE, HIGH + 5)]
        else:
            line = [(-5, a * HIGH), (WIDE * bend, HIGH * (a + b) / 2 + 40 * bend - 20), (WIDE + 5, b * HIGH)]
        out.append(LineString(line))
    return out


@st.composite
def grounds(draw):
    """One to several communities; some drawn a little off their place."""
    cuts = draw(chords(0, 2))
    inner = shapely.polygonize(shapely.get_parts(shapely.union_all([*cuts, GROUND.exterior])))
    faces = [f for f in shapely.get_parts(inner) if GROUND.contains(f.representative_point()) and f.area > 500]
    off = draw(st.sampled_from([0.0, 0.0, 0.3]))
    return [affinity.translate(f, off * (i % 3), off * (i % 2)) for i, f in enumerate(faces)]


@st.composite
def shapes(draw):
    """A footprint, a point, or a footprint in two parts."""
    x, y, w, h, turn = (draw(metres) for _ in range(5))
    centre = (x * WIDE, y * HIGH)
    kind = draw(st.sampled_from(["slab", "slab", "slab", "lot", "point", "parts"]))
    if kind == "point":
        return Point(centre)
    scale = 160 if kind == "lot" else 40
    half_w, half_h = (1 + scale * w) / 2, (1 + scale * h) / 2
    slab = box(centre[0] - half_w, centre[1] - half_h, centre[0] + half_w, centre[1] + half_h)
    slab = affinity.rotate(slab, round(90 * turn), origin="center")
    if kind == "parts":
        return MultiPolygon([slab, affinity.translate(slab, 2 * math.hypot(half_w, half_h) + 3, 7)])
    return slab


@relaxed
@given(
    ground=grounds(),
    stock=st.lists(st.tuples(shapes(), st.integers(0, 300)), min_size=0, max_size=25),
    lines=chords(0, 6),
    cap=st.sampled_from([4_000.0, 50_000.0]),
)
def test_whatever_stands_there_the_cells_are_exact(ground, stock, lines, cap):
    frame = buildings(*[at(g) for g, _ in stock], households=[h for _, h in stock])
    streets = barriers(*[("street", STREET_CLASSES[i % 7], at(g)) for i, g in enumerate(lines)]) if lines else None
    area = communities(*[at(g) for g in ground])
    t = tessellate(area, frame, barriers=streets, settings=CellSettings(max_cell_m2=cap))
    insist(t, frame, cap)
    assert not t.report.errors
    standing = shapely.intersects(shapely.union_all(t.communities.geometry.to_numpy()), frame.geometry.to_numpy())
    assert set(frame["building_id"][standing]) <= set(t.building_cell["building_id"])
    before = area.geometry.to_numpy()
    moved = shapely.hausdorff_distance(shapely.boundary(before), shapely.boundary(t.communities.geometry.to_numpy()))
    assert moved.max() <= 1 or "border_moved" in rules(t)
    assert shapely.area(shapely.symmetric_difference(before, t.communities.geometry.to_numpy())).max() < 800


@relaxed
@given(rows=st.integers(1, 5), columns=st.integers(1, 6), jitter=st.integers(0, 2**32 - 1), size=st.floats(0, 0.2))
def test_lots_side_by_side_are_never_cut(rows, columns, jitter, size):
    """A parcel map: lots that touch, miss or overlap each other by centimetres, over streets that do not fit."""
    rng = np.random.default_rng(jitter)
    lots = []
    for i in range(columns):
        for j in range(rows):
            d = rng.uniform(-size, size, 8).reshape(4, 2)
            corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * [22.0, 31.0] + [10 + 22.0 * i, 10 + 34.0 * j] + d
            lots.append(at(shapely.Polygon(corners)))
    frame = buildings(*lots)
    streets = barriers(
        *[("street", "residential", at(LineString([(-5, 42.5 + 34 * j), (250, 42 + 34 * j)]))) for j in range(rows)]
    )
    t = tessellate(communities(at(box(0, 0, 160, 190))), frame, barriers=streets)
    insist(t, frame)
    assert not t.report.errors
    assert (t.cells["buildings"] <= 1).all()
