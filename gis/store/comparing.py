"""In which ways could communities of a draft be divided anew, and how good is each?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gis.clock import Clock, utc_now
from gis.measures.of_old_grids import kept_of
from gis.measures.of_plans import plan_measures
from gis.partition import share_apart
from gis.partition.loads import loads_of, unit_words
from gis.partition.proof_words import plan_words
from gis.partition.proposals import choose_several
from gis.progress import Progress, quiet
from gis.store.districts import district_of
from gis.store.drafts import read_draft
from gis.store.lives import read_life
from gis.store.proposing import begin_proposing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor

    from gis.partition import Plan
    from gis.partition.proposals import Proposal
    from gis.store.connect import Connection

__all__ = ["FIGURES", "compare_proposals"]

FIGURES = (
    "grids", "within_10", "within_20", "mad", "polsby_popper_mean", "polsby_popper_p10", "border_on_feature",
    "excused_grids", "unexplained_grids",
)  # fmt: skip
"""Measures of `gis.measures.of_plans` that tell proposals apart."""


def compare_proposals(
    connection: Connection,
    district: str,
    plan_id: int,
    asked: Mapping[str, Any],
    *,
    count: int = 3,
    each: Callable[[dict[str, Any]], None] | None = None,
    executor: Executor | None = None,
    progress: Progress = quiet,
    clock: Clock = utc_now,
) -> dict[str, Any]:
    """Divide communities of a draft in several ways that really differ; nothing is written.

    Parameters
    ----------
    asked : mapping
        ``communities``; ``style`` for all of them, without it each has another; ``seconds`` (of all together); and
        whatever else the edit ``propose`` takes: ``target``, ``load``, ``keep_whole``, ``keep_old``, ``seed`` ...
    each : callable, optional
        Gets what is returned, as far as it is known, whenever a proposal is ready.

    Returns
    -------
    dict
        ``revision`` of the draft, ``communities``, ``words`` (why there are fewer; None) and ``proposals``: of each
        ``style``, ``seed``, ``target`` and so on, with which the edit ``propose`` makes it again; ``figures``
        (`FIGURES`), ``apart`` (share of households in different grids than in each one before), ``kept`` (of the grids
        that the draft began with, see `gis.measures.of_old_grids.Kept`), ``changed`` (share of households in different
        grids than in the draft), ``reasons`` (words) and ``assignment`` (key -> cells), with which it takes it as it
        is.

    Raises
    ------
    InputError
        See `gis.store.proposing.proposal_of`.
    NotFoundError
        No such plan.
    """
    with connection.transaction():
        place, now = district_of(connection, district), clock()
        row = read_life(connection, place, plan_id, now)
        draft = read_draft(connection, plan_id)[0]
        work = begin_proposing(connection, place, row, draft, asked, now, progress=progress)
    wanted = work.wanted
    options = wanted.options() | {"executor": executor, "progress": progress}

    def divide(**own: Any) -> Plan:
        return work.divide(**options | own)

    ground = work.cells.tessellation
    community = ground.cells["community_id"].to_numpy(object).astype(str)
    households, load = np.nan_to_num(ground.cells["households"].to_numpy(float)), loads_of(ground)
    keys = draft.keys[np.searchsorted(draft.cells, work.cells.ids)]
    told: dict[str, Any] = {
        "revision": row["revision"],
        "communities": work.communities,
        "words": None,
        "proposals": [],
    }

    def tell(proposal: Proposal) -> None:
        measures, assignment = plan_measures(ground, proposal.plan), work.assignment(proposal.plan)
        one = {
            **wanted.options(),
            "load": wanted.load,
            "unit": dict(unit_words(wanted.load)),
            "style": proposal.style,
            "seed": proposal.seed,
            "stages": proposal.plan.settings.get("stages"),
            "figures": {name: measures[name] for name in FIGURES},
            "apart": proposal.apart,
            "kept": kept_of(ground, work.old, proposal.plan.grid_of).as_dict(),
            "changed": share_apart(community, households, keys.astype(str), proposal.plan.grid_of),
            "reasons": plan_words(measures),
            "assignment": assignment,
            "loads": {key: float(load[np.searchsorted(work.cells.ids, own)].sum()) for key, own in assignment.items()},
        }
        told["proposals"].append(one)
        if each is not None:
            each(told)

    asked_for: dict[str, Any] = {
        "count": count,
        "style": asked.get("style"),
        "seed": wanted.seed,
        "seconds": asked.get("seconds"),
    }
    told["words"] = choose_several(ground, divide, **asked_for, each=tell).words
    return told
