"""Has every street exactly one home in each community it touches, whatever the order of the input?"""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.graph import STREET_WIDTH
from gis.locate import Locator
from gis.streets import home_cells, street_ways

SIDE = 40.0
COLUMNS, ROWS = 6, 4


def streets_of(lines, **columns) -> gpd.GeoDataFrame:
    n = len(lines)
    given = {"code": [f"S{i}" for i in range(n)], "kind": ["street"] * n, "class": ["residential"] * n}
    return gpd.GeoDataFrame(given | columns, geometry=[shapely.LineString(line) for line in lines], crs=4548)


def cells_and_sides() -> tuple[np.ndarray, list[str]]:
    """A lattice of cells; the west half is community A, the east half B."""
    places = list(itertools.product(range(ROWS), range(COLUMNS)))
    cells = [shapely.box(x * SIDE, y * SIDE, (x + 1) * SIDE, (y + 1) * SIDE) for y, x in places]
    return np.array(cells, object), ["A" if x < COLUMNS / 2 else "B" for _, x in places]


spot = st.tuples(st.integers(0, COLUMNS * 4), st.integers(0, ROWS * 4)).map(lambda p: (p[0] * 10.0, p[1] * 10.0))
line = st.lists(spot, min_size=2, max_size=4, unique=True)
some_lines = st.lists(line, min_size=1, max_size=8)
classes = st.sampled_from(["primary", "tertiary", "residential", "path", "lane", None])


@st.composite
def towns(draw):
    lines = draw(some_lines)
    return streets_of(
        lines,
        **{
            "class": draw(st.lists(classes, min_size=len(lines), max_size=len(lines))),
            "width_m": draw(st.lists(st.sampled_from([np.nan, 7.0, 30.0]), min_size=len(lines), max_size=len(lines))),
        },
    )


@settings(max_examples=40, deadline=None)
@given(towns(), st.randoms(use_true_random=False))
def test_one_home_each_in_its_own_community_for_any_order(town, random):
    cells, side = cells_and_sides()
    ways = street_ways(town)
    streets = home_cells(ways, cells, side)
    assert len(set(ways.code)) == len(ways)
    # the segments are the streets, cut and joined: nothing twice, nothing lost
    segments = ways.geometry[~ways.crossing]
    whole = shapely.union_all(town.geometry.to_numpy(), grid_size=0.01)
    assert shapely.length(segments).sum() == pytest.approx(whole.length, abs=0.5)
    assert shapely.union_all(segments).hausdorff_distance(whole) < 0.1
    # exactly one home for each community within half the carriageway, and it lies there
    near = shapely.distance(ways.geometry[:, None], cells[None, :]) <= ways.half_m[:, None]
    expected = {(code, side[c]) for w, code in enumerate(ways.code) for c in np.flatnonzero(near[w])}
    got = list(zip(streets.code, streets.community, strict=True))
    assert len(got) == len(set(got))
    assert set(got) == expected
    assert [side[h] for h in streets.home] == list(streets.community)
    mixed = list(range(len(town)))
    random.shuffle(mixed)
    again = home_cells(street_ways(town.iloc[mixed].reset_index(drop=True)), cells, side)
    assert list(again.code) == list(streets.code)
    assert list(again.home) == list(streets.home)


@settings(max_examples=25, deadline=None)
@given(towns(), st.integers(0, 10_000))
def test_points_of_a_street_have_one_owner_on_each_side(town, seed):
    cells, side = cells_and_sides()
    streets = home_cells(street_ways(town), cells, side)
    rng = np.random.default_rng(seed)
    points = shapely.points(rng.uniform([-20, -20], [COLUMNS * SIDE + 20, ROWS * SIDE + 20], (400, 2)))
    codes = [f"{i % 3}" for i in range(len(cells))]
    bare = Locator(cells, codes).locate(points)
    found = Locator(cells, codes, streets=streets, community=side).locate(points)
    assert (found.polygon == bare.polygon).all()
    # the rule, written as it is read
    for i, point in enumerate(points):
        own = [
            r
            for r in range(len(streets))
            if found.distance_m[i] == 0
            and streets.community[r] == side[found.polygon[i]]
            and shapely.distance(streets.geometry[r], point) <= streets.half_m[r] + 1e-9
        ]
        rank = {r: (not streets.crossing[r], round(shapely.distance(streets.geometry[r], point), 9), r) for r in own}
        if not own:
            assert found.street[i] == -1
            assert (found.how[i], found.duty[i]) == (bare.how[i], bare.polygon[i])
        else:
            best = min(own, key=rank.__getitem__)
            assert rank[int(found.street[i])][:2] == rank[best][:2]
            assert found.how_name[i] == "street"
            assert found.duty[i] == streets.home[found.street[i]]
    owners = {(streets.code[s], side[found.polygon[i]]): set() for i, s in enumerate(found.street) if s >= 0}
    for i, s in enumerate(found.street):
        if s >= 0:
            owners[streets.code[s], side[found.polygon[i]]].add(int(found.duty[i]))
    assert all(len(each) == 1 for each in owners.values())


