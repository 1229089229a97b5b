"""Which divisions of the same ground really differ, so that somebody can choose among them?

Two divisions differ by the share of households that lie in different grids after the best matching of the grids of
both, community by community (an assignment problem). A proposal is given only if it differs enough from every other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from gis.partition.pace import deadline
from gis.partition.split import partition
from gis.partition.styles import STYLES, style_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from gis.graph import Tessellation
    from gis.partition.plan import Plan

__all__ = ["APART", "Proposal", "Proposals", "choose_several", "propose_several", "share_apart"]

APART = 0.10
"""Two proposals have at least this share of the households in different grids."""
SPARE = 3
"""So many divisions more than are wanted are tried where some are too much alike."""
INSTANT = 1e-6
"""Seconds of a division for which there is no time: a start alone."""


@dataclass(frozen=True)
class Proposal:
    """One way to divide.

    Parameters
    ----------
    plan : Plan
    style, seed
        What makes it again.
    apart : list of float
        Share of households in different grids than in each proposal before it.
    """

    plan: Plan
    style: str
    seed: int
    apart: list[float]


@dataclass(frozen=True)
class Proposals:
    """Ways to divide that really differ.

    Parameters
    ----------
    found : list of Proposal
    tried : int
        Divisions that were made.
    words : dict or None
        ``zh`` and ``en``: why there are fewer than were wanted.
    """

    found: list[Proposal]
    tried: int
    words: dict[str, str] | None = None


def nobody(proposal: Proposal) -> None:
    """Take a proposal and tell nobody."""


def share_apart(community: np.ndarray, households: np.ndarray, one: np.ndarray, other: np.ndarray) -> float:
    """Share of households in different grids after the best matching of the grids of each community.

    Parameters
    ----------
    community : ndarray, shape (cells,)
    households : ndarray of float, shape (cells,)
    one, other : ndarray, shape (cells,)
        Grid of each cell in two plans.

    Returns
    -------
    float
        0 where the plans are the same but for names, or nobody lives there.

    Examples
    --------
    >>> here, load = np.zeros(4, int), np.array([30.0, 20.0, 40.0, 10.0])
    >>> share_apart(here, load, np.array([0, 0, 1, 1]), np.array([5, 7, 7, 7]))
    0.2
    """
    total = float(households.sum())
    if total <= 0:
        return 0.0
    together = 0.0
    for name in np.unique(community):
        mine = community == name
        rows, a = np.unique(one[mine], return_inverse=True)
        columns, b = np.unique(other[mine], return_inverse=True)
        shared = np.zeros((len(rows), len(columns)))
        np.add.at(shared, (a, b), households[mine])
        together += float(shared[linear_sum_assignment(shared, maximize=True)].sum())
    return max(0.0, 1.0 - together / total)


def propose_several(
    tessellation: Tessellation,
    *,
    count: int = 3,
    style: str | None = None,
    seed: int = 1,
    seconds: float | None = None,
    each: Callable[[Proposal], None] = nobody,
    **options: Any,
) -> Proposals:
    """Divide the same ground in several ways that really differ.

    Parameters
    ----------
    tessellation : Tessellation
    count : int
        Proposals wanted.
    style : str, optional
        Of all of them; without it each has another, the first that of `partition`.
    seed : int
        Of the first; the others count on.
    seconds : float, optional
        Wall clock, at most: divided evenly among those still wanted; what is not begun when it is over is left out.
    each : callable
        Gets every proposal as soon as it is there.
    **options
        Target, limits, effort and so on of `partition`.

    Returns
    -------
    Proposals
        Any two of them at least `APART`.

    Raises
    ------
    InputError
        See `partition`.
    """
    return choose_several(
        tessellation,
        partial(partition, tessellation, **options),
        count=count,
        style=style,
        seed=seed,
        seconds=seconds,
        each=each,
    )


def choose_several(
    tessellation: Tessellation,
    divide: Callable[..., Plan],
    *,
    count: int = 3,
    style: str | None = None,
    seed: int = 1,
    seconds: float | None = None,
    each: Callable[[Proposal], None] = nobody,
) -> Proposals:
    """Do the work of `propose_several` with any way to divide, given ``style``, ``seed`` and ``seconds``."""
    styles = list(STYLES) if style is None else [style]
    style_weights(styles[0])
    cells = tessellation.cells
    community = cells["community_id"].to_numpy(object).astype(str)
    households = np.nan_to_num(cells["households"].to_numpy(float))
    found: list[Proposal] = []
    tried, alone = 0, False
    until = deadline(seconds)
    while len(found) < count and tried < count + SPARE and not alone:
        name, number = styles[tried % len(styles)], seed + tried
        left = None if seconds is None else (until - time.time()) / (count - len(found))
        if left is not None and tried and left <= 0:
            break
        plan = divide(style=name, seed=number, seconds=None if left is None else max(left, INSTANT))
        tried += 1
        apart = [share_apart(community, households, plan.grid_of, other.plan.grid_of) for other in found]
        if all(share >= APART for share in apart):
            found.append(Proposal(plan, name, number, apart))
            each(found[-1])
        alone = len(plan.grids) == len(np.unique(community)) and not plan.settings.get("free")
    if len(found) == count:
        return Proposals(found, tried)
    if not alone and tried < count + SPARE:
        return Proposals(found, tried, _late(seconds))
    keeping = any("keep_old" in one.plan.settings for one in found)
    return Proposals(found, tried, _words(len(found), tried, alone=alone, keeping=keeping))


def _late(seconds: float | None) -> dict[str, str]:
    """Say that the clock ended the search."""
    return {
        "zh": f"时限 {seconds:g} 秒已到，以下是已得出的方案。",
        "en": f"The limit of {seconds:g} s was over: these are the proposals that were ready.",
    }


def _words(found: int, tried: int, *, alone: bool, keeping: bool) -> dict[str, str]:
    """Say why there are no more."""
    if alone:
        return {
            "zh": "按此目标户数，所选范围每个社区只有一个网格，没有别的划法。",
            "en": "At this target every community chosen is one grid: there is no other way to divide it.",
        }
    zh, en = ("此方案", "this one") if found == 1 else ("已列方案", "these")
    why_zh, why_en = "范围小，划法有限。", "so small a place can be divided in few ways."
    if keeping:
        why_zh, why_en = "要保留原网格，划法有限。", "with old grids kept there are few ways to divide it."
    return {
        "zh": f"试了 {tried} 次，其余划法与{zh}相比，换网格的住户都不到 10%：{why_zh}",
        "en": f"{tried} divisions were tried; the others differ from {en} for less than 10 % of the households: "
        + why_en,
    }
