"""How are the grids of a draft made even again with few moves, so that one answer is an edit of the draft?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gis.clock import Clock, utc_now
from gis.errors import ConflictError, InputError
from gis.partition import Locks, Scope, atoms_of_level, rebalance
from gis.partition.barriers import parted
from gis.partition.remark_words import remark_words
from gis.plans import Draft, new_key
from gis.progress import Progress, quiet
from gis.store.districts import district_of
from gis.store.drafts import read_draft
from gis.store.levels import cells_of_level, next_levels
from gis.store.lives import read_life
from gis.store.moving import workers_of
from gis.store.networks import read_level
from gis.store.proposing import Wanted, links_of
from gis.store.reading import read_cells
from gis.store.weighing import weighed_cells

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Executor

    import geopandas as gpd

    from gis.partition import Rebalancing
    from gis.partition.rebalance import Answer, Balance
    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["DraftRebalancing", "compare_rebalancings", "rebalancing_of"]


@dataclass(frozen=True)
class DraftRebalancing:
    """Three answers for the grids of a draft.

    Parameters
    ----------
    revision : int
        Of the draft that they are for.
    cells : ndarray of int64, shape (n,)
        Numbers of the cells looked at.
    atoms : ndarray of int, shape (n,)
        What moves as a whole with each: a cell, or a grid of the level below.
    before, community : ndarray of str, shape (n,)
        Key of the grid of each cell in the draft, and the division it lies in.
    keys : list of str
        Key of each grid by its number, new ones last.
    found : Rebalancing
    asked : dict
        What it was made for.
    shapes : GeoSeries, shape (n,)
        The cells.
    """

    revision: int
    cells: np.ndarray
    atoms: np.ndarray
    before: np.ndarray
    community: np.ndarray
    keys: list[str]
    found: Rebalancing
    asked: dict[str, Any]
    shapes: gpd.GeoSeries = field(repr=False)

    def changes(self, answer: Answer) -> dict[str, list[int]]:
        """Give the cells that change their grid, by the key of the grid they go to."""
        after = np.array(self.keys, object)[answer.grid_of[self.atoms]]
        moved = after != self.before
        return {str(key): self.cells[moved & (after == key)].tolist() for key in sorted(set(after[moved].tolist()))}

    def payload(self, answer: Answer) -> dict[str, Any]:
        """Give what the edit ``propose`` takes this answer by.

        Raises
        ------
        InputError
            It moves nothing.
        """
        changes = self.changes(answer)
        if not changes:
            raise InputError(
                "This answer moves nothing.", "Widen the scope, loosen locks or budgets, or keep another one."
            )
        made = self.found.settings
        options = {name: made[name] for name in OPTIONS} | {"keep_whole": made["keep_whole"] or ""}
        cells = np.concatenate([np.array(some, np.int64) for some in changes.values()])
        communities = sorted(set(self.community[np.searchsorted(self.cells, cells)].tolist()))
        told = {"communities": communities, "changes": changes, "rebalance": {**self.asked, "answer": answer.name}}
        return options | told


def rebalancing_of(
    connection: Connection,
    district: str,
    plan_id: int,
    asked: Mapping[str, Any],
    *,
    clock: Clock = utc_now,
    executor: Executor | None = None,
    progress: Progress = quiet,
) -> DraftRebalancing:
    """Find three answers for a draft as it stands; nothing is written.

    Parameters
    ----------
    asked : mapping
        ``communities`` and ``grids`` (keys) that may change, by default all; ``neighbours``: those beside these grids
        too; ``lock_grids`` (keys), ``lock_cells`` (numbers), ``lock_borders`` (pairs of keys); ``max_moved``,
        ``max_grids``; ``target``, ``minimum``, ``maximum``, ``style``, ``seed`` and ``keep_whole`` as for a proposal:
        what is not asked is as the draft has it. In a level of whole finer grids these keep units whole, or not.

    Raises
    ------
    InputError
        Something named is not of the plan, or locks or limits contradict each other.
    ConflictError
        A grid holds a part only of a grid of the level below.
    """
    with connection.transaction():
        place, now = district_of(connection, district), clock()
        row = read_life(connection, place, plan_id, now)
        work = _begin(connection, place, row, read_draft(connection, plan_id)[0], asked, now, progress)
    return work(executor, progress)


def compare_rebalancings(
    connection: Connection,
    district: str,
    plan_id: int,
    asked: Mapping[str, Any],
    *,
    clock: Clock = utc_now,
    executor: Executor | None = None,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Tell three answers for a draft as it stands; nothing is written.

    Returns
    -------
    dict
        ``revision`` of the draft; ``now``, how even it is; ``words``, what is out of the ordinary; ``answers`` from the
        fewest moved households to the best balance: ``name``, figures, ``workers`` (how many get or lose a building)
        and ``taking``, the payload by which the edit ``propose`` takes it, None where nothing moves.

    Raises
    ------
    InputError, ConflictError
        See `rebalancing_of`.
    """
    made = rebalancing_of(connection, district, plan_id, asked, clock=clock, executor=executor, progress=progress)
    with connection.transaction():
        place, now = district_of(connection, district), clock()
        row = read_life(connection, place, plan_id, now)
        posted = workers_of(connection, row, sorted(set(made.keys)), now)
    answers = [_told(made, answer, posted) for answer in made.found.answers]
    words = [remark_words(remark) for remark in made.found.report.remarks if remark.rule != "nothing_to_move"]
    return {"revision": made.revision, "now": asdict(made.found.now), "words": words, "answers": answers}


