"""Which grid does each cell of a draft belong to after its edits, and what can be undone?

A plan is its base and the log of its operations; undo and redo are operations too. Nothing else is kept of a draft
that could not be computed again from these two.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gis.errors import ConflictError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

__all__ = ["ABSENT", "KINDS", "Aim", "Draft", "Operation", "Undoable", "first_keys", "new_key", "replay"]

_NEW = re.compile(r"new-([1-9][0-9]{0,8})")

ABSENT = ""
"""Key of a cell that the draft does not hold: not yet, or not any more."""


@dataclass(frozen=True)
class Operation:
    """One line of the log.

    Parameters
    ----------
    revision : int
        1, 2, 3 ... in each plan.
    kind : str
        Of `KINDS`.
    payload : mapping
        ``move`` {cells, to}; ``new_grid`` {cells, key}; ``merge`` {from, into};
        ``propose`` {communities, seed, style, target, minimum, maximum, free, divided, assignment};
        ``restore`` {communities, version, divided, assignment};
        ``renumber`` {communities}; ``renew`` and ``split`` {tessellation, gone, was, made, moved, community}: cells
        that go (`was`: by grid, those the draft began with), that come and that change their grid (by grid), and the
        community of every new cell; ``undo`` {revision}; ``redo`` {revision}. Cells are ids, grids are keys, an
        assignment is key -> cells.
    """

    revision: int
    kind: str
    payload: Mapping[str, Any]


class Aim(NamedTuple):
    """What grids are to hold, and at most."""

    target: float
    maximum: float


@dataclass(frozen=True)
class Undoable:
    """An edit as it can be taken back and done again: cells by position, their keys before and after.

    `renumbered` are the communities whose grids are numbered anew from this edit on, and were not before it;
    `targets` and `divided` those of the draft before and after it.
    """

    revision: int
    at: np.ndarray
    before: np.ndarray
    after: np.ndarray
    renumbered: frozenset[str] = frozenset()
    targets: tuple[Mapping[str, Aim], Mapping[str, Aim]] = ({}, {})
    divided: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {})


@dataclass
class Draft:
    """The grids of a draft.

    Parameters
    ----------
    cells : ndarray of int64, shape (n,)
        Ids, ascending.
    community : ndarray of str, shape (n,)
        Code of the community each lies in.
    base : ndarray of str or None, shape (n,)
        Code of the grid each belonged to when the draft was opened, see `first_keys`; None for a cell that came later.
    """

    cells: np.ndarray
    community: np.ndarray
    base: np.ndarray
    keys: np.ndarray = field(init=False)
    """Key of the grid each cell belongs to now, shape (n,); `ABSENT` for a cell that is not there."""
    renumbered: frozenset[str] = field(init=False, default=frozenset())
    """Communities whose grids all get new codes, in the order of their position."""
    targets: Mapping[str, Aim] = field(init=False, default_factory=dict)
    """What the last proposal taken in a community was made for; where there is none, that of the level holds."""
    divided: Mapping[str, Any] = field(init=False, default_factory=dict)
    """What was balanced, kept whole and never crossed by the last proposal taken, where that is out of the ordinary."""
    revision: int = field(init=False, default=0)
    undoable: list[Undoable] = field(init=False, default_factory=list)
    redoable: list[Undoable] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.base = np.asarray(self.base, object)
        self.community = np.asarray(self.community, object)
        self.keys = first_keys(self.base, self.community)

    def apply(self, operation: Operation) -> np.ndarray:
        """Apply the next operation of the log.

        Returns
        -------
        ndarray of int64
            Positions of the cells whose grid changed, ascending.

        Raises
        ------
        ConflictError
            The revision is not the next one, or there is nothing to undo or redo as named.
        InputError
            The operation cannot be: unknown cells or grids, several communities, nothing changes.
        """
        if operation.revision != self.revision + 1:
            raise ConflictError(
                f"Edit {operation.revision} cannot follow edit {self.revision}.", "Read the plan again."
            )
        act = _STEPS_BACK.get(operation.kind, Draft._edit)
        done = act(self, operation)
        self.revision = operation.revision
        return done

    def _edit(self, operation: Operation) -> np.ndarray:
        if operation.kind in {"renew", "split"}:
            _admit(self, operation.payload)
        after, numbered = self.keys.copy(), self.renumbered
        make = KINDS.get(operation.kind)
        if make is None:
            raise InputError(f"There is no edit {operation.kind!r}.", f"There are: {', '.join(KINDS)}, undo, redo.")
        make(self, after, operation.payload)
        at = np.flatnonzero(after != self.keys)
        divided = _divided(self.divided, operation)
        if not len(at) and self.renumbered == numbered and self.divided == divided:
            raise InputError("This edit changes nothing.", "Choose other cells or another grid.")
        fresh = self.renumbered - numbered
        # targets are in units of what is balanced: those in other units are of no use
        known = self.targets if _load(self.divided) == _load(divided) else {}
        targets = _targets(known, operation)
        both = {"targets": (self.targets, targets), "divided": (self.divided, divided)}
        self.undoable.append(Undoable(operation.revision, at, self.keys[at], after[at], fresh, **both))
        self.targets, self.divided = targets, divided
        self.redoable.clear()
        self.keys = after
        return at

    def known(self) -> dict[str, str]:
        """Community of every grid that cells can be moved to: those of the base, and those that are there now."""
        begun = self.base != None  # noqa: E711 - cell by cell
        first = first_keys(self.base[begun], self.community[begun])
        now = zip(self.keys[self.present], self.community[self.present], strict=True)
        return dict(zip(first, self.community[begun], strict=True)) | dict(now)

    @property
    def present(self) -> np.ndarray:
        """Which cells the draft holds now; bool, shape (n,)."""
        return np.asarray(self.keys != ABSENT, bool)

    def positions(self, cells: Iterable[Any]) -> np.ndarray:
        """Find cells by their ids.

        Raises
        ------
        InputError
            A cell is not of this plan, or none is named.
        """
        wanted = np.unique(np.fromiter((_number(cell) for cell in cells), np.int64))
        if not len(wanted):
            raise InputError("No cells are named.", "Select at least one.")
        at = np.searchsorted(self.cells, wanted)
        at = np.minimum(at, len(self.cells) - 1)
        found = (self.cells[at] == wanted) & self.present[at]
        if not found.all():
            missing = ", ".join(str(cell) for cell in wanted[~found][:5])
            raise InputError(f"Cells {missing} are not of this plan.", "Choose cells of the plan's communities.")
        return at


def _targets(targets: Mapping[str, Aim], operation: Operation) -> Mapping[str, Aim]:
    """What grids are to hold after an edit: a proposal of whole communities says so."""
    if operation.kind not in {"propose", "restore"} or operation.payload.get("grids"):
        return targets
    communities = [str(code) for code in operation.payload["communities"]]
    kept = {code: target for code, target in targets.items() if code not in communities}
    target = operation.payload.get("target")
    if target is None:
        return kept
    most = operation.payload.get("maximum")
    return kept | dict.fromkeys(communities, Aim(float(target), float(1.5 * target if most is None else most)))


def _divided(divided: Mapping[str, Any], operation: Operation) -> Mapping[str, Any]:
    """What a plan is measured by after an edit: a division says so, a rebalancing goes by what was there."""
    if operation.kind not in {"propose", "restore"} or "rebalance" in operation.payload:
        return divided
    return operation.payload.get("divided") or {}


def _load(divided: Mapping[str, Any]) -> str:
    """Give what is balanced: households where nothing is said."""
    return str(divided.get("load") or "households")


def _number(cell: Any) -> int:
    if isinstance(cell, bool) or not isinstance(cell, int | np.integer) or not 0 < int(cell) < 2**63:
        raise InputError(f"{cell!r} is no cell.", "Cells are named by their numbers.")
    return int(cell)


def replay(draft: Draft, operations: Iterable[Operation]) -> Draft:
    """Apply a log to a draft that was just opened; the draft itself is given back."""
    for operation in operations:
        draft.apply(operation)
    return draft


def first_keys(base: np.ndarray, community: np.ndarray) -> np.ndarray:
    """Name the grids a draft begins with: the codes of its base.

    Where a community was split through a grid, the grid is one in each part: the part with most of its cells (of equal
    ones the first) has its code, the others are new grids. Cells that had none are a new grid in each community.

    Parameters
    ----------
    base, community : ndarray of str, shape (n,)
        `ABSENT` in `base` for a cell that had no grid.

    Returns
    -------
    ndarray of str, shape (n,)

    Examples
    --------
    >>> first_keys(np.array(["a", "a", "a", "b"], object), np.array(["x", "x", "y", "y"], object)).tolist()
    ['a', 'a', 'new-1', 'b']
    """
    keys = np.asarray(base, object).copy()
    pairs = Counter(zip(keys.tolist(), community.tolist(), strict=True))
    kept: dict[str, str] = {}
    for code, name in sorted(pairs, key=lambda pair: (str(pair[0]), -pairs[pair], str(pair[1]))):
        if code == ABSENT or kept.setdefault(code, name) != name:
            keys[(base == code) & (community == name)] = new_key(keys)
    return keys


def new_key(keys: Iterable[str]) -> str:
    """Name a grid that is not there yet.

    Examples
    --------
    >>> new_key(["110101001001003", "new-2"])
    'new-3'
    """
    used = [int(match[1]) for match in map(_NEW.fullmatch, set(keys)) if match]
    return f"new-{max(used, default=0) + 1}"


# ------------------------------------------------------------------------------------------------ edits
def _move(draft: Draft, after: np.ndarray, payload: Mapping[str, Any]) -> None:
    at, key = draft.positions(payload["cells"]), str(payload["to"])
    _require_one_community(draft, at, _community_of(draft, key), key)
    after[at] = key


def _new_grid(draft: Draft, after: np.ndarray, payload: Mapping[str, Any]) -> None:
    at, key = draft.positions(payload["cells"]), str(payload["key"])
    _require_new(draft, [key])
    _require_one_community(draft, at, draft.community[at[0]], key)
    after[at] = key


def _merge(draft: Draft, after: np.ndarray, payload: Mapping[str, Any]) -> None:
    source, into = str(payload["from"]), str(payload["into"])
    at = np.flatnonzero(draft.keys == source)
    if not len(at):
        raise InputError(f"Grid {source} has no cells in this plan.", "Choose a grid that has some.")
    _require_one_community(draft, at, _community_of(draft, into), into)
    after[at] = into


def _reassign(draft: Draft, after: np.ndarray, payload: Mapping[str, Any]) -> None:
    """Give all cells of some communities new grids."""
    communities = sorted({str(code) for code in payload["communities"]})
    wanted = np.isin(draft.community.astype(str), communities) & draft.present
    covered = np.zeros(len(draft.cells), bool)
    fresh = [key for key in payload["assignment"] if _NEW.fullmatch(key)]
    here = set(draft.keys[~wanted])
    _require_new(draft, [key for key in fresh if key in here])
    known = draft.known()
    for key, cells in payload["assignment"].items():
        at = draft.positions(cells)
        own = draft.community[at[0]] if key in fresh else known.get(key)
        if own is None:
            raise InputError(f"There is no grid {key} in this plan.", "Name grids of the base, or new-1, new-2 ...")
        _require_one_community(draft, at, own, key)
        if covered[at].any() or not wanted[at].all():
            raise InputError(f"Grid {key} holds cells of another grid or community.", "Name every cell once.")
        covered[at] = True
        after[at] = key
    if not wanted.any() or (covered != wanted).any():
        raise InputError(
            f"{int((wanted & ~covered).sum())} cells of {', '.join(communities)} are in no grid.", "Name every cell."
        )


def _renumber(draft: Draft, _after: np.ndarray, payload: Mapping[str, Any]) -> None:
    """Have the grids of communities numbered anew; which cells they hold stays."""
    wanted = {str(code) for code in payload["communities"]}
    strangers = sorted(wanted - set(draft.community))
    if strangers or not wanted:
        raise InputError(
            f"This plan does not hold {', '.join(strangers) or 'any community named'}.", "Name its communities."
        )
    draft.renumbered |= wanted


def _admit(draft: Draft, payload: Mapping[str, Any]) -> None:
    """Make room for new cells; their numbers are larger than any before, so that positions stay what they are."""
    if payload["gone"]:
        draft.positions(payload["gone"])
    for key, cells in payload["moved"].items():
        draft.positions(cells)
        if key not in draft.known() and not _NEW.fullmatch(key):
            raise InputError(f"There is no grid {key} in this plan.", "Name grids of the plan, or new-1, new-2 ...")
    made = np.sort(np.fromiter((_number(cell) for cells in payload["made"].values() for cell in cells), np.int64))
    if (np.diff(made) <= 0).any() or (len(made) and made[0] <= draft.cells.max(initial=0)):
        raise InputError("A new cell has the number of another.", "New cells get numbers never used.")
    draft.cells = np.concatenate([draft.cells, made])
    names = np.array([payload["community"][str(cell)] for cell in made.tolist()], object)
    draft.community = np.concatenate([draft.community, names])
    draft.base = np.concatenate([draft.base, np.full(len(made), None, object)])
    draft.keys = np.concatenate([draft.keys, np.full(len(made), ABSENT, object)])


def _remake(draft: Draft, after: np.ndarray, payload: Mapping[str, Any]) -> None:
    """Let cells take the place of others."""
    after[np.searchsorted(draft.cells, np.array(payload["gone"], np.int64))] = ABSENT
    for key, cells in (*payload["moved"].items(), *payload["made"].items()):
        after[np.searchsorted(draft.cells, np.array(cells, np.int64))] = key


KINDS: dict[str, Callable[[Draft, np.ndarray, Mapping[str, Any]], None]] = {
    "move": _move,
    "new_grid": _new_grid,
    "merge": _merge,
    "propose": _reassign,
    "restore": _reassign,
    "renumber": _renumber,
    "renew": _remake,
    "split": _remake,
}
"""Every edit by its kind: a function of the draft, the keys to be changed, and the payload."""


def _community_of(draft: Draft, key: str) -> str:
    community = draft.known().get(key)
    if community is None:
        raise InputError(f"There is no grid {key} in this plan.", "Choose one of the plan, or make a new grid.")
    return community


def _require_one_community(draft: Draft, at: np.ndarray, community: str, key: str) -> None:
    others = sorted(set(draft.community[at]) - {community})
    if others:
        raise InputError(
            f"Grid {key} lies in community {community}, but cells of {', '.join(others)} would join it.",
            "A grid stays inside its community: leave those cells out.",
        )


def _require_new(draft: Draft, keys: Sequence[str]) -> None:
    for key in keys:
        if not _NEW.fullmatch(key):
            raise InputError(f"{key!r} is no key of a new grid.", f"Call it {new_key(draft.keys)}.")
        if (draft.keys == key).any():
            raise InputError(f"There is a grid {key} already.", f"Call the new one {new_key(draft.keys)}.")


# ------------------------------------------------------------------------------------------------ there and back
def _undo(draft: Draft, operation: Operation) -> np.ndarray:
    edit = _top(draft.undoable, operation)
    draft.redoable.append(draft.undoable.pop())
    draft.keys = draft.keys.copy()
    draft.keys[edit.at] = edit.before
    draft.renumbered -= edit.renumbered
    draft.targets, draft.divided = edit.targets[0], edit.divided[0]
    return edit.at


def _redo(draft: Draft, operation: Operation) -> np.ndarray:
    edit = _top(draft.redoable, operation)
    draft.undoable.append(draft.redoable.pop())
    draft.keys = draft.keys.copy()
    draft.keys[edit.at] = edit.after
    draft.renumbered |= edit.renumbered
    draft.targets, draft.divided = edit.targets[1], edit.divided[1]
    return edit.at


def _top(stack: list[Undoable], operation: Operation) -> Undoable:
    if not stack:
        raise ConflictError(f"There is nothing to {operation.kind}.", "Read the plan again.")
    wanted = operation.payload["revision"]
    if stack[-1].revision != wanted:
        raise ConflictError(
            f"Edit {wanted} is not the next to {operation.kind}: edit {stack[-1].revision} is.", "Read the plan again."
        )
    return stack[-1]


_STEPS_BACK = {"undo": _undo, "redo": _redo}