def test_streets_are_cut_at_crossings_and_go_on_over_joints():
    town = streets_of([[(0, 40), (100, 40)], [(100, 40), (240, 40)], [(120, 0), (120, 160)]], name=["Y", "Y", "X"])
    ways = street_ways(town)
    assert ways.crossing.sum() == 1
    assert ways.geometry[ways.crossing][0].equals(shapely.Point(120, 40))
    assert sorted(shapely.length(ways.geometry[~ways.crossing])) == [40, 120, 120, 120]
    assert len(ways.meeting) == 4
    other = street_ways(town.assign(name=["Y", "Z", "X"]))
    assert sorted(shapely.length(other.geometry[~other.crossing])) == [20, 40, 100, 120, 120]


def test_tunnels_own_nothing_bridges_do():
    lines = [[(0, 40), (240, 40)], [(120, 0), (120, 160)]]
    assert not street_ways(streets_of(lines, tunnel=[False, True])).crossing.any()
    assert street_ways(streets_of(lines, bridge=[False, True])).crossing.sum() == 1
    assert len(street_ways(streets_of(lines, kind=["water", "rail"]))) == 0


def test_half_of_the_width_given_else_of_the_class():
    lines = [[(0, y), (100, y)] for y in (0, 40, 80)]
    ways = street_ways(streets_of(lines, **{"class": ["path", "primary", "unheard"], "width_m": [8.0, np.nan, 0.0]}))
    assert list(ways.half_m) == [4.0, STREET_WIDTH["primary"] / 2, STREET_WIDTH["residential"] / 2]


def test_the_longest_frontage_is_home_and_of_equal_ones_the_lower_row():
    cells, side = cells_and_sides()
    along = street_ways(streets_of([[(10, 40), (100, 40)]]))
    streets = home_cells(along, cells, side)
    # the second column has most of it, south and north alike
    assert [(c, int(h)) for c, h in zip(streets.community, streets.home, strict=True)] == [("A", 1)]
    # rows in the middle of a border reach a little over each of their ends
    border = home_cells(street_ways(streets_of([[(120, 0), (120, 160)]])), cells, side)
    assert [(c, int(h)) for c, h in zip(border.community, border.home, strict=True)] == [("A", 8), ("B", 9)]


def test_a_crossing_goes_to_the_highest_class():
    cells, side = cells_and_sides()
    lines = [[(40, 0), (40, 160)], [(0, 80), (80, 80)]]
    ways = street_ways(streets_of(lines, **{"class": ["path", "secondary"]}))
    streets = home_cells(ways, cells, side)
    (crossing,) = np.flatnonzero(streets.crossing)
    wide = [r for r in range(len(streets)) if streets.half_m[r] == STREET_WIDTH["secondary"] / 2 and r != crossing]
    assert streets.home[crossing] == min((streets.code[r], streets.home[r]) for r in wide)[1]


def test_codes_stay_where_streets_stay():
    lines = [[(0, 40), (240, 40)], [(120, 0), (120, 160)]]
    before = street_ways(streets_of(lines))
    after = street_ways(streets_of([*lines, [(200, 40), (200, 160)]]))
    kept = set(before.code) & set(after.code)
    assert len(kept) == len(before) - 1  # only the segment that the new street cuts


def test_streets_need_to_know_communities():
    cells, side = cells_and_sides()
    streets = home_cells(street_ways(streets_of([[(0, 40), (240, 40)]])), cells, side)
    with pytest.raises(ValueError, match="need the community of each of the 24 polygons"):
        Locator(cells, ["a"] * len(cells), streets=streets)
