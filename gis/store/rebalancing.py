"""How are the grids of a draft made even again with few moves, so that one answer is an edit of the draft?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np

from gis.clock import Clock, utc_now
from gis.crs import STORE_CRS
from gis.errors import ConflictError, InputError
from gis.partition import Locks, Scope, rebalance
from gis.plans import Draft, new_key
from gis.progress import Progress, quiet
from gis.store.districts import district_of
from gis.store.levels import cells_of_level, next_levels
from gis.store.lives import read_life
from gis.store.networks import read_level
from gis.store.proposing import links_of
from gis.store.reading import read_cells

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Executor

    from gis.partition import Rebalancing
    from gis.partition.rebalance import Answer
    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["DraftRebalancing", "rebalanced", "rebalancing_of"]


@dataclass(frozen=True)
class DraftRebalancing:
    """Three answers for the grids of a draft.

    Parameters
    ----------
    cells : ndarray of int64, shape (n,)
        Numbers of the cells looked at.
    keys : list of str
        Key of each grid by its number, new ones last.
    found : Rebalancing
    shapes : GeoSeries, shape (n,)
        The cells.
    """

    cells: np.ndarray
    keys: list[str]
    found: Rebalancing
    shapes: gpd.GeoSeries = field(repr=False)

    def moves(self, answer: Answer) -> gpd.GeoDataFrame:
        """List what moves: ``building``, ``community``, ``from``, ``to``, ``households``, ``cell`` and its polygon."""
        rows = answer.moves
        at = rows["cell"].to_numpy(np.int64)
        names = np.array(self.keys, object)
        columns: dict[str, Any] = {
            "building": rows["building_id"].to_numpy(object),
            "community": rows["community_id"].to_numpy(object),
            "from": names[rows["from_grid"].to_numpy(np.int64)],
            "to": names[rows["to_grid"].to_numpy(np.int64)],
            "households": rows["households"].to_numpy(float),
            "cell": self.cells[at],
        }
        return gpd.GeoDataFrame(columns, geometry=self.shapes.to_numpy()[at], crs=self.shapes.crs).to_crs(STORE_CRS)


def rebalancing_of(
    connection: Connection,
    district: str,
    plan_id: int,
    draft: Draft,
    asked: Mapping[str, Any],
    *,
    clock: Clock = utc_now,
    executor: Executor | None = None,
    progress: Progress = quiet,
) -> DraftRebalancing:
    """Find three answers for a draft as it stands; nothing is written.

    Parameters
    ----------
    draft : Draft
        Of `gis.store.drafts.read_draft`.
    asked : mapping
        ``communities`` and ``grids`` (keys) that may change, by default all; ``lock_grids`` (keys), ``lock_cells``
        (numbers), ``lock_borders`` (pairs of keys); ``max_moved``, ``max_grids``; ``target``, ``seed``.

    Raises
    ------
    InputError
        Something named is not of the plan, or locks contradict each other.
    ConflictError
        The grids nest with those of another level.
    """
    place, now = district_of(connection, district), clock()
    row = read_life(connection, place, plan_id, now)
    return _search(connection, place, row, draft, asked, now, executor=executor, progress=progress)


def rebalanced(
    connection: Connection,
    place: District,
    row: Mapping[str, Any],
    draft: Draft,
    asked: Mapping[str, Any],
    now: dt.datetime,
    *,
    executor: Executor | None = None,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Take the answer ``keep`` (1, 2 or 3: from the fewest moves to the best balance) as an edit.

    Returns
    -------
    dict
        Payload of a ``propose``, see `gis.plans.replay.Operation`; ``rebalance`` says what was asked and what it moves.

    Raises
    ------
    InputError
        As `rebalancing_of`; or there is no such answer, or it moves nothing.
    """
    made = _search(connection, place, row, draft, asked, now, executor=executor, progress=progress)
    keep = int(asked.get("keep") or 1)
    if not 1 <= keep <= len(made.found.answers):
        raise InputError(f"There is no answer {keep}.", "Keep 1 (fewest moved), 2 or 3 (best balance).")
    answer = made.found.answers[keep - 1]
    of = np.array(made.keys, object)[answer.grid_of]
    before = draft.keys[np.searchsorted(draft.cells, made.cells)]
    community = draft.community[np.searchsorted(draft.cells, made.cells)]
    communities = sorted(set(community[of != before].tolist()))
    if not communities:
        raise InputError("This answer moves nothing.", "Widen the scope, loosen locks or budgets, or keep another one.")
    mine = np.isin(community.astype(str), communities)
    return {
        "communities": communities,
        "seed": made.found.settings["seed"],
        "target": made.found.settings["target"],
        "assignment": {key: made.cells[mine & (of == key)].tolist() for key in sorted(set(of[mine].tolist()))},
        "rebalance": {
            **{name: value for name, value in asked.items() if value is not None},
            "answer": answer.name,
            "moved": answer.moved,
            "bound": answer.bound,
        },
    }