def _told(made: DraftRebalancing, answer: Answer, posted: Mapping[str, Mapping[int, str]]) -> dict[str, Any]:
    """Tell one answer."""
    names = np.array(made.keys, object)
    rows = answer.moves[answer.moves["building_id"].notna()]
    old, new = (names[rows[side].to_numpy(np.int64)].tolist() for side in ("from_grid", "to_grid"))
    pairs = set(zip(old, new, strict=True))
    workers = {who for a, b in pairs for who in posted.get(a, {}).keys() ^ posted.get(b, {}).keys()}
    balance: Balance = answer.balance
    return {
        "name": answer.name,
        "moved": answer.moved,
        "buildings": len(rows),
        "touched": len(answer.touched),
        "workers": len(workers),
        "balance": asdict(balance),
        "bound": answer.bound,
        "ratio": answer.ratio if np.isfinite(answer.ratio) else None,
        "taking": made.payload(answer) if len(answer.moves) else None,
    }


def _begin(
    connection: Connection,
    place: District,
    row: Mapping[str, Any],
    draft: Draft,
    asked: Mapping[str, Any],
    now: dt.datetime,
    progress: Progress,
) -> Callable[[Executor | None, Progress], DraftRebalancing]:
    """Do the reading; the function given searches, without the store."""
    wanted = Wanted.read(row, {name: asked[name] for name in OPTIONS if name in asked})
    of = read_level(connection, place, row["network"], row["level"])
    communities = _communities(draft, asked)
    chosen = draft.cells[draft.present & np.isin(draft.community.astype(str), communities)]
    cells = read_cells(connection, place, as_of=row["as_of"], at=now, cells=chosen)
    cells = weighed_cells(
        connection, place, cells, row["settings"], as_of=row["as_of"], at=now, duty=of.duty, required=False
    )
    cells = cells_of_level(connection, place, cells, of.level.division_level)
    progress("reading cells", 0, 0)
    beside = next_levels(connection, of, cells.ids)
    links = np.array(links_of(connection, int(row["id"])), np.int64).reshape(-1, 2)
    links = np.searchsorted(cells.ids, links[np.isin(links, cells.ids).all(axis=1)])
    seen, _ = parted(cells.tessellation, wanted.hard_barriers, links)
    ground, atoms = atoms_of_level(seen, finer=beside.finer, coarser=beside.coarser)
    held = draft.keys[np.searchsorted(draft.cells, cells.ids)].astype(str)
    keys, grid_of = np.unique(held, return_inverse=True)
    first = np.unique(atoms, return_index=True)[1]
    _require_whole(held, beside.finer, grid_of, grid_of[first][atoms])
    number = {key: i for i, key in enumerate(keys.tolist())}
    links = atoms[links]
    locks = _locks(draft, cells.ids, atoms, number, asked)
    places = ground.cells["community_id"].to_numpy(object)[atoms].astype(str)
    mine = draft.community[np.searchsorted(draft.cells, cells.ids)].astype(str)
    named = [str(code) for code in asked.get("communities") or ()]
    scope = Scope(
        _known(number, asked.get("grids")),
        tuple(sorted(set(places[np.isin(mine, named)].tolist()))),
        bool(asked.get("neighbours")),
    )
    used = set(draft.known())

    def search(executor: Executor | None, progress: Progress) -> DraftRebalancing:
        found = rebalance(
            ground,
            grid_of[first],
            target=float(wanted.target),
            minimum=float(wanted.minimum),
            maximum=float(wanted.maximum),
            style=wanted.style,
            keep_whole=wanted.keep_whole,
            names=keys.tolist(),
            links=links[links[:, 0] != links[:, 1]],
            locks=locks,
            scope=scope,
            max_moved=asked.get("max_moved"),
            max_grids=asked.get("max_grids"),
            seed=wanted.seed,
            executor=executor,
            progress=progress,
        )
        names, taken = keys.tolist(), set(used)
        for _ in range(max(int(a.grid_of.max(initial=-1)) for a in found.answers) + 1 - len(names)):
            names.append(new_key(taken | set(names)))
        told = {name: asked[name] for name in ASKED if asked.get(name)}
        shapes = cells.tessellation.cells.geometry
        return DraftRebalancing(
            row["revision"], cells.ids, atoms, held.astype(object), mine, names, found, told, shapes
        )

    return search


