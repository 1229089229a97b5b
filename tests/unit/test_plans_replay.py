"""Is a plan its replay, do undo and redo take back exactly what was done, and is a broken log refused?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import ConflictError, InputError
from gis.plans import Draft, Operation, count_parts, new_key, replay

CELLS = 12
COMMUNITY = np.array(["A"] * 8 + ["B"] * 4, object)
BASE = np.array(["A1", "A1", "A1", "A2", "A2", "A3", "A3", "A3", "B1", "B1", "B2", "B2"], object)


def draft():
    return Draft(np.arange(100, 100 + CELLS), COMMUNITY, BASE)


cells = st.lists(st.integers(100, 99 + CELLS), min_size=1, max_size=4)
keys = st.sampled_from(["A1", "A2", "A3", "B1", "B2", "new-1", "new-2", "new-3"])
wishes = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.fixed_dictionaries({"cells": cells, "to": keys})),
        st.tuples(st.just("new_grid"), st.fixed_dictionaries({"cells": cells, "key": keys})),
        st.tuples(st.just("merge"), st.fixed_dictionaries({"from": keys, "into": keys})),
        st.tuples(st.sampled_from(["undo", "redo"]), st.none()),
    ),
    max_size=25,
)


def wished(made, wishes):
    """Apply what can be, as an editor does; the log of it."""
    log = []
    for kind, payload in wishes:
        stack = {"undo": made.undoable, "redo": made.redoable}.get(kind)
        if stack is not None:
            if not stack:
                continue
            payload = {"revision": stack[-1].revision}  # noqa: PLW2901
        operation = Operation(made.revision + 1, kind, payload)
        before = made.keys.copy()
        try:
            changed = made.apply(operation)
        except InputError:
            assert made.keys.tolist() == before.tolist()  # a refused edit leaves no trace
            continue
        assert changed.tolist() == np.flatnonzero(before != made.keys).tolist() != []
        log.append(operation)
    return log


@settings(max_examples=100, deadline=None)
@given(wishes)
def test_a_plan_is_its_replay(wishes):
    made = draft()
    log = wished(made, wishes)
    again = replay(draft(), log)
    assert again.keys.tolist() == made.keys.tolist()
    assert [e.revision for e in again.undoable] == [e.revision for e in made.undoable]
    assert [e.revision for e in again.redoable] == [e.revision for e in made.redoable]
    for key in set(made.keys):
        assert len(set(COMMUNITY[made.keys == key])) == 1


@settings(max_examples=50, deadline=None)
@given(wishes)
def test_undoing_all_gives_the_base_and_redoing_all_the_plan(wishes):
    made = draft()
    wished(made, wishes)
    done, steps = made.keys.tolist(), len(made.undoable)
    wished(made, [("undo", None)] * steps)
    assert made.keys.tolist() == BASE.tolist()
    assert not made.undoable
    wished(made, [("redo", None)] * steps)
    assert made.keys.tolist() == done


@settings(max_examples=50, deadline=None)
@given(wishes, wishes)
def test_undo_is_the_inverse_of_any_edit_and_redo_of_undo(past, wishes):
    made = draft()
    wished(made, past)
    for wish in wishes:
        before = made.keys.tolist()
        if wish[0] in {"undo", "redo"} or not wished(made, [wish]):
            continue
        after = made.keys.tolist()
        wished(made, [("undo", None)])
        assert made.keys.tolist() == before
        wished(made, [("redo", None)])
        assert made.keys.tolist() == after


def test_a_new_edit_forgets_what_was_undone():
    made = draft()
    wished(made, [("merge", {"from": "A1", "into": "A2"}), ("undo", None), ("merge", {"from": "A2", "into": "A3"})])
    with pytest.raises(ConflictError, match="nothing to redo"):
        made.apply(Operation(4, "redo", {"revision": 1}))


def test_a_grid_emptied_can_be_filled_again():
    made = draft()
    log = wished(made, [("merge", {"from": "A2", "into": "A1"}), ("move", {"cells": [103], "to": "A2"})])
    assert len(log) == 2
    assert made.keys[3] == "A2"


@pytest.mark.parametrize(
    ("operation", "fault", "told"),
    [
        (Operation(2, "move", {"cells": [100], "to": "A2"}), ConflictError, "cannot follow"),
        (Operation(1, "undo", {"revision": 1}), ConflictError, "nothing to undo"),
        (Operation(1, "burn", {}), InputError, "no edit"),
        (Operation(1, "move", {"cells": [True], "to": "A2"}), InputError, "no cell"),
        (Operation(1, "move", {"cells": [], "to": "A2"}), InputError, "No cells"),
        (Operation(1, "move", {"cells": [100, 110], "to": "A2"}), InputError, "stays inside"),
        (Operation(1, "new_grid", {"cells": [100], "key": "new-0"}), InputError, "no key"),
        (Operation(1, "propose", {"communities": ["B"], "assignment": {"B1": [108]}}), InputError, "3 cells of B"),
        (
            Operation(1, "propose", {"communities": ["B"], "assignment": {"B1": [108, 109, 110, 111, 100]}}),
            InputError,
            "stays inside",
        ),
        (
            Operation(1, "restore", {"communities": ["B"], "assignment": {"B1": [108, 109], "B2": [109, 110, 111]}}),
            InputError,
            "another grid",
        ),
        (Operation(1, "propose", {"communities": ["C"], "assignment": {}}), InputError, "in no grid"),
        (Operation(1, "propose", {"communities": ["B"], "assignment": {"C9": [108]}}), InputError, "no grid C9"),
    ],
)
def test_a_broken_log_is_refused(operation, fault, told):
    with pytest.raises(fault, match=told):
        draft().apply(operation)


def test_undo_names_the_edit_it_takes_back():
    made = draft()
    wished(made, [("merge", {"from": "A1", "into": "A2"}), ("merge", {"from": "A3", "into": "A2"})])
    with pytest.raises(ConflictError, match="edit 2 is"):
        made.apply(Operation(3, "undo", {"revision": 1}))


def test_an_assignment_replaces_the_grids_of_its_communities_alone():
    made = draft()
    made.apply(Operation(1, "propose", {"communities": ["B"], "assignment": {"B1": [108], "new-1": [109, 110, 111]}}))
    assert made.keys.tolist() == [*BASE[:9], "new-1", "new-1", "new-1"]
    assert new_key(made.keys) == "new-2"


def test_targets_of_another_load_are_forgotten_and_come_back_when_it_is_undone():
    made, whole = draft(), {"A": {"A1": list(range(100, 108))}, "B": {"B1": list(range(108, 112))}}
    aims = {"A": {"target": 100}, "B": {"target": 7, "divided": {"load": "events=1", "target": 7}}}
    for revision, code in enumerate("AB", start=1):
        payload = {"communities": [code], "assignment": whole[code], **aims[code]}
        made.apply(Operation(revision, "propose", payload))
    assert {code: aim.target for code, aim in made.targets.items()} == {"B": 7}
    made.apply(Operation(3, "undo", {"revision": 2}))
    assert {code: aim.target for code, aim in made.targets.items()} == {"A": 100}
    kept = {"communities": ["B"], "assignment": whole["B"], "target": 50, "divided": {"keep_whole": "compounds"}}
    made.apply(Operation(4, "propose", kept))
    assert {code: aim.target for code, aim in made.targets.items()} == {"A": 100, "B": 50}


def test_numbering_anew_is_an_edit_that_moves_no_cell():
    made = replay(draft(), [Operation(1, "renumber", {"communities": ["B"]})])
    assert made.renumbered == {"B"}
    assert made.keys.tolist() == BASE.tolist()
    with pytest.raises(InputError, match="changes nothing"):
        made.apply(Operation(2, "renumber", {"communities": ["B"]}))
    with pytest.raises(InputError, match="does not hold C"):
        made.apply(Operation(2, "renumber", {"communities": ["C"]}))
    made.apply(Operation(2, "undo", {"revision": 1}))
    assert made.renumbered == frozenset()
    made.apply(Operation(3, "redo", {"revision": 1}))
    assert made.renumbered == {"B"}


def test_parts_are_counted_over_neighbours_inside_a_grid():
    pairs = np.array([[0, 1], [1, 2], [2, 3], [4, 5]])
    assert count_parts(np.array([0, 0, 1, 0, 1, 1]), pairs, 3).tolist() == [2, 2, 0]
    assert count_parts(np.array([0, 0]), np.empty((0, 2), int), 1).tolist() == [2]
    assert count_parts(np.empty(0, int), pairs, 2).tolist() == [0, 0]
