"""How does a proposal become a stored plan, a plan checked, and a checked plan the grids in force?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from psycopg.types.json import Jsonb

from gis.clock import Clock, local_date, utc_now
from gis.codes import community_grid_profile
from gis.errors import ConflictError, InputError
from gis.measures import plan_measures
from gis.partition import Plan, partition
from gis.progress import Progress, quiet
from gis.store.copying import copy_frame, plain
from gis.store.districts import district_of, lock
from gis.store.locating import NETWORK, relocate
from gis.store.publishing import write_publication
from gis.store.queries import query
from gis.store.reading import read_cells, read_frames
from gis.store.step import Step
from gis.store.stored_plans import StoredPlan, checked, read_plan, require_base, require_passed, with_cell
from gis.store.workers import post

if TYPE_CHECKING:
    import datetime as dt
    from concurrent.futures import Executor

    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.reading import StoredCells

__all__ = ["StoredPlan", "check_plan", "propose_plan", "publish_plan", "read_plan"]


def propose_plan(
    connection: Connection,
    district: str,
    *,
    target: float = 200,
    minimum: float | None = None,
    maximum: float | None = None,
    seed: int = 1,
    as_of: dt.date | None = None,
    executor: Executor | None = None,
    progress: Progress = quiet,
    clock: Clock = utc_now,
) -> Step:
    """Divide the newest cells of a district into grids and store the draft, in one transaction.

    Parameters
    ----------
    target, minimum, maximum, seed
        See `gis.partition.partition`.
    as_of : date, optional
        Date of the household counts; the newest by default.
    executor : Executor, optional
        Communities fan out over it.

    Returns
    -------
    Step
        With `plan_id` and `measures`.

    Raises
    ------
    ConflictError
        There are no cells yet.
    NotFoundError
        No such district.
    """
    with lock(connection, district) as place:
        as_of = as_of or place.as_of or local_date(clock(), place.time_zone)
        cells = read_cells(connection, place, as_of=as_of)
        plan = partition(
            cells.tessellation,
            target=target,
            minimum=minimum,
            maximum=maximum,
            seed=seed,
            executor=executor,
            progress=progress,
        )
        ground = read_frames(connection, place, at=clock(), as_of=as_of)
        buildings = with_cell(ground.buildings, cells.tessellation)
        measures = plan_measures(cells.tessellation, plan, buildings=buildings)
        network = _ensure_network(connection, place, plan)
        plan_id = _store_plan(connection, network, cells, plan, measures, as_of=as_of, clock=clock)
    return Step(plan.report, tessellation_id=cells.tessellation_id, plan_id=plan_id, measures=measures)


def _ensure_network(connection: Connection, place: District, plan: Plan) -> int:
    names = {"name": "社区网格", "name_en": "Community grids"}
    row = connection.execute(
        query("plans.ensure_network"), {"district": place.id, "network": NETWORK, **names}
    ).fetchone()
    network = int(row[0]) if row else 0
    profiles = {community_grid_profile(code).name for code in plan.grids["community_id"].unique()}
    connection.execute(
        query("plans.ensure_level"),
        {
            "network": network,
            "profile": profiles.pop() if len(profiles) == 1 else "local",
            **{name: round(plan.settings[name]) for name in ("target", "minimum", "maximum")},
        },
    )
    return network


def _store_plan(
    connection: Connection,
    network: int,
    cells: StoredCells,
    plan: Plan,
    measures: dict[str, Any],
    *,
    as_of: dt.date,
    clock: Clock,
) -> int:
    codes = plan.grids["grid_code"].to_numpy(object)
    report = {
        "report": plan.report.as_dict(),
        "measures": measures,
        "flags": {code: flags for code, flags in zip(codes, plan.grids["flags"], strict=True) if flags},
        "links": cells.ids[plan.links].tolist(),
    }
    connection.execute(query("plans.discard_drafts"), {"network": network})
    values = {
        "network": network,
        "tessellation": cells.tessellation_id,
        "as_of": as_of,
        "base": None,
        "now": clock(),
        "settings": Jsonb(plain(plan.settings)),
        "report": Jsonb(plain(report)),
    }
    row = connection.execute(query("plans.insert_plan"), values).fetchone()
    plan_id = int(row[0]) if row else 0
    with connection.cursor() as cursor:
        rows = pd.DataFrame({"plan_id": plan_id, "cell_id": cells.ids, "grid_code": codes[plan.grid_of]})
        copy_frame(cursor, "plan_cell", rows)
        cursor.execute(query("plans.insert_scope"), {"plan": plan_id})
    return plan_id


def check_plan(connection: Connection, district: str, plan_id: int | None = None, *, clock: Clock = utc_now) -> Step:
    """Run every check that has its input over a plan, the newest draft by default; nothing is written."""
    with connection.transaction():
        place = district_of(connection, district)
        stored = read_plan(connection, place, plan_id)
        checks = checked(connection, place, stored, clock).checks
    return Step(
        stored.plan.report,
        tessellation_id=stored.cells.tessellation_id,
        plan_id=stored.id,
        measures=stored.measures,
        checks=checks,
    )


def publish_plan(
    connection: Connection,
    district: str,
    plan_id: int | None = None,
    *,
    effective: dt.datetime | None = None,
    by: str = "gridkeeper",
    progress: Progress = quiet,
    clock: Clock = utc_now,
) -> Step:
    """Check a plan and put its grids in force, in one transaction.

    Version 1 of the network: grids, memberships, things located to them, workers posted.

    Parameters
    ----------
    plan_id : int, optional
        The newest draft by default.
    effective : datetime, optional
        When the grids begin; a first publication may begin at any past time, by default at once.
    by : str
        Who publishes.

    Raises
    ------
    CheckFailedError
        A hard check failed; nothing is written.
    ConflictError
        The plan is no draft, or another version was published in its scope since it was begun.
    InputError
        `effective` has no time zone or lies ahead.
    """
    now = clock()
    effective = effective or now
    if effective.tzinfo is None or effective > now:
        raise InputError(
            f"A first publication cannot take effect at {effective}.",
            "Give a past moment with its time zone, or leave it out: the grids begin at once.",
        )
    with lock(connection, district) as place:
        stored = read_plan(connection, place, plan_id)
        if not stored.is_first:
            raise ConflictError(
                f"Plan {stored.id} of {place.code} was begun on version {stored.base_version}: it is not a first plan.",
                f"It is submitted, approved by another person and published: gridkeeper plan publish {place.code} ...",
            )
        if stored.status != "draft":
            raise ConflictError(
                f"Plan {stored.id} of {place.code} is {stored.status}, not a draft.", "Propose a new one."
            )
        require_base(connection, place, stored)
        progress("publish", 0, 3)
        found = checked(connection, place, stored, clock)
        remedy = "See all with `gridkeeper check {district}`, mend the input and propose again."
        require_passed(place, found.checks, "published", remedy)
        progress("publish", 1, 3)
        done = write_publication(connection, place, stored, found, effective=effective, now=now, by=by)
        connection.execute(query("plans.set_status"), {"plan": stored.id, "status": "published"})
        step = {"plan": stored.id, "name": "publish", "person": by, "verified": False, "now": now, "reason": None}
        connection.execute(query("drafts.insert_step"), step)
        progress("publish", 2, 3)
        report = relocate(connection, place, progress=quiet, clock=clock)
        post(connection, place, report, since=effective, clock=clock)
        progress("publish", 3, 3)
    report.title = "publish"
    report.counts["grids"] = len(found.grids)
    return Step(
        report,
        tessellation_id=stored.cells.tessellation_id,
        plan_id=stored.id,
        version=done.version,
        effective=effective,
        measures=stored.measures,
        checks=found.checks,
    )
