"""How is a whole district divided into grids? Community by community, each on its own."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis import codes
from gis.partition._compiled import Graph
from gis.partition._random import seed_of
from gis.partition.barriers import over_barrier, parted, read_barriers
from gis.partition.counting import best_count
from gis.partition.counts import check_limits
from gis.partition.keeping import Keep, divide_keeping, parts_beside
from gis.partition.loads import unit_words
from gis.partition.objective import Weights
from gis.partition.pace import Pace, check_stages, deadline, each_share, share_until, silent
from gis.partition.parts import communities_of, find_parts, subgraph
from gis.partition.plan import Plan
from gis.partition.remark_words import large_words
from gis.partition.search import Effort, divide
from gis.partition.styles import style_weights
from gis.partition.units import contracted, nearest_cells, require_kept, units_of
from gis.progress import Echo, Progress, fan_out, quiet
from gis.remarks import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
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
    keep: Keep | None
    stages: list[tuple[int, int]] | None = None
    until: float = math.inf
    share: float = 1.0

    def may_vary(self, piece: Piece) -> bool:
        """Whether the number of grids of a piece is free."""
        return self.free and not (piece.oversize or piece.locked)

    def possible(self) -> list[tuple[int, int]]:
        """Give the fewest and the most grids of each piece."""
        return [(1, len(p.cell)) if self.may_vary(p) else (p.k, p.k) for p in self.parts.pieces]

    def work(self) -> list[float]:
        """Give the number of cells of each piece that is searched, else 0."""
        return [float(len(p.cell)) if p.k > 1 or self.may_vary(p) else 0.0 for p in self.parts.pieces]


@dataclass(frozen=True)
class _Done:
    """Grid of each cell of one community, numbered piece after piece; the pieces with as many grids as they got."""

    label: np.ndarray
    pieces: list[Piece]
    stages: list[tuple[int, int]]
    cut: bool


def partition(
    tessellation: Tessellation,
    *,
    target: float = 200,
    minimum: float | None = None,
    maximum: float | None = None,
    seed: int = 1,
    style: str | Mapping[str, float] = "balanced",
    free: bool = False,
    keep: Keep | None = None,
    keep_whole: str | None = None,
    hard_barriers: Sequence[str] = (),
    crossed: np.ndarray | None = None,
    profile: str = "gbt30428_2013",
    effort: Effort | None = None,
    seconds: float | None = None,
    stages: Mapping[str, Sequence[Sequence[int]]] | None = None,
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
    style : str or mapping
        What counts most, see `gis.partition.styles.STYLES`; or weights by name (`gis.partition.objective.Weights`).
    free : bool
        As many grids as fit best, with their mean in [minimum, maximum]; otherwise ``households / target``.
    keep : Keep, optional
        Old grids that stay whole where they can.
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
    seconds : float, optional
        Wall clock of the search, at most, but that every piece gets a start. Where it cuts the report says so, and
        ``settings["stages"]`` is what to give as `stages`.
    stages : mapping, optional
        How far the search of a plan that the clock cut went, see `gis.partition.pace`: gives the same plan again.
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
        its codes can number, there is no such style, unit or barrier, old grids are not those of the cells, or
        `stages` are of another division.
    """
    minimum = 0.75 * target if minimum is None else minimum
    maximum = 1.5 * target if maximum is None else maximum
    check_limits(target, minimum, maximum)
    effort = Effort() if effort is None else effort
    weights = Weights(float(target), float(minimum), float(maximum), **style_weights(style))
    hard, kept_whole = read_barriers(hard_barriers), require_kept(keep_whole)
    if keep is not None:
        keep.require(len(tessellation.cells))
    seen, links = parted(tessellation, hard, crossed)
    units = units_of(seen, kept_whole, float(maximum), apart=None if keep is None else keep.locked_of())
    whole = communities_of(seen)
    inner = [np.unique(units.of[cells.cell], return_inverse=True)[1] for cells in whole]
    tasks = []
    for cells, atom in zip(whole, inner, strict=True):
        community = contracted(cells, atom)
        kept = None if keep is None else keep.take(community.cell)
        limits = (float(target), float(minimum), float(maximum))
        parts = find_parts(community, *limits) if kept is None else parts_beside(community, kept, limits)
        tasks.append(_Task(community, parts, weights, effort, seed_of(seed, community.community_id), free, kept))
    record = check_stages(stages, seconds, {t.community.community_id: t.possible() for t in tasks})
    # the longest first, so that no worker is left with a long one at the end
    order = sorted(range(len(tasks)), key=lambda i: (-len(tasks[i].community.cell), i))
    shares = each_share([sum(tasks[i].work()) for i in order], getattr(executor, "_max_workers", 1))
    until = deadline(seconds)
    paced = [
        replace(tasks[i], stages=record.get(tasks[i].community.community_id), until=until, share=share)
        for i, share in zip(order, shares, strict=True)
    ]
    echo = Echo(progress)
    # here a search can be cancelled between two stages; workers finish the community they are at
    work = partial(_divide_community, tick=echo.again) if executor is None else _divide_community
    done = dict(zip(order, fan_out(work, paced, executor=executor, progress=echo, label="partition"), strict=True))
    for i, task in enumerate(tasks):
        task.parts.pieces = done[i].pieces
    settings: dict[str, Any] = {"target": target, "minimum": minimum, "maximum": maximum}
    settings |= {
        "seed": seed,
        "style": style if isinstance(style, str) else dict(style),
        "free": free,
        "effort": asdict(effort),
    }
    settings |= {"load": tessellation.load, "keep_whole": kept_whole, "hard_barriers": list(hard)}
    if keep is not None:
        settings |= {"keep_old": keep.level, "locked": len(keep.locked)}
    labels = [done[i].label[inner[i]] for i in range(len(tasks))]
    plan = _assemble(seen, whole, tasks, labels, units, links, profile, settings)
    if hard:
        _tell_hard(plan.report, int(over_barrier(tessellation.adjacency, hard).sum()), hard, len(links))
    cut = {task.community.community_id: done[i].stages for i, task in enumerate(tasks) if done[i].cut}
    if seconds is not None and cut:
        _tell_cut(plan.report, seconds, len(cut), len(tasks))
    if record or cut:
        plan.settings["stages"] = {name: list(map(list, rows)) for name, rows in (record | cut).items()}
    return plan


