"""Are codes taken apart and put together as their profile says, and are bad ones named?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.codes import (
    PROFILES,
    SerialsUsedUpError,
    community_grid_profile,
    grid_profile,
    part_profile,
    position_order,
)
from gis.errors import InputError

FIXED = [p for p in PROFILES.values() if not p.free_parent]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("profile", FIXED, ids=lambda p: f"{p.kind}-{p.name}")
def test_parse_and_format_undo_each_other(profile, data):
    values = {f.name: data.draw(st.integers(f.lowest, 10**f.digits - 1)) for f in profile.fields}
    code = profile.format(**values)
    assert len(code) == profile.digits
    parsed = profile.parse(code)
    assert {f.name: int(parsed[f.name]) for f in profile.fields} == values
    assert profile.format(**parsed) == code
    assert profile.faults(code) == []


@settings(max_examples=25, deadline=None)
@given(parent=st.text(min_size=1, max_size=20), serial=st.integers(1, 999))
def test_local_codes_keep_any_parent(parent, serial):
    local = grid_profile("local")
    code = local.format(parent=parent, serial=serial)
    assert local.parse(code) == {"parent": parent, "serial": serial}
    assert local.faults(code, parent) == []


def test_the_standard_example():
    unit = grid_profile("gbt30428_2013")
    assert unit.format(parent="990103004005", serial=7) == "990103004005007"
    assert unit.parse("990103004005007") == {
        "county": "990103",
        "subdistrict": "004",
        "community": "005",
        "serial": 7,
        "parent": "990103004005",
    }
    assert unit.explain("990103004005007")["en"].endswith(
        "county 990103 · subdistrict 004 · community 005 · serial 007"
    )
    assert "社区" in unit.explain("990103004005007")["zh"]
    assert part_profile("gbt30428_2013").parse("3205080101000001")["serial"] == 1
    assert part_profile("gbt47678_2026").digits == 17
    assert grid_profile("cjt349_2010").format(parent="990103004601", serial=0) == "00000099010300460100"


@pytest.mark.parametrize(
    "code",
    [
        "",
        "99010300400500",
        "9901030040050071",
        "99010300400500a",
        "990103004005000",
        "９９０１０３００４００５００７",
        "000000004005007",
    ],
)
def test_bad_codes_are_refused(code):
    unit = grid_profile("gbt30428_2013")
    assert unit.faults(code)
    with pytest.raises(InputError):
        unit.validate(code)


def test_a_code_of_another_parent_is_refused():
    unit = grid_profile("gbt30428_2013")
    assert unit.faults("990103004005007", "990103004005") == []
    assert "990103004006" in unit.faults("990103004005007", "990103004006")[0]


def test_the_next_serial_was_never_used_and_999_is_the_end():
    unit = grid_profile("gbt30428_2013")
    assert unit.next_serial([]) == 1
    assert unit.next_serial([1, 2, 7]) == 8
    assert unit.next_serial([999]) == 1  # the only room left is below
    with pytest.raises(SerialsUsedUpError, match="999"):
        unit.next_serial(range(1, 1000), "990103004005")
    with pytest.raises(SerialsUsedUpError, match="990103004005"):
        unit.format(parent="990103004005", serial=1000)


def test_profiles_are_chosen_by_the_community_s_code():
    assert community_grid_profile("990103004005").name == "gbt30428_2013"
    assert community_grid_profile("990103004005", "gbt47678_2026").name == "gbt47678_2026"
    assert community_grid_profile("4").name == community_grid_profile("990103").name == "local"
    with pytest.raises(InputError, match="gbt30428_2013"):
        grid_profile("gbt1999")


def test_position_order_runs_in_bands_from_the_north_and_from_west_to_east():
    # 3 x 3 squares of 100 m, listed at random, each centre moved by up to 20 m
    random = np.random.default_rng(3)
    x, y = (a.ravel() * 100.0 for a in np.meshgrid(np.arange(3), np.arange(2, -1, -1)))
    centre = np.column_stack([x, y]) + random.uniform(-20, 20, (9, 2))
    centre[:3, 1] = 220.0 + np.array([0, -5, -10])  # the northern band is not quite level
    shuffle = random.permutation(9)
    assert shuffle[position_order(centre[shuffle], 90_000.0)].tolist() == list(range(9))
