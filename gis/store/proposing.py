"""How are communities of a draft divided anew, so that grids which succeed one of the base keep its key?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from psycopg.types.json import Jsonb

from gis.clock import local_date
from gis.errors import InputError
from gis.partition import Effort, Keep, OldGrids
from gis.partition.barriers import crossings, read_barriers
from gis.partition.counts import check_limits
from gis.partition.keeping import check_level
from gis.partition.loads import HOUSEHOLDS, Load, default_target
from gis.partition.pace import deadline
from gis.partition.styles import style_weights
from gis.partition.units import require_kept
from gis.plans import Draft, codes_of_plan, first_keys, new_key
from gis.progress import Progress, quiet
from gis.store.levels import divider_of_level
from gis.store.networks import read_level
from gis.store.queries import query
from gis.store.reading import read_cells, read_frames
from gis.store.weighing import load_of, rules_of, weighed_cells

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from gis.partition import Plan
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.reading import StoredCells

__all__ = ["Proposing", "Wanted", "assignment_of", "begin_proposing", "links_of", "proposal_of"]


def proposal_of(
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
    """Let the partitioner divide some communities of a draft, or take a division that it made before.

    Parameters
    ----------
    asked : mapping
        ``communities``, ``grids`` where only these of them are divided, and what `Wanted` reads; ``assignment`` where
        a proposal is taken as it is; ``seconds`` and ``stages`` of `gis.partition.partition`.

    Returns
    -------
    dict
        Payload of the edit, see `gis.plans.replay.Operation`.

    Raises
    ------
    InputError
        A community is not of the plan, or none is named; limits contradict each other; there is no such style.
    """
    work = begin_proposing(connection, place, row, draft, asked, now, progress=progress)
    wanted, taken = work.wanted, asked.get("assignment")
    # which separate parts are linked depends on limits and ground alone: a search without a step tells
    pace: dict[str, Any] = {"seconds": asked.get("seconds"), "stages": asked.get("stages")}
    if taken is not None:
        pace = {"effort": Effort(runs=1, steps_per_cell=0, rounds=0, passes=0)}
    plan = work.divide(**wanted.options(), seed=wanted.seed, executor=executor, progress=progress, **pace)
    stages = asked.get("stages") if taken is not None else plan.settings.get("stages")
    links = {tuple(pair) for pair in [*links_of(connection, int(row["id"])), *work.cells.ids[plan.links].tolist()]}
    report = Jsonb({"links": [list(pair) for pair in sorted(links)]})
    connection.execute(query("drafts.set_report"), {"plan": row["id"], "report": report})
    return {
        "communities": work.communities,
        "seed": wanted.seed,
        **wanted.told(row["settings"]),
        **({"stages": stages} if stages else {}),
        **({"grids": sorted(asked["grids"])} if asked.get("grids") else {}),
        "assignment": work.completed(work.assignment(plan) if taken is None else taken),
    }


@dataclass(frozen=True)
class Wanted:
    """How a division of a draft is to be, as asked; what is not asked is as the draft has it."""

    target: float
    minimum: float
    maximum: float
    style: str
    free: bool
    seed: int
    keep_old: str | None
    lock_grids: list[str]
    load: str
    keep_whole: str | None
    hard_barriers: tuple[str, ...]
    counted_on: str | None

    @classmethod
    def read(
        cls, row: Mapping[str, Any], asked: Mapping[str, Any], target_of: Callable[[], float] | None = None
    ) -> Wanted:
        """Read what was asked; with another target the limits are 0.75 and 1.5 of it.

        Parameters
        ----------
        target_of : callable, optional
            Gives the target where another load than the draft's is asked for without one.

        Raises
        ------
        InputError
            Limits contradict each other, there is no such load, style, unit, barrier or level of keeping, or grids are
            locked that are not kept.
        """
        own, target = row["settings"], asked.get("target")
        load, on = load_asked(row, asked)
        if target is None and target_of is not None and load.text != load_of(own).text:
            target = target_of()
        limits = own if target is None else {"minimum": 0.75 * target, "maximum": 1.5 * target}
        low, high = (limits[name] if asked.get(name) is None else asked[name] for name in ("minimum", "maximum"))
        wanted = own["target"] if target is None else target
        check_limits(wanted, low, high)
        style = str(asked.get("style") or "balanced")
        style_weights(style)
        deadline(asked.get("seconds"))
        keep, locked = asked.get("keep_old"), [str(key) for key in asked.get("lock_grids") or ()]
        if keep is not None:
            check_level(keep)
        elif locked:
            raise InputError("Grids are locked, but old grids are not kept.", "Say how: keep_old loosely, or mostly.")
        free, seed = bool(asked.get("free", False)), int(asked.get("seed", 1))
        whole = require_kept(own.get("keep_whole") if asked.get("keep_whole") is None else asked["keep_whole"])
        hard = read_barriers(own.get("hard_barriers") if asked.get("hard_barriers") is None else asked["hard_barriers"])
        return cls(wanted, low, high, style, free, seed, keep, locked, load.text, whole, hard, on)

    def options(self) -> dict[str, Any]:
        """Give what a division is made by, but for the seed, as `Proposing.divide` takes it."""
        left = ("seed", "load", "counted_on")
        return {name: value for name, value in asdict(self).items() if name not in left}

    def told(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Give it as an edit keeps it: what checks and measures go by from then on under ``divided``.

        Parameters
        ----------
        before : mapping
            Settings of the draft: where something is said of units already, that nothing is kept whole is said too.
        """
        own = {name: value for name, value in self.options().items() if name not in {"keep_whole", "hard_barriers"}}
        said = {"keep_whole": self.keep_whole or ""} if before.get("keep_whole") is not None else {}
        rules = rules_of(asdict(self) | said)
        return own | ({"divided": rules} if rules else {})


