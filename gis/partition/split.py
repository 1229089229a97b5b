"""How is a whole district divided into grids? Community by community, each on its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gis import codes
from gis.partition._compiled import Graph
from gis.partition._random import seed_of
from gis.partition.barriers import over_barrier, parted, read_barriers
from gis.partition.counting import best_count
from gis.partition.counts import check_limits
from gis.partition.loads import unit_words
from gis.partition.objective import Weights
from gis.partition.parts import communities_of, find_parts, subgraph
from gis.partition.plan import Plan
from gis.partition.search import Effort, divide
from gis.partition.styles import style_weights
from gis.partition.units import contracted, require_kept, units_of
from gis.progress import Progress, fan_out, quiet
from gis.remarks import Report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from gis.graph import Tessellation
    from gis.partition.parts import CommunityCells, CommunityParts, Piece
    from gis.partition.units import Units

__all__ = ["partition"]


@dataclass(frozen=True)
class _Task:
    """One community to divide; small enough to be sent to another process. Its cells are atoms, see `Units`."""

    community: CommunityCells
    parts: CommunityParts
    weights: Weights
    effort: Effort
    seed: int
    free: bool


def partition(
    tessellation: Tessellation,
    *,
    target: float = 200,
    minimum: float | None = None,
    maximum: float | None = None,
    seed: int = 1,
    style: str = "balanced",
    free: bool = False,
    keep_whole: str | None = None,
    hard_barriers: Sequence[str] = (),
    crossed: np.ndarray | None = None,
    profile: str = "gbt30428_2013",
    effort: Effort | None = None,
    executor: Executor | None = None,
    progress: Progress = quiet,
) -> Plan:
    """Divide every community of a district into connected grids of about `target` households, or of another load.

    Parameters
    ----------
    tessellation : Tessellation
        Cells, loads (`gis.partition.loads`) and neighbours.
    target : float
        Load wanted in a grid.
    minimum, maximum : float, optional
        Range a grid should stay in; by default 0.75 and 1.5 of the target. A building above the maximum becomes a
        grid by itself.
    seed : int
        The same seed gives the same plan, whatever the number of processes.
    style : str
        What counts most, see `gis.partition.styles.STYLES`.
    free : bool
        As many grids as fit best, with their mean in [minimum, maximum]; otherwise ``households / target``.
    keep_whole : str, optional
        What no grid divides unless it is above the maximum, see `gis.partition.units.KEPT`.
    hard_barriers : sequence of str
        Classes of lines that no grid crosses, see `gis.partition.barriers`.
    crossed : ndarray of int, shape (q, 2), optional
        Pairs of cells that bridges and tunnels join over these all the same.
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
        its codes can number, or there is no such style, unit or barrier.
    """
    minimum = 0.75 * target if minimum is None else minimum
    maximum = 1.5 * target if maximum is None else maximum
    check_limits(target, minimum, maximum)
    effort = Effort() if effort is None else effort
    weights = Weights(float(target), float(minimum), float(maximum), **style_weights(style))
    hard, kept = read_barriers(hard_barriers), require_kept(keep_whole)
    seen, links = parted(tessellation, hard, crossed)
    units = units_of(seen, kept, float(maximum))
    whole = communities_of(seen)
    tasks = []
    for cells in whole:
        community = contracted(cells, _renumbered(units.of[cells.cell]))
        parts = find_parts(community, target, minimum, maximum)
        tasks.append(_Task(community, parts, weights, effort, seed_of(seed, community.community_id), free))
    # the longest first, so that no worker is left with a long one at the end
    order = sorted(range(len(tasks)), key=lambda i: (-len(tasks[i].community.cell), i))
    done = fan_out(
        _divide_community, [tasks[i] for i in order], executor=executor, progress=progress, label="partition"
    )
    labels = [np.empty(0, np.int64)] * len(tasks)
    for i, (label, pieces) in zip(order, done, strict=True):
        labels[i] = label[_renumbered(units.of[whole[i].cell])]
        tasks[i].parts.pieces = pieces
    settings = {"target": target, "minimum": minimum, "maximum": maximum, "seed": seed, "style": style, "free": free}
    settings |= {"load": tessellation.load, "keep_whole": kept, "hard_barriers": list(hard), "effort": asdict(effort)}
    plan = _assemble(seen, whole, tasks, labels, units, links, profile, settings)
    if hard:
        over = over_barrier(tessellation.adjacency, hard)
        plan.report.add(
            "note",
            "hard_barriers",
            f"{int(over.sum())} borders run along {', '.join(hard)}, which no grid crosses; bridges and tunnels join "
            f"{len(links)} pairs of cells.",
            amount=float(over.sum()),
        )
    return plan


def _renumbered(atoms: np.ndarray) -> np.ndarray:
    """Number the atoms of a community from 0, in the order of their first cells."""
    return np.unique(atoms, return_inverse=True)[1]


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
        if task.free and not piece.oversize:
            k = best_count(graph, k, task.weights, task.effort, seed)
        side = float(np.sqrt(area.sum() / k))
        label, _ = divide(graph, k, task.weights.array(side), task.effort, seed)
        of[piece.cell] = made + label
        made += k
        pieces.append(replace(piece, k=k))
    return of, pieces


def _assemble(
    tessellation: Tessellation,
    whole: list[CommunityCells],
    tasks: list[_Task],
    labels: list[np.ndarray],
    units: Units,
    crossed: np.ndarray,
    profile: str,
    settings: dict[str, object],
) -> Plan:
    """Number the grids by position and collect what is to be told."""
    report = Report("partition")
    cells = tessellation.cells
    buildings = cells["buildings"].to_numpy(int)
    grid_of = np.empty(len(cells), np.int32)
    rows: list[dict[str, object]] = []
    links: list[tuple[int, int]] = [(int(a), int(b)) for a, b in crossed]
    linked_pairs = tessellation.adjacency.pairs[tessellation.adjacency.link]
    for community, task, label in zip(whole, tasks, labels, strict=True):
        parts = task.parts
        links += [_nearest(community, units.of, *pair) for pair in parts.links]
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
    if "load" in cells:
        grids["load"] = grids["households"]
        grids["households"] = np.bincount(grid_of, np.nan_to_num(cells["households"].to_numpy(float)), len(grids))
    _tell_split(report, units, grid_of, grids, unit_words(tessellation.load)["en"])
    report.counts = {
        "communities": len(tasks),
        "grids": len(grids),
        "oversize_buildings": int(sum("oversize_building" in f for f in grids["flags"])),
        "links": len(links),
    }
    return Plan(grid_of, grids, np.array(links, np.int32).reshape(-1, 2), report, dict(settings))


def _nearest(community: CommunityCells, atoms: np.ndarray, a: int, b: int) -> tuple[int, int]:
    """Nearest cells of the atoms that two cells are the first of: of equals the lowest."""
    mine, others = (np.flatnonzero(atoms[community.cell] == atoms[cell]) for cell in (a, b))
    if len(mine) == len(others) == 1:
        return a, b
    tree = shapely.STRtree(community.geometry[others])
    (source, target), metres = tree.query_nearest(community.geometry[mine], return_distance=True)
    k = np.lexsort((others[target], mine[source], np.round(metres, 6)))[0]
    near = sorted((int(community.cell[mine[source[k]]]), int(community.cell[others[target[k]]])))
    return near[0], near[1]


def _tell_split(report: Report, units: Units, grid_of: np.ndarray, grids: pd.DataFrame, unit: str) -> None:
    """Say of every unit above the maximum that it is divided, here and at its grids."""
    for large in units.large:
        here = np.unique(grid_of[large.cells])
        if len(here) == 1:
            continue
        for g in here:
            if "unit_split" not in grids["flags"].iloc[g]:
                grids["flags"].iloc[g].append("unit_split")
        report.add(
            "note",
            "unit_split",
            f"{large.name} ({large.load:g} {unit}) is above the maximum: it is divided among {len(here)} grids.",
            code=large.name,
            amount=large.load,
            unit=unit,
        )


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