def _search(
    connection: Connection,
    place: District,
    row: Mapping[str, Any],
    draft: Draft,
    asked: Mapping[str, Any],
    now: dt.datetime,
    *,
    executor: Executor | None,
    progress: Progress,
) -> DraftRebalancing:
    of = read_level(connection, place, row["network"], row["level"])
    communities = _communities(draft, asked)
    wanted = draft.cells[draft.present & np.isin(draft.community.astype(str), communities)]
    beside = next_levels(connection, of, wanted)
    if beside.finer is not None or beside.coarser is not None:
        raise ConflictError(
            f"The grids of plan {row['id']} nest with those of another level.",
            "Rebalancing moves single cells: use it where a network has one level, or propose anew.",
        )
    cells = read_cells(connection, place, as_of=row["as_of"], at=now, cells=wanted)
    cells = cells_of_level(connection, place, cells, of.level.division_level)
    progress("reading cells", 0, 0)
    held = draft.keys[np.searchsorted(draft.cells, cells.ids)].astype(str)
    keys, grid_of = np.unique(held, return_inverse=True)
    number = {key: i for i, key in enumerate(keys.tolist())}
    settings, target = row["settings"], asked.get("target")
    low, high = (None, None) if target else (float(settings["minimum"]), float(settings["maximum"]))
    scope = Scope(_known(number, asked.get("grids")), tuple(asked.get("communities") or ()))
    links = np.array(links_of(connection, int(row["id"])), np.int64).reshape(-1, 2)
    links = np.searchsorted(cells.ids, links[np.isin(links, cells.ids).all(axis=1)])
    found = rebalance(
        cells.tessellation,
        grid_of,
        target=float(target or settings["target"]),
        minimum=low,
        maximum=high,
        names=keys.tolist(),
        links=links,
        locks=_locks(draft, cells.ids, number, asked),
        scope=scope,
        max_moved=asked.get("max_moved"),
        max_grids=asked.get("max_grids"),
        seed=int(asked.get("seed") or 1),
        executor=executor,
        progress=progress,
    )
    names, taken = keys.tolist(), set(draft.known())
    for _ in range(max(int(a.grid_of.max(initial=-1)) for a in found.answers) + 1 - len(names)):
        names.append(new_key(taken | set(names)))
    return DraftRebalancing(cells.ids, names, found, cells.tessellation.cells.geometry)


def _communities(draft: Draft, asked: Mapping[str, Any]) -> list[str]:
    """Communities that hold what may change."""
    here = draft.community.astype(str)
    named = sorted({str(code) for code in asked.get("communities") or ()})
    strangers = sorted(set(named) - set(here))
    if strangers:
        raise InputError(f"This plan does not hold {', '.join(strangers)}.", "Name its communities.")
    grids = [str(key) for key in asked.get("grids") or ()]
    _known(dict.fromkeys(draft.keys[draft.present].tolist(), 0), grids)
    of_grids = set(here[draft.present & np.isin(draft.keys.astype(str), grids)].tolist())
    return sorted({*named, *of_grids} or set(here[draft.present].tolist()))


def _known(number: Mapping[str, int], keys: Iterable[Any] | None) -> list[int]:
    """Numbers of grids by their keys."""
    wanted = [str(key) for key in keys or ()]
    strangers = sorted(set(wanted) - set(number))
    if strangers:
        raise InputError(f"Grid {strangers[0]} has no cells in this plan.", "Name grids of the plan's communities.")
    return [number[key] for key in wanted]


def _locks(draft: Draft, ids: np.ndarray, number: Mapping[str, int], asked: Mapping[str, Any]) -> Locks:
    """Locks by number; those of grids and cells that are not looked at hold anyway."""
    cells = draft.cells[draft.positions(asked["lock_cells"])] if asked.get("lock_cells") else draft.cells[:0]
    pairs = [[str(key) for key in pair] for pair in asked.get("lock_borders") or ()]
    if any(len(pair) != 2 for pair in pairs):
        raise InputError("A border lies between two grids.", "Name two grids, e.g. A:B.")
    grids = [str(key) for key in asked.get("lock_grids") or ()]
    _known(dict.fromkeys(draft.keys[draft.present].tolist(), 0), [*grids, *(key for pair in pairs for key in pair)])
    return Locks(
        grids=[number[key] for key in grids if key in number],
        cells=[(int(at), None) for at in np.searchsorted(ids, cells[np.isin(cells, ids)])],
        borders=[(number[a], number[b]) for a, b in pairs if a in number and b in number],
    )
