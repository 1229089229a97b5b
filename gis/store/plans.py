"""How does a proposal become a stored plan?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from psycopg.types.json import Jsonb

from gis.clock import Clock, local_date, utc_now
from gis.codes import community_grid_profile
from gis.measures.of_plans import plan_measures
from gis.partition import explain
from gis.partition.barriers import crossings, read_barriers
from gis.partition.counts import check_limits
from gis.partition.loads import HOUSEHOLDS, Load, default_target
from gis.progress import Progress, quiet
from gis.store.copying import copy_frame, plain
from gis.store.districts import lock
from gis.store.levels import divider_of_level
from gis.store.locating import NETWORK
from gis.store.networks import read_level
from gis.store.queries import query
from gis.store.reading import read_cells, read_frames
from gis.store.step import Step
from gis.store.stored_plans import StoredPlan, read_plan, with_cell
from gis.store.weighing import weighed_cells

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor

    import numpy as np

    from gis.networks import Level
    from gis.partition import Keep, Plan
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.networks import StoredLevel
    from gis.store.reading import StoredCells

__all__ = ["StoredPlan", "level_asked", "propose_plan", "read_plan", "with_cell"]


def propose_plan(
    connection: Connection,
    district: str,
    *,
    target: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    seed: int = 1,
    style: str = "balanced",
    free: bool = False,
    load: str | None = None,
    keep_whole: str | None = None,
    hard_barriers: str | Sequence[str] | None = None,
    keep: Callable[[np.ndarray], Keep] | None = None,
    seconds: float | None = None,
    stages: Mapping[str, Sequence[Sequence[int]]] | None = None,
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
    target, minimum, maximum : float, optional
        Load wanted in a grid; by default households as the level has them, 200 where it is new, or what makes as many
        grids of another load. With a target alone the others are 0.75 and 1.5 of it.
    load : str
        What is balanced, see `gis.partition.loads.Load`.
    seed, style, free, keep_whole, hard_barriers, seconds, stages
        See `gis.partition.partition`.
    keep : callable, optional
        Given the numbers of the cells, which old grids the division keeps.
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
        With `plan_id`, `measures` and `explanation`.

    Raises
    ------
    ConflictError
        There are no cells yet.
    InputError
        There is no such load, unit or barrier, or the district has no data of a term.
    NotFoundError
        No such district, or no such level of the network.
    """
    balanced, hard = Load.parse(load or HOUSEHOLDS), read_barriers(hard_barriers)
    with lock(connection, district) as place:
        now = clock()
        as_of = as_of or place.as_of or local_date(now, place.time_zone)
        cells = read_cells(connection, place, as_of=as_of, at=now)
        communities = sorted(set(cells.tessellation.cells["community_id"]))
        wanted = (target, minimum, maximum) if balanced.plain else (None, None, None)
        of = level_asked(connection, place, (network, level), communities, wanted)
        counted = {} if balanced.plain else {"counted_on": str(local_date(now, place.time_zone))}
        told = {"load": balanced.text, **counted}
        cells = weighed_cells(connection, place, cells, told, as_of=as_of, at=now, duty=of.duty)
        if target is None and not balanced.plain:
            target = default_target(cells.tessellation, of.level.target)
        ground = read_frames(connection, place, at=now, as_of=as_of)
        options = {**_limits(of.level, target, minimum, maximum), "seed": seed, "style": style, "free": free}
        options |= {"keep_whole": keep_whole, "hard_barriers": hard}
        options |= {"keep": None if keep is None else keep(cells.ids)}
        options |= {"seconds": seconds, "stages": stages, "executor": executor, "progress": progress}
        cells, divide = divider_of_level(connection, place, of, cells, ground)
        plan = divide(crossed=crossings(cells.tessellation, hard, ground.barriers, ground.landcover), **options)
        plan.settings.update(counted)
        buildings = with_cell(ground.buildings, cells.tessellation)
        explanation = explain(cells.tessellation, plan)
        measures = plan_measures(cells.tessellation, plan, explanation=explanation, buildings=buildings)
        plan_id = _store_plan(connection, (of.network_id, level), cells, plan, measures, as_of=as_of, clock=clock)
        reasons = explanation.as_dict(cells.tessellation, plan, cells.ids)
    return Step(
        plan.report,
        tessellation_id=cells.tessellation_id,
        plan_id=plan_id,
        settings=plan.settings,
        measures=measures,
        explanation=reasons,
    )


def level_asked(
    connection: Connection,
    place: District,
    asked: tuple[str, int],
    communities: list[str],
    wanted: tuple[float | None, ...] = (None, None, None),
) -> StoredLevel:
    """Read the level (network, number) asked for; that of the community grids is made where it does not exist.

    Parameters
    ----------
    communities : list of str
        Codes of those that it has cells in.
    wanted : tuple
        Target, minimum and maximum of households a grid of the community grids, where they are asked for.
    """
    if asked == (NETWORK, 1):
        names = {"name": "社区网格", "name_en": "Community grids"}
        values = {"district": place.id, "network": NETWORK, **names}
        row = connection.execute(query("plans.ensure_network"), values).fetchone()
        profiles = {community_grid_profile(code).name for code in communities}
        limits = _limits(None, *wanted) if wanted[0] is not None else dict.fromkeys(("target", "minimum", "maximum"))
        rounded = {name: None if value is None else round(value) for name, value in limits.items()}
        profile = profiles.pop() if len(profiles) == 1 else "gbt30428_2013"
        values = {"network": int(row[0]) if row else 0, "profile": profile, **rounded}
        connection.execute(query("plans.ensure_level"), values)
    return read_level(connection, place, *asked)


def _limits(
    level: Level | None, target: float | None, minimum: float | None, maximum: float | None
) -> dict[str, float]:
    """Households a grid, as asked; without a target those of the level."""
    if level is not None and target is None:
        own: tuple[float, float, float] = (level.target, level.minimum, level.maximum)
    else:
        own = (target or 0.0, 0.75 * (target or 0.0), 1.5 * (target or 0.0))
    named = (own[0], own[1] if minimum is None else minimum, own[2] if maximum is None else maximum)
    check_limits(*named)
    return dict(zip(("target", "minimum", "maximum"), named, strict=True))


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
