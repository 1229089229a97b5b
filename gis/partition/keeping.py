"""How is ground divided anew so that old grids stay whole where they can, or old borders stay borders?

Edges between two old grids cost no border; cutting any cell off its old grid costs about as much as a `LEVELS` says, in
units of energy, so that balance, shape and streets are weighed against it by the search as it is. Several networks of
old grids count by their weights: then what hangs together are the pieces of their overlay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.errors import InputError
from gis.partition._compiled import Graph
from gis.partition._random import state_of
from gis.partition.anneal import anneal
from gis.partition.parts import CommunityParts, Piece, find_parts
from gis.partition.search import BORDER_CELLS, CELLS_A_GRID, divide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gis.partition.objective import Weights
    from gis.partition.parts import CommunityCells
    from gis.partition.search import Effort

__all__ = ["LEVELS", "Keep", "OldGrids", "check_level", "divide_keeping", "parts_beside"]

LEVELS: Mapping[str, float] = MappingProxyType({"loosely": 0.5, "mostly": 2.0, "strictly": 30.0})
"""Least price of cutting something off an old grid, in units of energy, by the name of the level."""

METRE = 0.5
"""Price of a metre inside an old grid, beside what it follows, times that of the level: where old grids must be divided
their borders are kept."""
LUKEWARM = 0.5
"""First temperature of the search that begins with whole old grids: cells move, but the plan is not melted."""
LATER = 1.5
"""How much later a tree uses an edge between two old grids than one inside: cuts of trees then follow old borders."""


def check_level(level: str) -> None:
    """Refuse a level that there is not."""
    if level not in LEVELS:
        raise InputError(f"Old grids are not kept {level!r}.", f"Levels are {', '.join(LEVELS)}.")


@dataclass(frozen=True)
class OldGrids:
    """One set of old grids.

    Parameters
    ----------
    of : ndarray of int64, shape (cells,)
        Number of the old grid of each cell; -1 for none.
    weight : float
        How much it counts beside others.
    """

    of: np.ndarray
    weight: float = 1.0


@dataclass(frozen=True)
class Keep:
    """What a division keeps.

    Parameters
    ----------
    old : sequence of OldGrids
        At least one.
    level : str
        Of `LEVELS`.
    locked : frozenset of int
        Grids of the first set that stay exactly as they are.
    """

    old: Sequence[OldGrids]
    level: str = "mostly"
    locked: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        check_level(self.level)
        if not self.old or any(not one.weight > 0 for one in self.old):
            raise InputError("Old grids have no weight.", "Give every set of old grids a weight above 0.")
        strangers = self.locked - set(self.old[0].of.tolist())
        if strangers or -1 in self.locked:
            raise InputError(
                f"There is no old grid {min(strangers, default=-1)} to lock.", "Lock grids that hold cells."
            )

    def require(self, cells: int) -> None:
        """Refuse old grids of another number of cells."""
        for one in self.old:
            if one.of.shape != (cells,):
                raise InputError(
                    f"Old grids are named for {len(one.of)} cells, but there are {cells}.",
                    "Give the old grid of every cell, -1 for none.",
                )

    def locked_of(self) -> np.ndarray:
        """Locked grid of each cell, -1 for none; int64, shape (cells,)."""
        of = self.old[0].of
        return np.where(np.isin(of, list(self.locked)), of, -1)

    def take(self, cell: np.ndarray) -> Keep:
        """Give the same of some cells."""
        old = [OldGrids(one.of[cell], one.weight) for one in self.old]
        return replace(self, old=old, locked=self.locked & set(old[0].of.tolist()))


def parts_beside(community: CommunityCells, keep: Keep, limits: tuple[float, float, float]) -> CommunityParts:
    """Take a community apart as `gis.partition.parts.find_parts` does, every locked grid a piece by itself.

    Parameters
    ----------
    community : CommunityCells
    keep : Keep
        Of its cells.
    limits : tuple
        Target, minimum and maximum.
    """
    if not keep.locked:
        return find_parts(community, *limits)
    of = keep.old[0].of
    held = np.isin(of, list(keep.locked))
    rest = np.flatnonzero(~held)
    parts = find_parts(_without(community, held), *limits) if len(rest) else CommunityParts()
    parts.pieces = [replace(piece, cell=rest[piece.cell]) for piece in parts.pieces]
    parts.pieces += [Piece(np.flatnonzero(of == grid), 1, locked=True) for grid in sorted(keep.locked)]
    return parts


def _without(community: CommunityCells, gone: np.ndarray) -> CommunityCells:
    """Leave out some cells of a community."""
    local = np.cumsum(~gone) - 1
    edges = ~gone[community.pairs].any(axis=1)
    cells = {
        name: getattr(community, name)[~gone] for name in ("cell", "load", "area", "outline", "centre", "geometry")
    }
    near = {name: getattr(community, name)[edges] for name in ("length", "price", "bias", "link")}
    return replace(community, **cells, **near, pairs=local[community.pairs[edges]])


def divide_keeping(
    graph: Graph,
    k: int,
    weights: Weights,
    effort: Effort,
    seed: int,
    keep: Keep,
    go_on: Callable[[], bool],
) -> tuple[np.ndarray, float]:
    """Divide a connected graph into `k` connected sets as `gis.partition.search.divide` does, keeping old grids.

    Where whole old grids could make `k` grids, the best such plan is found first, and improved cell by cell where that
    is worth its price; it competes with a division of the cells.

    Parameters
    ----------
    graph : Graph
    k : int
    weights : Weights
    effort : Effort
    seed : int
    keep : Keep
        Of the graph's cells.
    go_on : callable
        Asked before every run, see `gis.partition.search.divide`.

    Returns
    -------
    of : ndarray of int64
        Set of each cell, 0 .. k-1.
    energy : float
        With the prices of keeping old grids in it.
    """
    n = len(graph.load)
    side = float(np.sqrt(graph.area.sum() / k))
    w = weights.array(side)
    if k <= 1 or k >= n:
        return divide(graph, k, w, effort, seed, go_on)
    dear = _priced(graph, weights, w, keep)
    best, lowest = divide(dear, k, w, effort, seed, go_on)
    piece = _pieces(graph, keep)
    if not go_on():
        return best, lowest
    if int(piece.max()) + 1 >= k:
        start = divide(_contracted(dear, piece), k, w, effort, seed, go_on)[0][piece]
        fine = min(1.0, float(np.sqrt(CELLS_A_GRID * k / n)))
        steps = int(go_on() * effort.steps_per_cell * min(n, BORDER_CELLS * np.sqrt(n * k)))
        none = np.empty((0, n), np.int64)
        of, energy = anneal(start, k, dear, w, steps, fine * LUKEWARM, fine * effort.cold, state_of(seed), none)
        if energy < lowest:
            best, lowest = of, float(energy)
    return best, lowest


def _sources(graph: Graph) -> np.ndarray:
    return np.repeat(np.arange(len(graph.load)), np.diff(graph.ptr))


def _priced(graph: Graph, weights: Weights, w: np.ndarray, keep: Keep) -> Graph:
    """Let borders between old grids cost nothing and later be used by trees, and raise those inside."""
    source = _sources(graph)
    follows, splits, total = np.zeros(len(source)), np.zeros(len(source)), np.zeros(len(source))
    for one in keep.old:
        same = one.of[source] == one.of[graph.nbr]
        known = (one.of[source] >= 0) | (one.of[graph.nbr] >= 0)
        total += one.weight * known
        follows += one.weight * (known & ~same)
        inner = known & same
        # whatever is cut off, each of its cells was held by all of its inner edges together
        held = np.maximum(np.bincount(source, inner, len(graph.load)), 1.0)
        least = np.maximum(1.0 / held[source], 1.0 / held[graph.nbr])
        splits += one.weight * inner * least * _reluctance(graph.load, one.of, weights)[source]
    # only networks that have grids there have a say
    follows, splits = follows / np.maximum(total, 1e-12), splits / np.maximum(total, 1e-12)
    price = (graph.price + LEVELS[keep.level] * METRE * graph.length) * (1.0 - follows)
    price += LEVELS[keep.level] / (2.0 * max(w[10], 1e-12)) * splits
    return graph._replace(price=price, bias=graph.bias + LATER * follows)


def _reluctance(load: np.ndarray, of: np.ndarray, weights: Weights) -> np.ndarray:
    """Share of the price at which the old grid of each cell is divided: none where it is above the maximum."""
    known = of >= 0
    _, number = np.unique(of, return_inverse=True)
    sums = np.bincount(number, load)[number]
    room = max(weights.maximum - weights.target, 1e-9)
    return np.where(known, np.clip((weights.maximum - sums) / room, 0.0, 1.0), 0.0)


def _pieces(graph: Graph, keep: Keep) -> np.ndarray:
    """Connected sets of cells that lie in the same grid of every old network, numbered by their lowest cell."""
    source = _sources(graph)
    same, known = np.ones(len(source), bool), np.zeros(len(source), bool)
    for one in keep.old:
        same &= one.of[source] == one.of[graph.nbr]
        known |= one.of[source] >= 0
    same &= known
    n = len(graph.load)
    links = coo_array((np.ones(int(same.sum())), (source[same], graph.nbr[same])), shape=(n, n))
    _, label = connected_components(links, directed=False)
    return np.asarray(label, np.int64)


def _contracted(graph: Graph, piece: np.ndarray) -> Graph:
    """Make the graph whose cells are connected sets of cells: everything summed, of biases the least."""
    m = int(piece.max()) + 1
    source = _sources(graph)
    a, b = piece[source], piece[graph.nbr]
    outer = a != b
    key = a[outer] * m + b[outer]
    pair, at = np.unique(key, return_inverse=True)
    bias = np.full(len(pair), np.inf)
    np.minimum.at(bias, at, graph.bias[outer])
    inside = np.bincount(a[~outer], graph.length[~outer], m)
    return Graph(
        np.searchsorted(pair // m, np.arange(m + 1)).astype(np.int64),
        (pair % m).astype(np.int64),
        np.bincount(at, graph.length[outer], len(pair)),
        np.bincount(at, graph.price[outer], len(pair)),
        bias,
        np.bincount(piece, graph.load, m),
        np.bincount(piece, graph.area, m),
        np.bincount(piece, graph.outline, m) - inside,
    )
