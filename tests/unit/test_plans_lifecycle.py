"""Which steps may a plan take, who may take them, and is a name a name?"""

from __future__ import annotations

import datetime as dt

import pytest

from gis.errors import ConflictError, InputError
from gis.plans import TRANSITIONS, Actor, Life, grid_name, next_steps, read_name, require_draft, state_of, take

NOW = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
SOON = NOW + dt.timedelta(hours=1)
LI, WANG = Actor("Li"), Actor("Wang")


@pytest.mark.parametrize(
    ("life", "open_to"),
    [
        (Life(1, "draft"), ["submit", "discard"]),
        (Life(1, "submitted", LI), ["approve", "return", "discard"]),
        (Life(1, "approved", LI), ["return", "publish", "discard"]),
        (Life(1, "published", LI, SOON), ["withdraw"]),
        (Life(1, "published", LI, NOW), []),
        (Life(1, "published", LI, NOW, replaced=True), []),
        (Life(1, "discarded"), []),
    ],
)
def test_a_state_allows_these_steps_and_no_others(life, open_to):
    assert next_steps(life, NOW) == open_to
    for name in TRANSITIONS:
        if name in open_to:
            assert take(name, life, WANG, NOW, "because").name == name
        else:
            with pytest.raises(ConflictError, match=r"is not open|cannot be withdrawn") as fault:
                take(name, life, WANG, NOW, "because")
            assert "gridkeeper plan" in fault.value.remedy or any(step in fault.value.remedy for step in open_to)


def test_every_step_leads_to_a_state_that_exists():
    states = {source for t in TRANSITIONS.values() for source in t.sources} | {"discarded"}
    assert {t.target for t in TRANSITIONS.values()} <= states
    assert all(t.label["zh"] and t.label["en"] for t in TRANSITIONS.values())


@pytest.mark.parametrize("same", ["Li", "li", "L I", "Ｌｉ"])
def test_who_submitted_does_not_approve(same):
    with pytest.raises(ConflictError, match="another person"):
        take("approve", Life(7, "submitted", LI), Actor(same), NOW)
    assert take("approve", Life(7, "submitted", LI), WANG, NOW).target == "approved"


def test_identity_that_was_proved_takes_the_same_road():
    with pytest.raises(ConflictError, match="another person"):
        take("approve", Life(7, "submitted", Actor("Li", verified=True)), Actor("Li", verified=True), NOW)


def test_states_follow_the_clock():
    life = Life(1, "published", LI, SOON)
    assert [state_of(life, t) for t in (NOW, SOON)] == ["published", "in_force"]
    assert state_of(Life(1, "published", LI, NOW, replaced=True), NOW) == "closed"
    assert state_of(Life(1, "approved", LI), NOW) == "approved"


def test_only_a_draft_is_edited_and_a_return_says_why():
    require_draft(Life(1, "draft"))
    with pytest.raises(ConflictError, match="not a draft"):
        require_draft(Life(1, "approved"))
    with pytest.raises(InputError, match="needs a reason"):
        take("return", Life(1, "submitted", LI), LI, NOW, "  ")


def test_names_are_read_as_they_are_kept():
    assert read_name("  A\u0308nn   Li ") == "\u00c4nn Li"
    for bad in (None, "", "\t", "a\x00b", "x" * 101):
        with pytest.raises(InputError):
            read_name(bad)


def test_grids_are_named_by_their_serials():
    assert [grid_name(n, "Asia/Shanghai") for n in (7, 10, 11, 20, 105, 110, 999)] == [
        "第七网格", "第十网格", "第十一网格", "第二十网格", "第一百零五网格", "第一百一十网格", "第九百九十九网格",
    ]  # fmt: skip
    assert grid_name(7, "America/New_York") == "Grid 7"