def load_asked(row: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[Load, str | None]:
    """Give what is to be balanced, as asked or as the draft has it, and the day before which events count."""
    own = row["settings"]
    load = Load.parse(asked.get("load") or own.get("load") or HOUSEHOLDS)
    if load.plain:
        return load, None
    kept = own.get("counted_on") if load.text == load_of(own).text else None
    return load, str(kept or asked["counted_on"])


@dataclass(frozen=True)
class Proposing:
    """Communities of a draft, ready to be divided.

    Parameters
    ----------
    communities : list of str
    wanted : Wanted
        How they are to be divided.
    cells : StoredCells
        As the level sees them.
    crossed : ndarray of int, shape (q, 2)
        See `gis.partition.barriers.crossings`.
    """

    draft: Draft
    communities: list[str]
    wanted: Wanted
    cells: StoredCells
    crossed: np.ndarray
    divider: Callable[..., Plan]
    code_profile: str

    def divide(self, *, keep_old: str | None = None, lock_grids: Sequence[str] = (), **options: Any) -> Plan:
        """Divide, by options of `gis.partition.partition`; `keep_old` and `lock_grids` are of the draft's base."""
        keep = None if keep_old is None else Keep([OldGrids(self.old)], keep_old, frozenset(self._locked(lock_grids)))
        return self.divider(keep=keep, crossed=self.crossed, **options)

    @cached_property
    def keys(self) -> np.ndarray:
        """Key of the grid that each cell was in when the draft was begun; None for a cell that came later."""
        at = np.searchsorted(self.draft.cells, self.cells.ids)
        base = self.draft.base[at]
        begun = base != None  # noqa: E711 - cell by cell
        keys = base.copy()
        keys[begun] = first_keys(base[begun], self.draft.community[at][begun])
        return keys

    @cached_property
    def old(self) -> np.ndarray:
        """Number of that grid, -1 for none."""
        return np.asarray(pd.factorize(pd.Series(self.keys, dtype=object))[0], np.int64)

    def _locked(self, keys: Sequence[str]) -> list[int]:
        number = dict(zip(self.keys.tolist(), self.old.tolist(), strict=True))
        strangers = sorted(set(keys) - set(number))
        if strangers:
            raise InputError(
                f"Grid {strangers[0]} is none that the communities had when the plan was begun.",
                "Lock grids that were in force there.",
            )
        return [number[key] for key in keys]

    def assignment(self, plan: Plan) -> dict[str, list[int]]:
        """Give the cells of each grid by key: grids that succeed one of the base keep its key."""
        codes = plan.grids["grid_code"].to_numpy(object)[plan.grid_of]
        codes = _inherited(self.draft, self.cells, codes, self.code_profile)
        return assignment_of(self.draft, self.cells.ids, codes, set(self.draft.keys[self._outside].tolist()))

    @property
    def _outside(self) -> np.ndarray:
        """Cells of these communities in grids that are not divided; bool, one for each cell of the draft."""
        here = self.draft.present & np.isin(self.draft.community.astype(str), self.communities)
        return np.asarray(here & ~np.isin(self.draft.cells, self.cells.ids), bool)

    def completed(self, assignment: Mapping[str, Iterable[int]]) -> dict[str, list[int]]:
        """Add the cells of grids that are not divided: they stay."""
        whole = {key: list(cells) for key, cells in assignment.items()}
        outside = self._outside
        for key, cell in zip(self.draft.keys[outside].tolist(), self.draft.cells[outside].tolist(), strict=True):
            whole.setdefault(key, []).append(cell)
        return whole


def begin_proposing(
    connection: Connection,
    place: District,
    row: Mapping[str, Any],
    draft: Draft,
    asked: Mapping[str, Any],
    now: dt.datetime,
    *,
    progress: Progress = quiet,
) -> Proposing:
    """Read what is needed to divide the ``communities`` asked for, or some ``grids`` of them.

    Raises
    ------
    InputError
        A community or grid is not of the plan, or none is named; see `Wanted`.
    """
    asked = {**asked, "counted_on": str(local_date(now, place.time_zone))}
    communities = sorted({str(code) for code in asked["communities"]})
    strangers = sorted(set(communities) - set(draft.community))
    if strangers or not communities:
        raise InputError(f"Plan {row['id']} does not hold {', '.join(strangers) or 'that'}.", "Name its communities.")
    chosen = draft.present & np.isin(draft.community.astype(str), communities)
    grids = sorted({str(key) for key in asked.get("grids") or ()})
    if grids:
        unknown = sorted(set(grids) - set(draft.keys[chosen].tolist()))
        if unknown:
            raise InputError(f"Grid {unknown[0]} has no cells in this plan.", "Name grids of the plan's communities.")
        chosen &= np.isin(draft.keys.astype(str), grids)
        communities = sorted(set(draft.community[chosen].tolist()))
    cells = read_cells(connection, place, as_of=row["as_of"], at=now, cells=draft.cells[chosen])
    progress("reading cells", 0, 0)
    of = read_level(connection, place, row["network"], row["level"])
    load, on = load_asked(row, asked)
    counted = {"load": load.text, "counted_on": on}
    cells = weighed_cells(connection, place, cells, counted, as_of=row["as_of"], at=now, duty=of.duty)
    households = row["settings"]["target"] if load_of(row["settings"]).plain else of.level.target
    wanted = Wanted.read(row, asked, lambda: default_target(cells.tessellation, float(households)))
    hard = bool(wanted.hard_barriers)
    ground = read_frames(connection, place, at=now, as_of=row["as_of"]) if hard else None
    seen, divide = divider_of_level(connection, place, of, cells, ground)
    crossed = np.empty((0, 2), np.int32)
    if ground is not None:
        crossed = crossings(seen.tessellation, wanted.hard_barriers, ground.barriers, ground.landcover)
    return Proposing(draft, communities, wanted, seen, crossed, divide, of.level.code_profile)


def assignment_of(
    draft: Draft, cells: np.ndarray, codes: np.ndarray, held: Collection[str] = ()
) -> dict[str, list[int]]:
    """Give cells by key: a code that the base has is a key, any other, or one `held` elsewhere, is a new grid."""
    keys = set(draft.known())
    assignment: dict[str, list[int]] = {}
    known = draft.known()
    community = draft.community[np.searchsorted(draft.cells, cells)]
    for code, name in sorted(set(zip(codes.astype(str), community, strict=True))):
        key = str(code) if known.get(code) == name and code not in held else new_key(keys)
        keys.add(key)
        assignment[key] = cells[(codes == code) & (community == name)].tolist()
    return assignment


def links_of(connection: Connection, plan_id: int) -> list[list[int]]:
    """Pairs of cells that a draft holds connected beyond their borders."""
    row = connection.execute(query("drafts.links"), {"plan": plan_id}).fetchone()
    return list(row[0]) if row and row[0] else []


def _inherited(draft: Draft, cells: StoredCells, codes: np.ndarray, code_profile: str) -> np.ndarray:
    """Codes that proposed grids would have on the base: those of the base where they succeed one."""
    table = cells.tessellation.cells
    middle = table.geometry.centroid
    base = draft.base[np.searchsorted(draft.cells, cells.ids)]
    made = codes_of_plan(
        table["community_id"].to_numpy(object),
        base,
        codes,
        households=table["households"].to_numpy(float),
        area=table.geometry.area.to_numpy(),
        centre=np.column_stack([middle.x, middle.y]),
        used={},
        code_profile=code_profile,
    )
    return np.array([made[code] for code in codes], object)
