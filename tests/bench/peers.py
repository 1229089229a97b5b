"""What do METIS and KaHIP make of the cells that the engine gets?

Each piece of a community is a graph of its own with as many parts as the engine gives it grids: households are the
weights of its vertices, metres of common border those of its edges. What comes in several parts stays so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from gis.partition import Plan
from gis.partition.parts import communities_of, find_parts, subgraph
from gis.remarks import Report
from tests.bench.grounds import MAXIMUM, MINIMUM, TARGET

if TYPE_CHECKING:
    from collections.abc import Callable

    from gis.graph import Tessellation


class Weighted(NamedTuple):
    """A graph as peers take it: whole numbers, neighbours from both sides."""

    start: list[int]
    neighbour: list[int]
    metres: list[int]
    households: list[int]


def _metis_recursive(graph: Weighted, k: int) -> list[int]:
    return _metis(graph, k, recursive=True, contig=False)


def _metis_contiguous(graph: Weighted, k: int) -> list[int]:
    return _metis(graph, k, recursive=False, contig=True)


def _metis(graph: Weighted, k: int, *, recursive: bool, contig: bool) -> list[int]:
    import pymetis

    pairs = pymetis.CSRAdjacency(graph.start, graph.neighbour)
    options = pymetis.Options(contig=int(contig))
    weights = {"vweights": graph.households, "eweights": graph.metres}
    return pymetis.part_graph(k, pairs, **weights, recursive=recursive, options=options)[1]


def _kahip_strong(graph: Weighted, k: int) -> list[int]:
    import kahip

    strong, seed, quiet = 2, 1, True
    columns = (graph.households, graph.start, graph.metres, graph.neighbour)
    return kahip.kaffpa(*columns, k, 0.05, quiet, seed, strong)[1]


@dataclass(frozen=True)
class Peer:
    """A partitioner that others made."""

    name: str
    package: str
    cut: Callable[[Weighted, int], list[int]]

    @property
    def there(self) -> bool:
        """Whether its package is installed."""
        return find_spec(self.package) is not None


KAHIP = "KaHIP strong 5 %"
PEERS = (
    Peer("METIS recursive", "pymetis", _metis_recursive),
    Peer("METIS k-way contiguous", "pymetis", _metis_contiguous),
    Peer(KAHIP, "kahip", _kahip_strong),
)


def peer_plan(tessellation: Tessellation, peer: Peer) -> tuple[Plan, float]:
    """Divide a district by a peer.

    Returns
    -------
    plan : Plan
    seconds : float
        CPU of the peer alone: graphs are made before the clock runs.
    """
    of = np.empty(len(tessellation.cells), np.int64)
    made, seconds, links = 0, 0.0, []
    for community in communities_of(tessellation):
        parts = find_parts(community, TARGET, MINIMUM, MAXIMUM)
        links += parts.links
        position = {int(cell): i for i, cell in enumerate(community.cell)}
        extra = np.array([(position[a], position[b]) for a, b in parts.links], np.int64).reshape(-1, 2)
        for piece in parts.pieces:
            label = np.zeros(len(piece.cell), np.int64)
            if piece.k > 1:
                ptr, nbr, metres, _, _ = subgraph(community, piece.cell, extra)
                weight = np.maximum(1, np.rint(metres)).astype(int)
                load = np.rint(community.load[piece.cell]).astype(int)
                graph = Weighted(ptr.tolist(), nbr.tolist(), weight.tolist(), load.tolist())
                start = time.process_time()
                label = np.asarray(peer.cut(graph, piece.k))
                seconds += time.process_time() - start
                label = np.unique(label, return_inverse=True)[1]  # a part that stayed empty is no grid
            of[community.cell[piece.cell]] = made + label
            made += int(label.max()) + 1
    return _plan(tessellation, of, links), seconds


def _plan(tessellation: Tessellation, of: np.ndarray, links: list[tuple[int, int]]) -> Plan:
    cells = tessellation.cells
    k = int(of.max()) + 1
    community = np.empty(k, object)
    community[of] = cells["community_id"].to_numpy(object)
    grids = pd.DataFrame(
        {
            "community_id": community,
            "serial": np.arange(1, k + 1),
            "grid_code": [f"{g:06d}" for g in range(k)],
            "households": np.bincount(of, np.nan_to_num(cells["households"].to_numpy(float)), k),
            "buildings": np.bincount(of, cells["buildings"].to_numpy(int), k).astype(int),
            "flags": [[] for _ in range(k)],
        }
    )
    limits = {"target": TARGET, "minimum": MINIMUM, "maximum": MAXIMUM}
    return Plan(of.astype(np.int32), grids, np.array(links, np.int32).reshape(-1, 2), Report("peer"), limits)
