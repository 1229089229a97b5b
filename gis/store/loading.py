"""How does a whole district get from checked batches to grids in force?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gis import ingest
from gis.clock import Clock, utc_now
from gis.errors import InputError
from gis.partition.counts import check_limits
from gis.partition.styles import style_weights
from gis.progress import Progress, quiet
from gis.store.cells import tessellate_district
from gis.store.districts import District
from gis.store.plans import propose_plan
from gis.store.publishing import publish_plan
from gis.store.queries import query
from gis.store.write import NewDistrict, write_batch

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from gis.cells import CellSettings
    from gis.ingest import FolderRead, ReadOptions
    from gis.remarks import Report
    from gis.store.connect import Connection
    from gis.store.step import Step
    from gis.store.write import BatchLike

__all__ = ["LOCATED", "ORDER", "Loaded", "load_district", "read_folder"]

ORDER = ("divisions", "compounds", "landcover", "buildings", "households", "barriers", "parts", "events", "workers")
"""Order in which kinds are written."""
LOCATED = ("parts", "events", "workers")
"""Kinds written after the grids: each thing is then located, and each worker posted, once, as it comes in."""


def read_folder(
    connection: Connection, folder: Path, options: ReadOptions, *, progress: Progress = quiet
) -> FolderRead:
    """Read and check all files of a district before anything is written; a district of the store keeps its time zone.

    Raises
    ------
    InputError
        With the complete report of the first kind that cannot be taken.
    """

    def zone(code: str) -> str | None:
        known = connection.execute(query("districts.by_code"), {"code": code}).fetchone()
        return None if known is None else District(*known).time_zone

    return ingest.read_folder(folder, options, known_zone=zone, progress=progress)


@dataclass(frozen=True)
class Loaded:
    """What loading a district did.

    Parameters
    ----------
    code : str
    reports : list of Report
        Of every import and step, in order.
    published : Step or None
        The publication; None where grids were in force already and were kept.
    """

    code: str
    reports: list[Report]
    published: Step | None


def load_district(
    connection: Connection,
    code: str,
    batches: Sequence[BatchLike],
    *,
    new: NewDistrict | None = None,
    settings: CellSettings | None = None,
    target: float = 200,
    minimum: float | None = None,
    maximum: float | None = None,
    seed: int = 1,
    style: str = "balanced",
    free: bool = False,
    effective: dt.datetime | None = None,
    by: str = "gridkeeper",
    executor: Executor | None = None,
    progress: Progress = quiet,
    clock: Clock = utc_now,
    told: list[Report] | None = None,
) -> Loaded:
    """Write every batch, then make cells, propose, check and publish; each step commits by itself.

    Loading the same again changes nothing: what is equal is left, and grids in force are kept with their cells (new
    buildings join the cells they stand in).

    Parameters
    ----------
    batches : sequence of BatchLike
        In any order, several of a kind too.
    new : NewDistrict, optional
        Used where the district is made now.
    settings, target, minimum, maximum, seed, style, free, effective, by, executor, progress, clock
        See `tessellate_district`, `propose_plan` and `publish_plan`.
    told : list of Report, optional
        Grows with the reports as they come, so that a load that fails has them too.

    Raises
    ------
    InputError
        There are neither divisions among the batches nor a district of that code; limits contradict each other.
    CheckFailedError
        A hard check of the plan failed; the imports and the draft stay, no grid is in force.
    """
    low, high = 0.75 * target if minimum is None else minimum, 1.5 * target if maximum is None else maximum
    check_limits(target, low, high)
    style_weights(style)
    known = connection.execute(query("districts.by_code"), {"code": code}).fetchone()
    if known is None and not any(batch.kind == "divisions" for batch in batches):
        raise InputError(
            f"Nothing says which ground {code} has.", "Put a divisions (or communities) file in the folder."
        )
    reports: list[Report] = [] if told is None else told
    ordered = sorted(batches, key=lambda batch: ORDER.index(batch.kind))

    def write(kinds: tuple[str, ...]) -> None:
        chosen = [batch for batch in ordered if batch.kind in kinds]
        for done, batch in enumerate(chosen):
            progress(f"write {batch.kind}", 0, 1)
            reports.append(write_batch(connection, code, batch, new=new if not done else None, clock=clock))
            progress(f"write {batch.kind}", 1, 1)

    write(tuple(kind for kind in ORDER if kind not in LOCATED))
    published = None
    since = connection.execute(query("districts.in_force_since"), {"code": code}).fetchone()
    if since is None or since[0] is None:
        cells = tessellate_district(
            connection, code, settings=settings, executor=executor, progress=progress, clock=clock
        )
        reports.append(cells.report)
        plan = propose_plan(
            connection,
            code,
            target=target,
            minimum=minimum,
            maximum=maximum,
            seed=seed,
            style=style,
            free=free,
            executor=executor,
            progress=progress,
            clock=clock,
        )
        reports.append(plan.report)
        published = publish_plan(
            connection, code, plan.plan_id, effective=effective, by=by, progress=progress, clock=clock
        )
        reports.append(published.report)
        published = replace(published, explanation=plan.explanation)
    write(LOCATED)
    return Loaded(code, reports, published)