def _tell_hard(report: Report, over: int, hard: Sequence[str], links: int) -> None:
    """Say how many borders hard barriers close, and how many pairs of cells are joined across all the same."""
    run, pairs = "border runs" if over == 1 else "borders run", f"{links} {'pair' if links == 1 else 'pairs'}"
    report.add(
        "note",
        "hard_barriers",
        f"{over} {run} along {', '.join(hard)}, which no grid crosses; bridges and tunnels join {pairs} of cells.",
        amount=float(over),
    )


def _tell_cut(report: Report, seconds: float, cut: int, communities: int) -> None:
    """Say that the clock cut the search, and how the plan is made again."""
    report.add(
        "note",
        "time_was_up",
        f"The limit of {seconds:g} s ended the search early in {cut} of {communities} communities.",
        remedy="The plan's settings record the stages done: given back they make the same plan again.",
        amount=float(cut),
        unit="communities",
    )


def _divide_community(task: _Task, *, tick: Callable[[], None] = silent) -> _Done:
    """Divide one community piece by piece, each with its share of the time."""
    community, parts = task.community, task.parts
    position = {int(c): i for i, c in enumerate(community.cell)}
    extra = np.array([(position[a], position[b]) for a, b in parts.links], np.int64).reshape(-1, 2)
    of = np.full(len(community.cell), -1, np.int64)
    made = 0
    pieces: list[Piece] = []
    paces: list[Pace] = []
    until = share_until(task.until, task.share)
    for number, (piece, share) in enumerate(zip(parts.pieces, each_share(task.work()), strict=True)):
        pace = Pace(until=share_until(until, share), tick=tick)
        ptr, nbr, length, price, bias = subgraph(community, piece.cell, extra)
        area = community.area[piece.cell]
        graph = Graph(ptr, nbr, length, price, bias, community.load[piece.cell], area, community.outline[piece.cell])
        k, seed = piece.k, seed_of(task.seed, number)
        if task.stages is not None:
            k, pace.most = task.stages[number]
        elif task.may_vary(piece):
            k = best_count(graph, k, task.weights, task.effort, seed, pace.late)
        if task.keep is None:
            side = float(np.sqrt(area.sum() / k))
            label, _ = divide(graph, k, task.weights.array(side), task.effort, seed, pace)
        else:
            kept = task.keep.take(piece.cell)
            label, _ = divide_keeping(graph, k, task.weights, task.effort, seed, kept, pace)
        of[piece.cell] = made + label
        made += k
        pieces.append(replace(piece, k=k))
        paces.append(pace)
    stages = [(piece.k, pace.stages) for piece, pace in zip(pieces, paces, strict=True)]
    return _Done(of, pieces, stages, any(pace.cut for pace in paces))


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
    report, unit = Report("partition"), unit_words(tessellation.load)["en"]
    cells = tessellation.cells
    buildings = cells["buildings"].to_numpy(int)
    grid_of = np.empty(len(cells), np.int32)
    rows: list[dict[str, object]] = []
    links: list[tuple[int, int]] = [(int(a), int(b)) for a, b in crossed]
    linked_pairs = tessellation.adjacency.pairs[tessellation.adjacency.link]
    for community, task, label in zip(whole, tasks, labels, strict=True):
        parts = task.parts
        links += [nearest_cells(community, units.of, *pair) for pair in parts.links]
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
        _tell(report, task, unit)
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
    _tell_split(report, units, grid_of, grids, tessellation.load)
    report.counts = {
        "communities": len(tasks),
        "grids": len(grids),
        "oversize_buildings": int(sum("oversize_building" in f for f in grids["flags"])),
        "links": len(links),
    }
    return Plan(grid_of, grids, np.array(links, np.int32).reshape(-1, 2), report, dict(settings))


