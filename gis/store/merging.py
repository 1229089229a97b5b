"""How do several networks of a district become one, whose borders follow as many of the old ones as they can?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gis.clock import Clock, utc_now
from gis.errors import ConflictError, InputError
from gis.measures.of_old_grids import kept_of
from gis.networks import Reference
from gis.partition import Keep, OldGrids
from gis.partition.keeping import check_level
from gis.partition.styles import style_weights
from gis.progress import Progress, quiet
from gis.store.corresponding import correspond
from gis.store.districts import lock
from gis.store.levels import grids_of_cells
from gis.store.networks import add_network, read_level
from gis.store.plans import propose_plan
from gis.store.queries import query
from gis.store.stored_plans import read_plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from gis.measures.of_old_grids import Kept
    from gis.networks import Network
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.networks import StoredLevel
    from gis.store.step import Step

__all__ = ["Merged", "Source", "correspondence_of_merge", "merge_networks"]


@dataclass(frozen=True)
class Source:
    """A level of a network that is merged; `weight` says how much it counts beside the others."""

    network: str
    level: int = 1
    weight: float = 1.0

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return self.network if self.level == 1 else f"{self.network}:{self.level}"


@dataclass(frozen=True)
class Merged:
    """A merge proposed.

    Parameters
    ----------
    network : str
        Code of the new network.
    step : Step
        Of the proposal, see `gis.store.plans.propose_plan`.
    kept : list of (Source, Kept)
        What it keeps of each network.
    """

    network: str
    step: Step
    kept: list[tuple[Source, Kept]]


def merge_networks(
    connection: Connection,
    district: str,
    sources: Sequence[Source],
    into: Network | str,
    *,
    keep_old: str = "mostly",
    seed: int = 1,
    style: str = "balanced",
    executor: Executor | None = None,
    progress: Progress = quiet,
    clock: Clock = utc_now,
) -> Merged:
    """Propose the first grids of a network that takes the place of several, in one transaction.

    The plan is published as any first proposal is; the old networks stay as they are.

    Parameters
    ----------
    sources : sequence of Source
        At least two, with grids in force.
    into : Network or str
        A network to be added, with one level; or the code of one that has no grids yet: its level 1.
    keep_old : str
        Of `gis.partition.keeping.LEVELS`.
    seed, style
        See `gis.partition.partition`.

    Raises
    ------
    InputError
        Fewer than two networks, one twice or into itself, a weight that is none, several levels.
    ConflictError
        A network has no grids in force, or the new one has.
    NotFoundError
        No such district, network or level.
    """
    code = into if isinstance(into, str) else into.code
    _require_sources(sources, code)
    check_level(keep_old)
    style_weights(style)
    with lock(connection, district) as place:
        if not isinstance(into, str):
            if len(into.levels) != 1:
                raise InputError(f"Network {code} would have {len(into.levels)} levels.", "Merge into one level.")
            add_network(connection, district, into)
        values = {"district": place.id, "network": code, "level": 1}
        read_level(connection, place, code)
        row = connection.execute(query("plans.network_in_force"), values).fetchone()
        if row is not None and row[1] is not None:
            raise ConflictError(f"Network {code} has grids already.", "Merge into a new network: --into another code.")
        old = [(source, read_level(connection, place, source.network, source.level)) for source in sources]

        def keep(cells: np.ndarray) -> Keep:
            sets = [OldGrids(_numbers(connection, place, of, cells), one.weight) for one, of in old]
            return Keep(sets, keep_old)

        options: dict[str, Any] = {"executor": executor, "progress": progress, "clock": clock}
        step = propose_plan(connection, district, network=code, seed=seed, style=style, keep=keep, **options)
        made = read_plan(connection, place, step.plan_id, now=clock())
        grid_of, most = made.plan.grid_of, float(made.plan.settings["maximum"])
        kept = [
            (one, kept_of(made.tessellation, _numbers(connection, place, of, made.cells.ids), grid_of, most))
            for one, of in old
        ]
    return Merged(code, step, kept)


def correspondence_of_merge(
    connection: Connection, district: str, merged: Merged, *, clock: Clock = utc_now
) -> pd.DataFrame:
    """Tell what became of every grid of every network that was merged.

    Returns
    -------
    DataFrame
        ``network`` and the columns of `gis.plans.correspondence`.
    """
    new = Reference(merged.network, plan=merged.step.plan_id)
    tables = []
    for source, _ in merged.kept:
        found = correspond(connection, district, Reference(source.network, source.level), new, clock=clock)
        tables.append(found.table.assign(network=source.name))
    table = pd.concat(tables, ignore_index=True)
    return table[["network", *table.columns.drop("network")]]


def _require_sources(sources: Sequence[Source], into: str) -> None:
    names = [source.name for source in sources]
    if len(set(names)) < max(2, len(names)):
        raise InputError(f"{', '.join(names) or 'Nothing'} cannot be merged.", "Name two or more networks, each once.")
    if into in {source.network for source in sources}:
        raise InputError(f"Network {into} cannot be merged into itself.", "Give the new network another code.")
    for source in sources:
        if not source.weight > 0:
            raise InputError(f"Network {source.name} has the weight {source.weight:g}.", "Give weights above 0.")


def _numbers(connection: Connection, place: District, of: StoredLevel, cells: np.ndarray) -> np.ndarray:
    """Number of the grid of each cell in a network, -1 for none."""
    codes = grids_of_cells(connection, of.network_id, of.level.level, cells)
    if codes is None:
        raise ConflictError(
            f"No grids of network {of.network.code}, level {of.level.level}, are in force in district {place.code}.",
            f"Publish them first, or leave it out: `gridkeeper network list {place.code}` tells what is in force.",
        )
    return np.asarray(pd.factorize(pd.Series(codes, dtype=object))[0], np.int64)
