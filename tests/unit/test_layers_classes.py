"""Do classes hold every value once, with round breaks, and zero and no data apart?"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.classes import DEVIATION_BREAKS, NO_DATA, ZERO, classify, round_break

VALUES = st.lists(
    st.one_of(st.just(np.nan), st.just(0.0), st.integers(1, 3000).map(float), st.floats(0.01, 1e6)), max_size=80
)


@given(VALUES)
@settings(max_examples=60, deadline=None)
def test_every_value_is_in_the_class_it_lies_in(values):
    values = np.array(values, float)
    classes = classify(values, "sequential")
    assert (classes.of[np.isnan(values)] == NO_DATA).all()
    assert (classes.of[values == 0] == ZERO).all()
    drawn = classes.of >= 0
    assert drawn.sum() == (values > 0).sum() == sum(classes.counts)
    last = len(classes.bounds) - 1
    for value, index in zip(values[drawn], classes.of[drawn], strict=True):
        low, high = classes.bounds[index]
        assert low <= value
        assert value < high or (index == last and value <= high)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(classes.bounds))


@given(st.lists(st.floats(1, 1e5), min_size=30, max_size=300, unique=True))
@settings(max_examples=40, deadline=None)
def test_many_values_make_three_to_seven_filled_classes(values):
    classes = classify(np.array(values), "sequential")
    assert 1 <= len(classes.bounds) <= 7
    assert min(classes.counts) >= 1


def test_usual_figures_get_round_breaks():
    rng = np.random.default_rng(1)
    households = np.clip(rng.normal(200, 30, 600), 20, 420).round()
    classes = classify(households, "sequential")
    assert 5 <= len(classes.bounds) <= 7
    assert all(low % 5 == 0 for low, _ in classes.bounds)
    assert min(classes.counts) >= 600 // 28
    rates = classify(rng.gamma(2, 3, 600).round(4), "sequential")
    assert 5 <= len(rates.bounds) <= 7
    assert all(round(low, 1) == low for low, _ in rates.bounds)


def test_most_values_equal_still_shows_the_few_others():
    classes = classify(np.array([1.0] * 500 + [2.0, 3, 4, 5, 80, 90]), "sequential")
    assert 2 <= len(classes.bounds) <= 7
    assert classes.of[0] == 0
    assert classes.of[-1] == len(classes.bounds) - 1


@pytest.mark.parametrize(
    ("value", "index"), [(-50.1, 0), (-50, 1), (-20, 2), (-10, 3), (0, 3), (10, 3), (10.1, 4), (50, 5), (51, 6)]
)
def test_a_deviation_on_a_break_belongs_to_the_class_nearer_to_zero(value, index):
    assert classify(np.array([float(value)]), "diverging").of.tolist() == [index]


def test_deviation_always_has_all_its_classes():
    assert len(classify(np.empty(0), "diverging").bounds) == len(DEVIATION_BREAKS) + 1
    assert classify(np.array([np.nan]), "diverging").of.tolist() == [NO_DATA]
    assert classify(np.empty(0), "sequential").bounds == []


@given(st.floats(0.001, 1e6), st.floats(1.0001, 3))
@settings(max_examples=60, deadline=None)
def test_a_round_break_lies_in_its_interval(low, factor):
    assert low <= round_break(low, low * factor) + 1e-9 * low
    assert round_break(low, low * factor) <= low * factor
