"""Is the choice of changes within its limits, and as good as any?"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.partition.changes import Change
from gis.partition.choosing import CELL, GAP, STANCES, Budget, choose

NONE = np.empty(0, np.int64)


@st.composite
def some_changes(draw):
    """Up to eight changes of up to nine grids."""
    return [
        Change(
            np.arange(draw(st.integers(1, 4))),
            NONE,
            np.array(sorted(draw(st.sets(st.integers(0, 8), min_size=2, max_size=3)))),
            moved=float(draw(st.integers(0, 120))),
            gain=draw(st.integers(-1, 3)),
            energy=float(draw(st.integers(-6, 3))),
            square=float(draw(st.integers(-4000, 1500))),
            bound=float(draw(st.integers(0, 80))),
        )
        for _ in range(draw(st.integers(0, 8)))
    ]


def worth(changes, stance):
    """What a choice costs."""
    return sum(
        c.moved + CELL * len(c.cell) - stance.grid * 200 * c.gain + stance.shape * 200 * c.energy for c in changes
    )


def allowed(changes, stance, budget):
    """Whether a choice keeps every limit."""
    touched = [g for c in changes for g in c.grids.tolist()]
    moved = sum(c.moved for c in changes)
    ratio = stance.most * sum(c.bound for c in changes) if np.isfinite(stance.most) else np.inf
    return (
        len(set(touched)) == len(touched) <= budget.grids
        and moved <= min(budget.moved, ratio) + 1e-6
        and sum(c.square for c in changes) <= 1e-3
    )


@settings(max_examples=40, deadline=None)
@given(
    changes=some_changes(),
    stance=st.sampled_from(STANCES),
    moved=st.sampled_from([np.inf, 0.0, 60.0, 150.0]),
    grids=st.sampled_from([np.inf, 0, 3, 5]),
)
def test_a_choice_keeps_its_limits_and_none_is_better(changes, stance, moved, grids):
    budget = Budget(moved, grids)
    chosen = [changes[i] for i in choose(changes, stance, 200, budget)]
    assert allowed(chosen, stance, budget)
    every = (list(some) for n in range(len(changes) + 1) for some in combinations(changes, n))
    best = min(worth(some, stance) for some in every if allowed(some, stance, budget))
    assert worth(chosen, stance) <= best + GAP * abs(best) + 1e-3 or worth(chosen, stance) == pytest.approx(best)
