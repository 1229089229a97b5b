"""How far does the search of a piece go: to its end, to a moment, or as far as an earlier one went?

A search is a row of stages: runs, covers, runs from the best. Between two of them it asks whether to go on, and gives
the best it has where the answer is no. What a clock cut off is written down as numbers of stages, which give the same
plan again on any machine.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Pace", "Stages", "check_stages", "deadline", "each_share", "share_until", "silent"]

Stages = dict[str, list[tuple[int, int]]]
"""By community: of each of its pieces in their order, the number of grids and of stages done."""


def silent() -> None:
    """Say nothing."""


@dataclass
class Pace:
    """Answers a search that asks whether to go on; what was refused once stays so.

    Parameters
    ----------
    most : float
        Stages, at most.
    until : float
        Seconds of `time.time`.
    tick : callable
        Called each time; what it raises ends the search.
    stages : int
        Stages allowed so far.
    cut : bool
        Whether one was refused.
    """

    most: float = math.inf
    until: float = math.inf
    tick: Callable[[], None] = silent
    stages: int = 0
    cut: bool = False

    def __call__(self) -> bool:
        """Whether another stage may begin."""
        self.cut = self.late() or self.stages >= self.most
        self.stages += not self.cut
        return not self.cut

    def late(self) -> bool:
        """Whether the moment has come, or something was refused before."""
        self.tick()
        self.cut = self.cut or time.time() >= self.until
        return self.cut


def deadline(seconds: float | None) -> float:
    """Moment at which so many seconds from now are over; none: never.

    Raises
    ------
    InputError
        `seconds` is not above 0.
    """
    if seconds is None:
        return math.inf
    if not seconds > 0:
        raise InputError(f"The search is to take {seconds:g} seconds.", "Give more than 0, or leave the limit out.")
    return time.time() + seconds


def share_until(until: float, share: float) -> float:
    """Moment up to which a share of the time that is left lasts."""
    now = time.time()
    return until if until == math.inf else now + max(0.0, until - now) * min(1.0, share)


def each_share(work: Sequence[float], workers: int = 1) -> list[float]:
    """Share of the time left that each item of a row may take when it begins, so that the last gets its part.

    Parameters
    ----------
    work : sequence of float
        Of each item, in the order in which they begin.
    workers : int
        So many at a time.

    Examples
    --------
    >>> each_share([2.0, 1.0, 1.0])
    [0.5, 0.5, 1.0]
    """
    left = [sum(work[i:]) for i in range(len(work))]
    return [min(1.0, workers * own / rest) if rest > 0 else 1.0 for own, rest in zip(work, left, strict=True)]


def check_stages(
    stages: Mapping[str, Sequence[Sequence[Any]]] | None,
    seconds: float | None,
    pieces: Mapping[str, Sequence[tuple[int, int]]],
) -> Stages:
    """Look through the record of an earlier search.

    Parameters
    ----------
    stages : mapping or None
        See `Stages`; a community that it does not name is searched to the end.
    pieces : mapping
        Of each community, the fewest and the most grids that each of its pieces can have.

    Raises
    ------
    InputError
        It does not fit these communities, or there is a time limit beside it.
    """
    if stages is None:
        return {}
    if seconds is not None:
        raise InputError("A record of stages and a time limit contradict each other.", "Give one of the two.")
    strangers = sorted(set(stages) - set(pieces))
    if strangers:
        raise InputError(f"The record of stages names community {strangers[0]}, which is not divided here.", REMEDY)
    found: Stages = {}
    for name, rows in stages.items():
        if len(rows) != len(pieces[name]) or not all(map(_fits, rows, pieces[name])):
            raise InputError(
                f"The record of stages does not fit community {name}, which has {len(pieces[name])} pieces.", REMEDY
            )
        found[name] = [(int(k), int(done)) for k, done in rows]
    return found


def _fits(row: Sequence[Any], grids: tuple[int, int]) -> bool:
    """Whether a row of a record can be that of a piece."""
    whole = isinstance(row, list | tuple) and len(row) == len(("grids", "stages"))
    whole = whole and all(isinstance(number, int) for number in row)
    return whole and grids[0] <= row[0] <= grids[1] and row[1] >= 0


REMEDY = "Give the record of a plan of the same cells, target and limits."