OPTIONS = ("target", "minimum", "maximum", "style", "seed", "keep_whole")
"""What a rebalancing takes of the options of a proposal."""
ASKED = (
    "communities", "grids", "neighbours", "lock_grids", "lock_cells", "lock_borders", "max_moved", "max_grids",
)  # fmt: skip
"""What was asked for beyond the options of a proposal: kept with the edit."""


def _require_whole(held: np.ndarray, finer: np.ndarray | None, own: np.ndarray, of_atom: np.ndarray) -> None:
    """See that a grid of the level below lies in one grid."""
    torn = np.flatnonzero(own != of_atom)
    if len(torn) and finer is not None:
        raise ConflictError(
            f"Grid {held[torn[0]]} holds only a part of grid {finer[torn[0]]} of the level below.",
            "Give that one to a single grid first: a coarser grid is made of whole finer ones.",
        )


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


def _locks(
    draft: Draft, ids: np.ndarray, atoms: np.ndarray, number: Mapping[str, int], asked: Mapping[str, Any]
) -> Locks:
    """Locks by number; those of grids and cells that are not looked at hold anyway."""
    cells = draft.cells[draft.positions(asked["lock_cells"])] if asked.get("lock_cells") else draft.cells[:0]
    pairs = [[str(key) for key in pair] for pair in asked.get("lock_borders") or ()]
    if any(len(set(pair)) != 2 for pair in pairs):
        raise InputError("A border lies between two grids.", "Name two grids, e.g. A:B.")
    grids = [str(key) for key in asked.get("lock_grids") or ()]
    _known(dict.fromkeys(draft.keys[draft.present].tolist(), 0), [*grids, *(key for pair in pairs for key in pair)])
    held = np.unique(atoms[np.searchsorted(ids, cells[np.isin(cells, ids)])])
    return Locks(
        grids=[number[key] for key in grids if key in number],
        cells=[(int(at), None) for at in held],
        borders=[(number[a], number[b]) for a, b in pairs if a in number and b in number],
    )
