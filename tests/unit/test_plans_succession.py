"""Does a grid keep its code exactly while rule 4 says so, is no code used twice, and do shares of lineage sum to 1?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.codes import SerialsUsedUpError
from gis.errors import InputError
from gis.plans import codes_of_plan, lineage, same_cells, succeed

C = "990101001001"
LOCAL = "riverside"


def code(serial, community=C):
    return f"{community}{serial:03}" if community == C else f"{community}-{serial:03}"


@st.composite
def histories(draw):
    """Cells with their grids before and after, what they carry, and codes used long ago."""
    n = draw(st.integers(1, 14))
    ints = st.lists(st.integers(0, 4), min_size=n, max_size=n)
    old, new = (np.unique(draw(ints), return_inverse=True)[1] for _ in range(2))
    households = np.array(draw(st.lists(st.sampled_from([0, 0, 1, 5, 60]), min_size=n, max_size=n)), float)
    area = np.array(draw(st.lists(st.integers(1, 9), min_size=n, max_size=n)), float)
    community = draw(st.sampled_from([C, LOCAL]))
    size = int(old.max()) + 1
    serials = draw(st.lists(st.integers(1, 40), min_size=size, max_size=size, unique=True))
    used = draw(st.lists(st.integers(1, 60), max_size=5))
    return (
        community,
        old,
        [code(s, community) for s in serials],
        new,
        households,
        area,
        [code(s, community) for s in used],
    )


@settings(max_examples=200, deadline=None)
@given(histories())
def test_a_code_is_kept_while_more_than_half_goes_on_and_never_used_twice(history):
    community, old, old_codes, new, households, area, used = history
    made = succeed(community, old, old_codes, new, households, area, used=used)
    assert len(set(made.codes)) == len(made.codes) == new.max() + 1
    assert set(made.withdrawn) == set(old_codes) - set(made.codes)
    highest = max(int(c[-3:]) for c in (*used, *old_codes))
    for n, given_code in enumerate(made.codes):
        if made.successor_of[n] < 0:
            assert given_code not in old_codes
            assert given_code not in used
            assert int(given_code[-3:]) > highest
            continue
        o = int(made.successor_of[n])
        assert given_code == old_codes[o]
        weight = households if households[old == o].sum() > 0 else area
        assert weight[(old == o) & (new == n)].sum() > weight[old == o].sum() / 2
    for o, old_code in enumerate(old_codes):  # a code goes only where its grid broke up, or a better one had the place
        weight = households if households[old == o].sum() > 0 else area
        for n in range(new.max() + 1):
            if weight[(old == o) & (new == n)].sum() > weight[old == o].sum() / 2 and old_code in made.withdrawn:
                winner = int(made.successor_of[n])
                mine, theirs = (households[(old == g) & (new == n)].sum() for g in (o, winner))
                assert winner >= 0
                assert theirs >= mine
                assert theirs > mine or theirs == 0 or old_codes[winner] < old_code
    for n, o in enumerate(same_cells(old, new)):  # what does not change keeps its code
        if o >= 0:
            assert made.codes[n] == old_codes[o]


@settings(max_examples=100, deadline=None)
@given(histories())
def test_shares_of_an_old_grid_sum_to_one(history):
    _, old, _, new, households, area, _ = history
    went = lineage(old, new, households, area)
    sums = went.groupby("old")[["household_share", "area_share"]].sum()
    assert sums.index.tolist() == sorted(set(old))
    assert np.allclose(sums, 1)
    assert set(zip(went["old"], went["new"], strict=True)) == set(zip(old, new, strict=True))
    back = np.zeros(new.max() + 1)
    ground = np.bincount(old, area)
    np.add.at(back, went["new"], went["area_share"] * ground[went["old"]])
    assert np.allclose(back, np.bincount(new, area))


def test_half_is_not_more_than_half():
    made = succeed(C, np.zeros(2, int), [code(1)], np.array([0, 1]), np.array([5.0, 5.0]), np.ones(2), used=[])
    assert (made.codes, made.withdrawn) == ([code(2), code(3)], [code(1)])


def test_of_two_that_join_the_greater_keeps_its_code_then_the_lower():
    old, new = np.array([0, 1]), np.zeros(2, int)
    codes = [code(2), code(1)]
    for households, area, kept in (([9, 5], [1, 1], 2), ([5, 5], [1, 9], 1), ([0, 0], [9, 1], 2), ([0, 0], [1, 1], 1)):
        made = succeed(C, old, codes, new, np.array(households, float), np.array(area, float), used=[])
        assert made.codes == [code(kept)]


def test_a_withdrawn_code_is_never_used_again_and_the_999th_is_the_last():
    old, new = np.zeros(3, int), np.array([0, 0, 1])
    made = succeed(C, old, [code(1)], new, np.ones(3), np.ones(3), used=[code(7), code(998)])
    assert made.codes == [code(1), code(999)]
    every = [code(n) for n in range(1, 1000)]
    with pytest.raises(SerialsUsedUpError, match="used up"):
        succeed(C, old, [code(1)], new, np.ones(3), np.ones(3), used=every)


def test_a_code_of_another_making_is_not_kept_and_in_nobodys_way():
    made = succeed(C, np.zeros(2, int), ["网格甲"], np.array([0, 1]), np.array([9.0, 1.0]), np.ones(2), used=["X-1"])
    assert made.codes == [code(1), code(2)]
    assert made.withdrawn == ["网格甲"]
    # nor does it take the place of a code that can be kept, though more households come with it
    two = succeed(C, np.array([0, 1]), ["网格甲", code(5)], np.zeros(2, int), np.array([9.0, 1.0]), np.ones(2), used=[])
    assert two.codes == [code(5)]


def test_numbered_anew_no_grid_keeps_its_code_and_none_is_used_twice():
    old = np.array([0, 1, 2])
    made = succeed(
        C, old, [code(1), code(2), code(3)], old, np.ones(3), np.ones(3), used=[code(9)], order=[2, 0, 1], renumber=True
    )
    assert made.codes == [code(11), code(12), code(10)]
    assert made.withdrawn == [code(1), code(2), code(3)]


def test_a_grid_without_cells_is_told():
    with pytest.raises(InputError, match="no cells"):
        succeed(C, np.zeros(1, int), [code(1), code(2)], np.zeros(1, int), np.ones(1), np.ones(1), used=[])


def test_new_grids_of_a_plan_are_numbered_from_the_north_west_in_each_community():
    community = np.array([C] * 4 + [LOCAL] * 2, object)
    base = np.array([code(1)] * 4 + [code(4, LOCAL)] * 2, object)
    keys = np.array([code(1), "new-1", "new-2", "new-3", code(4, LOCAL), "new-4"], object)
    codes = codes_of_plan(
        community,
        base,
        keys,
        households=np.array([10.0, 1, 1, 1, 9, 1]),
        area=np.full(6, 100.0),
        centre=np.array([[0.0, 0], [40, 0], [40, 40], [0, 40], [0, 0], [9, 9]]),
        used={C: [code(1)], LOCAL: [code(9, LOCAL)]},
    )
    assert codes == {
        code(1): code(1), "new-3": code(2), "new-2": code(3), "new-1": code(4),
        code(4, LOCAL): code(4, LOCAL), "new-4": code(10, LOCAL),
    }  # fmt: skip


def test_a_code_of_another_community_is_not_kept():
    """After a split the grids of the old community get codes of the new one."""
    one = np.zeros(2, int)
    made = succeed("990101001003", one, ["990101001001004"], one, np.ones(2), np.ones(2), used=[])
    assert made.codes == ["990101001003001"]


def test_a_grid_that_went_mostly_to_another_community_gives_its_code_to_nobody():
    community = np.array(["990101001001", "990101001002", "990101001002"], object)
    base = np.array(["990101001001004"] * 3, object)
    keys = np.array(["990101001001004", "new-1", "new-1"], object)
    alike = {"households": np.array([10.0, 10, 10]), "area": np.ones(3), "centre": np.zeros((3, 2))}
    codes = codes_of_plan(community, base, keys, used={"990101001001": ["990101001001004"]}, **alike)
    assert codes == {"990101001001004": "990101001001005", "new-1": "990101001002001"}
