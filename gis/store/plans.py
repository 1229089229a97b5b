"""How does a proposal become a stored plan?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from psycopg.types.json import Jsonb

from gis.clock import Clock, local_date, utc_now
from gis.codes import community_grid_profile
from gis.measures import plan_measures
from gis.partition import Plan, partition
from gis.progress import Progress, quiet
from gis.store.copying import copy_frame, plain
from gis.store.districts import lock
from gis.store.locating import NETWORK
from gis.store.queries import query
from gis.store.reading import read_cells, read_frames
from gis.store.step import Step
from gis.store.stored_plans import StoredPlan, network_id, read_plan, with_cell

if TYPE_CHECKING:
    import datetime as dt
    from concurrent.futures import Executor

    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.reading import StoredCells

__all__ = ["StoredPlan", "propose_plan", "read_plan", "with_cell"]


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
    network: str = NETWORK,
    level: int = 1,
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
    network : str
        Code of the network; that of the community grids is made where it does not exist.
    level : int

    Returns
    -------
    Step
        With `plan_id` and `measures`.

    Raises
    ------
    ConflictError
        There are no cells yet.
    NotFoundError
        No such district, or no such level of the network.
    """
    with lock(connection, district) as place:
        now = clock()
        as_of = as_of or place.as_of or local_date(now, place.time_zone)
        cells = read_cells(connection, place, as_of=as_of, at=now)
        plan = partition(
            cells.tessellation,
            target=target,
            minimum=minimum,
            maximum=maximum,
            seed=seed,
            executor=executor,
            progress=progress,
        )
        ground = read_frames(connection, place, at=now, as_of=as_of)
        buildings = with_cell(ground.buildings, cells.tessellation)
        measures = plan_measures(cells.tessellation, plan, buildings=buildings)
        number = _ensure_network(connection, place, plan, network, level)
        plan_id = _store_plan(connection, (number, level), cells, plan, measures, as_of=as_of, clock=clock)
    return Step(plan.report, tessellation_id=cells.tessellation_id, plan_id=plan_id, measures=measures)


def _ensure_network(connection: Connection, place: District, plan: Plan, code: str, level: int) -> int:
    if (code, level) != (NETWORK, 1):
        return network_id(connection, place, code, level)
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
            "level": level,
            "profile": profiles.pop() if len(profiles) == 1 else "local",
            **{name: round(plan.settings[name]) for name in ("target", "minimum", "maximum")},
        },
    )
    return network


def _store_plan(
    connection: Connection,
    of: tuple[int, int],
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
    network, level = of
    connection.execute(query("plans.discard_drafts"), {"network": network, "level": level})
    values = {
        "network": network,
        "level": level,
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
