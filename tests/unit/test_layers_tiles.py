"""Do tile rules only ever show more nearer by, and do periods, lattices and colours hold together?"""

from __future__ import annotations

import datetime as dt
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InputError
from gis.graph import BARRIER_KINDS, STREET_CLASSES
from layers import heat, style, tiles


def test_nearer_by_never_less_is_shown():
    for far, near in itertools.pairwise(tiles.base_rules(zoom) for zoom in range(20)):
        assert set(far["classes"]) <= set(near["classes"])
        assert set(far["kinds"]) <= set(near["kinds"])
        assert far["least"] >= near["least"]
        assert far["tolerance"] > near["tolerance"]
        assert far["buildings"] <= near["buildings"]


def test_in_the_end_everything_is_shown():
    rules = tiles.base_rules(16)
    assert set(rules["classes"]) == set(STREET_CLASSES)
    assert {*rules["kinds"], "street"} == set(BARRIER_KINDS)
    assert rules["least"] == rules["least_box"] == 0
    assert rules["buildings"] is rules["names"] is rules["loads"] is True


def test_buildings_begin_at_13_and_paths_at_15():
    assert [tiles.base_rules(z)["buildings"] for z in (12, 13)] == [False, True]
    assert ["path" in tiles.base_rules(z)["classes"] for z in (14, 15)] == [False, True]


@pytest.mark.parametrize("zoom", [8, 13, 16])
def test_thinning_shows_less_each_time(zoom):
    for more, less in itertools.pairwise(tiles.base_rules(zoom, n) for n in range(8)):
        assert set(less["classes"]) <= set(more["classes"])
        assert less["least_box"] > more["least_box"]
        assert less["tolerance"] > more["tolerance"]


def test_a_period_is_of_whole_local_days():
    day = dt.date(2026, 3, 8)  # clocks go forward in New York: 23 hours
    since, until = tiles.period_bounds("America/New_York", (day, day))
    assert until - since == dt.timedelta(hours=23)
    assert tiles.period_bounds("Asia/Shanghai", (None, None)) == (None, None)
    with pytest.raises(InputError, match="before it begins"):
        tiles.period_bounds("UTC", (day, day - dt.timedelta(days=1)))


def test_heat_cells_are_square_in_metres():
    for latitude in (0.0, 23.0, 46.8):
        east, north = heat.lattice(50, latitude)
        assert north * 111_320 == pytest.approx(50)
        assert east >= north


def test_both_themes_have_every_colour():
    told = style.as_dict()
    assert sorted(map(int, told["sequential"])) == list(range(1, 8))
    for classes, ramp in told["sequential"].items():
        assert len(ramp["light"]) == len(ramp["dark"]) == int(classes)
    assert len(told["diverging"]["light"]) == len(told["diverging"]["dark"]) == 7
    assert len(set(told["tints"]["light"])) == len(told["tints"]["dark"]) == 8


def lightness(colour):
    """Relative luminance, WCAG."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_ramps_read_without_colour_vision():
    for ramp in style.SEQUENTIAL.values():
        light, dark = ([lightness(c) for c in ramp[theme]] for theme in ("light", "dark"))
        assert light == sorted(light, reverse=True)
        assert dark == sorted(dark)
    for theme, sign in (("light", 1), ("dark", -1)):
        steps = [sign * lightness(c) for c in style.DIVERGING[theme]]
        assert steps[:4] == sorted(steps[:4])
        assert steps[3:] == sorted(steps[3:], reverse=True)


@given(st.integers(0, 1000), st.integers(9, 13))
@settings(max_examples=15, deadline=None)
def test_heaps_of_neighbouring_tiles_add_up(seed, zoom):
    rng = np.random.default_rng(seed)
    gathered = np.column_stack(
        [rng.uniform(113.2, 113.27, 400), rng.uniform(23.1, 23.17, 400), rng.integers(1, 9, 400).astype(float)]
    )
    side = 2**zoom
    columns = {int((lon / 360 + 0.5) * side) for lon in gathered[:, 0]}
    rows = {int((0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)) * side) for lat in gathered[:, 1]}
    heaps = [tiles.heaps_in(gathered, (zoom, column, row)) for column in columns for row in rows]
    assert sum(heap[:, 2].sum() for heap in heaps) == gathered[:, 2].sum()
    assert all(len(heap) <= tiles.BINS**2 for heap in heaps)
    assert tiles.heaps_in(gathered, (zoom, 0, 0)).shape == (0, 3)