def _tell_split(report: Report, units: Units, grid_of: np.ndarray, grids: pd.DataFrame, load: str) -> None:
    """Say of every unit above the maximum that it is divided, here and at its grids."""
    for large in units.large:
        here = np.unique(grid_of[large.cells])
        if len(here) == 1:
            continue
        for g in here:
            if "unit_split" not in grids["flags"].iloc[g]:
                grids["flags"].iloc[g].append("unit_split")
        said = large_words(large, load)
        report.add(
            "note",
            "unit_split",
            f"{said['en']}: it is divided among {len(here)} grids.",
            code=large.name,
            amount=large.load,
            unit=unit_words(load)["en"],
            message_zh=f"{said['zh']}，已拆分，分属 {len(here)} 个网格。",
        )


def _tell(report: Report, task: _Task, unit: str) -> None:
    """Add one community's remarks."""
    community, parts = task.community, task.parts
    name = community.community_id
    if community.load.sum() <= 0:
        report.add("note", "community_empty", f"Community {name} has no {unit}: one grid.", code=name)
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
            f"Community {name}: {parts.swallowed:g} {unit} cut off by a building above the maximum went with it.",
            code=name,
            amount=parts.swallowed,
            unit=unit,
        )
    for wanted, given in parts.short:
        report.add(
            "note",
            "grid_number_moved",
            f"Community {name}: {given} grids instead of {wanted}, since buildings above the maximum cut it apart.",
            code=name,
            amount=float(given - wanted),
        )
