"""How is a whole district divided into grids? Community by community, each on its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis import codes
from gis.partition._compiled import Graph
from gis.partition._random import seed_of
from gis.partition.counting import best_count
from gis.partition.counts import check_limits
from gis.partition.keeping import Keep, divide_keeping, parts_beside
from gis.partition.objective import Weights
from gis.partition.parts import communities_of, find_parts, subgraph
from gis.partition.plan import Plan
from gis.partition.search import Effort, divide
from gis.partition.styles import style_weights
from gis.progress import Progress, fan_out, quiet
from gis.remarks import Report

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from gis.graph import Tessellation
    from gis.partition.parts import CommunityCells, CommunityParts, Piece

__all__ = ["partition"]


@dataclass(frozen=True)
class _Task:
    """One community to divide; small enough to be sent to another process."""

    community: CommunityCells
    parts: CommunityParts
    weights: Weights
    effort: Effort
    seed: int
    free: bool
    keep: Keep | None


def partition(
    tessellation: Tessellation,
    *,
    target: float = 200,
    minimum: float | None = None,
    maximum: float | None = None,
    seed: int = 1,
    style: str = "balanced",
    free: bool = False,
    keep: Keep | None = None,
    profile: str = "gbt30428_2013",
    effort: Effort | None = None,
    executor: Executor | None = None,
    progress: Progress = quiet,
) -> Plan:
    """Divide every community of a district into connected grids of about `target` households.

    Parameters
    ----------
    tessellation : Tessellation
        Cells, loads and neighbours.
    target : float
        Households wanted in a grid.
    minimum, maximum : float, optional
        Range a grid should stay in; by default 0.75 and 1.5 of the target. A building above the maximum becomes a
        grid by itself.
    seed : int
        The same seed gives the same plan, whatever the number of processes.
    style : str
        What counts most, see `gis.partition.styles.STYLES`.
    free : bool
        As many grids as fit best, with their mean in [minimum, maximum]; otherwise ``households / target``.
    keep : Keep, optional
        Old grids that stay whole where they can.
    profile : str
        Of the grid codes, where communities have 12-digit codes; elsewhere they are ``local``.
    effort : Effort, optional
        Length of the search in steps.
    executor : Executor, optional
        Where communities are divided side by side.
    progress : Progress

    Returns
    -------
    Plan
        Serials in position order within each community, codes by `gis.codes.community_grid_profile`.

    Raises
    ------
    InputError
        Where target, minimum and maximum contradict each other, there are no cells, a community needs more grids than
        its codes can number, there is no such style, or old grids are not those of the cells.
    """
    minimum = 0.75 * target if minimum is None else minimum
    maximum = 1.5 * target if maximum is None else maximum
    check_limits(target, minimum, maximum)
    effort = Effort() if effort is None else effort
    weights = Weights(float(target), float(minimum), float(maximum), **style_weights(style))
    if keep is not None:
        keep.require(len(tessellation.cells))
    tasks = []
    for community in communities_of(tessellation):
        kept = None if keep is None else keep.take(community.cell)
        limits = (float(target), float(minimum), float(maximum))
        parts = find_parts(community, *limits) if kept is None else parts_beside(community, kept, limits)
        tasks.append(_Task(community, parts, weights, effort, seed_of(seed, community.community_id), free, kept))
    # the longest first, so that no worker is left with a long one at the end
    order = sorted(range(len(tasks)), key=lambda i: (-len(tasks[i].community.cell), i))
    done = fan_out(
        _divide_community, [tasks[i] for i in order], executor=executor, progress=progress, label="partition"
    )
    labels = [np.empty(0, np.int64)] * len(tasks)
    for i, (label, pieces) in zip(order, done, strict=True):
        labels[i] = label
        tasks[i].parts.pieces = pieces
    settings = {"target": target, "minimum": minimum, "maximum": maximum, "seed": seed, "style": style, "free": free}
    settings["effort"] = asdict(effort)
    if keep is not None:
        settings |= {"keep_old": keep.level, "locked": len(keep.locked)}
    return _assemble(tessellation, tasks, labels, profile, settings)


def _divide_community(task: _Task) -> tuple[np.ndarray, list[Piece]]:
    """Grid of each cell of one community, numbered piece after piece, and the pieces with as many grids as they got."""
    community, parts = task.community, task.parts
    position = {int(c): i for i, c in enumerate(community.cell)}
    extra = np.array([(position[a], position[b]) for a, b in parts.links], np.int64).reshape(-1, 2)
    of = np.full(len(community.cell), -1, np.int64)
    made = 0
    pieces = []
    for number, piece in enumerate(parts.pieces):
        ptr, nbr, length, price, bias = subgraph(community, piece.cell, extra)
        area = community.area[piece.cell]
        graph = Graph(ptr, nbr, length, price, bias, community.load[piece.cell], area, community.outline[piece.cell])
        k, seed = piece.k, seed_of(task.seed, number)
        if task.free and not (piece.oversize or piece.locked):
            k = best_count(graph, k, task.weights, task.effort, seed)
        if task.keep is None:
            side = float(np.sqrt(area.sum() / k))
            label, _ = divide(graph, k, task.weights.array(side), task.effort, seed)
        else:
            label, _ = divide_keeping(graph, k, task.weights, task.effort, seed, task.keep.take(piece.cell))
        of[piece.cell] = made + label
        made += k
        pieces.append(replace(piece, k=k))
    return of, pieces


def _assemble(
    tessellation: Tessellation,
    tasks: list[_Task],
    labels: list[np.ndarray],
    profile: str,
    settings: dict[str, object],
) -> Plan:
    """Number the grids by position and collect what is to be told."""
    report = Report("partition")
    cells = tessellation.cells
    buildings = cells["buildings"].to_numpy(int)
    grid_of = np.empty(len(cells), np.int32)
    rows: list[dict[str, object]] = []
    links: list[tuple[int, int]] = []
    linked_pairs = tessellation.adjacency.pairs[tessellation.adjacency.link]
    for task, label in zip(tasks, labels, strict=True):
        community, parts = task.community, task.parts
        links += parts.links
        k = sum(piece.k for piece in parts.pieces)
        area = np.bincount(label, community.area, k)
        centre = np.column_stack(
            [np.bincount(label, community.area * community.centre[:, i], k) / area for i in (0, 1)]
        )
        order = codes.position_order(centre, float(community.area.sum()))
        layout = codes.community_grid_profile(community.community_id, profile)
        rank = np.empty(k, np.int64)
        rank[order] = np.arange(k)
        grid_of[community.cell] = len(rows) + rank[label]
        load = np.bincount(label, community.load, k)
        count = np.bincount(label, buildings[community.cell], k)
        oversize = np.repeat([piece.oversize for piece in parts.pieces], [piece.k for piece in parts.pieces])
        empty = community.load.sum() <= 0
        for serial, g in enumerate(order, start=1):
            flags = ["oversize_building"] if oversize[g] else []
            rows.append(
                {
                    "community_id": community.community_id,
                    "serial": serial,
                    "grid_code": layout.format(parent=community.community_id, serial=serial),
                    "households": float(load[g]),
                    "buildings": int(count[g]),
                    "flags": [*flags, "empty"] if empty else flags,
                }
            )
        _tell(report, task)
    # a link joins what lies in one grid: the grid says so
    for a, b in [*linked_pairs.tolist(), *links]:
        if grid_of[a] == grid_of[b]:
            flags = rows[grid_of[a]]["flags"]
            if isinstance(flags, list) and "linked" not in flags:
                flags.append("linked")
    grids = pd.DataFrame(rows, columns=["community_id", "serial", "grid_code", "households", "buildings", "flags"])
    report.counts = {
        "communities": len(tasks),
        "grids": len(grids),
        "oversize_buildings": int(sum("oversize_building" in f for f in grids["flags"])),
        "links": len(links),
    }
    return Plan(grid_of, grids, np.array(links, np.int32).reshape(-1, 2), report, dict(settings))


def _tell(report: Report, task: _Task) -> None:
    """Add one community's remarks."""
    community, parts = task.community, task.parts
    name = community.community_id
    if community.load.sum() <= 0:
        report.add("note", "community_empty", f"Community {name} has no households: one grid.", code=name)
    if parts.links:
        report.add(
            "note",
            "small_part_linked",
            f"Community {name}: {len(parts.links)} separate part(s) below the minimum load were linked to the nearest "
            "cell (rule 6).",
            code=name,
            amount=float(len(parts.links)),
        )
    if parts.swallowed > 0:
        report.add(
            "note",
            "remainder_with_oversize",
            f"Community {name}: {parts.swallowed:g} households cut off by a building above the maximum went with it.",
            code=name,
            amount=parts.swallowed,
            unit="households",
        )
    for wanted, given in parts.short:
        report.add(
            "note",
            "grid_number_moved",
            f"Community {name}: {given} grids instead of {wanted}, since buildings above the maximum cut it apart.",
            code=name,
            amount=float(given - wanted),
        )
