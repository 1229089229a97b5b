"""Is a stored plan fit, and how do its grids come into force?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from psycopg.types.json import Jsonb

from gis.checks import run_checks
from gis.clock import Clock, utc_now
from gis.errors import CheckFailedError, ConflictError, InputError
from gis.partition import grid_frame
from gis.progress import Progress, quiet
from gis.store.copying import copy_frame, reserve_ids
from gis.store.districts import bump_layers, district_of, lock
from gis.store.locating import relocate
from gis.store.metric import to_stored
from gis.store.plans import read_plan, with_cell
from gis.store.queries import query
from gis.store.reading import read_frames
from gis.store.step import Step
from gis.store.workers import post

if TYPE_CHECKING:
    import datetime as dt

    from gis.checks import CheckResult
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.plans import StoredPlan

__all__ = ["check_plan", "publish_plan"]

_NUMERALS = "零一二三四五六七八九"
_CHINA = ("Asia/Shanghai", "Asia/Urumqi")


def check_plan(connection: Connection, district: str, plan_id: int | None = None, *, clock: Clock = utc_now) -> Step:
    """Run every check that has its input over a plan, the newest draft by default; nothing is written."""
    with connection.transaction():
        place = district_of(connection, district)
        stored = read_plan(connection, place, plan_id)
        _, checks = _checked(connection, place, stored, clock)
    return Step(
        stored.plan.report,
        tessellation_id=stored.cells.tessellation_id,
        plan_id=stored.id,
        measures=stored.measures,
        checks=checks,
    )


def _checked(
    connection: Connection, place: District, stored: StoredPlan, clock: Clock
) -> tuple[gpd.GeoDataFrame, list[CheckResult]]:
    """Give the grids as polygons, and what the checks say of them."""
    plan, tessellation = stored.plan, stored.tessellation
    ground = read_frames(connection, place, at=clock(), as_of=stored.as_of)
    grids = grid_frame(tessellation, plan)
    codes = plan.grids["grid_code"].to_numpy(object)
    links = np.concatenate([plan.links, tessellation.adjacency.pairs[tessellation.adjacency.link]])
    checks = run_checks(
        tessellation.communities,
        grids,
        tessellation.cells.assign(grid_code=codes[plan.grid_of]),
        with_cell(ground.buildings, tessellation),
        [(int(a), int(b)) for a, b in links],
        minimum=float(plan.settings["minimum"]),
        maximum=float(plan.settings["maximum"]),
        barriers=ground.barriers,
        compounds=ground.compounds,
        parts=_parts(connection, place, stored),
    )
    return grids, checks


def _parts(connection: Connection, place: District, stored: StoredPlan) -> dict[str, int] | None:
    """Parts by grid code; None where the district has none."""
    rows = connection.execute(query("plans.parts_by_cell"), {"district": place.id}).fetchall()
    if not rows:
        return None
    codes = stored.plan.grids["grid_code"].to_numpy(object)[stored.plan.grid_of]
    of = dict(zip(stored.cells.ids.tolist(), codes, strict=True))
    counts: dict[str, int] = {}
    for cell, n in rows:
        if cell in of:
            counts[of[cell]] = counts.get(of[cell], 0) + n
    return counts


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
        _require_base(connection, place, stored)
        progress("publish", 0, 3)
        grids, checks = _checked(connection, place, stored, clock)
        failed = [check for check in checks if check.hard and not check.passed]
        if failed:
            raise CheckFailedError(
                f"The plan is not published: {failed[0].message['en']}"
                + (f" ({len(failed)} hard checks failed)" if len(failed) > 1 else ""),
                f"See all with `gridkeeper check {place.code}`, mend the input and propose again.",
            )
        progress("publish", 1, 3)
        values = {"network": stored.network_id, "plan": stored.id, "effective": effective, "now": now, "by": by}
        _open(connection, place, stored, grids, {**values, "version": 1, "checks": Jsonb(_told(checks))})
        bump_layers(connection, place.id, "grids")
        progress("publish", 2, 3)
        report = relocate(connection, place, progress=quiet, clock=clock)
        post(connection, place, report, since=effective, clock=clock)
        progress("publish", 3, 3)
    report.title = "publish"
    report.counts["grids"] = len(grids)
    return Step(
        report,
        tessellation_id=stored.cells.tessellation_id,
        plan_id=stored.id,
        version=1,
        effective=effective,
        measures=stored.measures,
        checks=checks,
    )


def _require_base(connection: Connection, place: District, stored: StoredPlan) -> None:
    if stored.status != "draft":
        raise ConflictError(f"Plan {stored.id} of {place.code} is {stored.status}, not a draft.", "Propose a new one.")
    values = {"plan": stored.id, "network": stored.network_id, "base": stored.base_version}
    other = connection.execute(query("plans.published_since"), values).fetchone()
    if other:
        raise ConflictError(
            f"Plan {stored.id} was begun on {_version(stored.base_version)}, but in community {other[0]} "
            f"version {other[1]} is in force.",
            "Propose again on the version in force.",
        )


def _version(base: int | None) -> str:
    return "no version" if base is None else f"version {base}"


def _told(checks: list[CheckResult]) -> list[dict[str, Any]]:
    """Bring the results of checks to JSON; codes of offenders, at most 100 a check."""
    return [
        {
            "name": c.name,
            "hard": c.hard,
            "passed": c.passed,
            "message": c.message,
            "offenders": len(c.offenders),
            "codes": [str(code) for code in c.offenders["code"][:100]],
        }
        for c in checks
    ]


def _open(
    connection: Connection, place: District, stored: StoredPlan, grids: gpd.GeoDataFrame, values: dict[str, Any]
) -> None:
    """Write publication, grids and memberships; the exclusion constraints see to one grid a cell and moment."""
    with connection.cursor() as cursor:
        row = cursor.execute(query("plans.insert_publication"), values).fetchone()
        publication = int(row[0]) if row else 0
        divisions = dict(cursor.execute(query("plans.scope"), {"plan": stored.id}).fetchall())
        ids = reserve_ids(cursor, query("plans.reserve_grid_ids"), len(grids))
        serials = stored.plan.grids["serial"].tolist()
        chinese = place.time_zone in _CHINA
        rows = gpd.GeoDataFrame(
            {
                "id": ids,
                "network_id": stored.network_id,
                "level": 1,
                "code": grids["grid_code"].to_numpy(object),
                "kind": "basic",
                "name": [_name(serial, chinese=chinese) for serial in serials],
                "division_id": [divisions[code] for code in grids["community_id"]],
                "publication_id": publication,
                "origin": "plan",
                "flags": grids["flags"].to_list(),
                "colour": grids["colour"].to_numpy(),
                "area_m2": grids["area_m2"].to_numpy(),
                "valid": f"[{values['effective'].isoformat()},)",
            },
            geometry=to_stored(np.asarray(grids.geometry.array, object), place.metric_crs),
            crs=4490,
        )
        copy_frame(cursor, "grid", _multi(rows))
        cursor.execute(query("plans.insert_memberships"), {"publication": publication, "plan": stored.id})
        cursor.execute(query("plans.set_published"), {"plan": stored.id})


def _multi(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make every polygon a multipolygon, as the table wants."""
    shapes = np.asarray(frame.geometry.array, object)
    single = shapely.get_type_id(shapes) == 3
    shapes[single] = [shapely.MultiPolygon([shape]) for shape in shapes[single]]
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _name(serial: int, *, chinese: bool) -> str:
    """Name a grid by its serial alone: 第七网格, or Grid 7.

    Examples
    --------
    >>> _name(7, chinese=True), _name(12, chinese=True), _name(305, chinese=True), _name(7, chinese=False)
    ('第七网格', '第十二网格', '第三百零五网格', 'Grid 7')
    """
    return f"第{_numeral(serial)}网格" if chinese else f"Grid {serial}"


def _numeral(n: int) -> str:
    """Write 1..999 as a Chinese numeral."""
    hundreds, tens, ones = n // 100, n // 10 % 10, n % 10
    words = f"{_NUMERALS[hundreds]}百" if hundreds else ""
    if tens:
        words += ("" if tens == 1 and not hundreds else _NUMERALS[tens]) + "十"
    elif hundreds and ones:
        words += "零"
    return words + (_NUMERALS[ones] if ones else "")
