"""How does a proposal become a stored plan, a plan checked, and a checked plan the grids in force?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg.types.json import Jsonb

from gis.checks import run_checks
from gis.clock import Clock, local_date, utc_now
from gis.codes import community_grid_profile
from gis.errors import CheckFailedError, ConflictError, InputError, NotFoundError
from gis.measures import plan_measures
from gis.partition import Plan, grid_frame, partition
from gis.progress import Progress, quiet
from gis.store.copying import copy_frame, fetch_frame, plain, reserve_ids
from gis.store.districts import bump_layers, district_of, lock
from gis.store.locating import NETWORK, relocate
from gis.store.metric import to_stored
from gis.store.queries import query
from gis.store.reading import read_cells, read_frames, report_from
from gis.store.step import Step
from gis.store.workers import post

if TYPE_CHECKING:
    import datetime as dt
    from concurrent.futures import Executor

    from gis.checks import CheckResult
    from gis.graph import Tessellation
    from gis.remarks import Report
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.reading import StoredCells

__all__ = ["StoredPlan", "check_plan", "propose_plan", "publish_plan", "read_plan"]

_NUMERALS = "零一二三四五六七八九"
_CHINA = ("Asia/Shanghai", "Asia/Urumqi")


@dataclass(frozen=True)
class StoredPlan:
    """A plan of the store, as the pure rooms see it."""

    id: int
    network_id: int
    status: str
    as_of: dt.date
    base_version: int | None
    cells: StoredCells
    plan: Plan
    measures: dict[str, Any]

    @property
    def tessellation(self) -> Tessellation:
        """The cells it is a map of."""
        return self.cells.tessellation


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
        buildings = _with_cell(ground.buildings, cells.tessellation)
        measures = plan_measures(cells.tessellation, plan, buildings=buildings)
        network = _ensure_network(connection, place, plan)
        plan_id = _store_plan(connection, network, cells, plan, measures, as_of=as_of, clock=clock)
    return Step(plan.report, tessellation_id=cells.tessellation_id, plan_id=plan_id, measures=measures)


def _with_cell(buildings: gpd.GeoDataFrame, tessellation: Tessellation) -> gpd.GeoDataFrame:
    """Leave out what stands in no cell, and what was found to be no building but the ground round others."""
    ground = {remark.code for remark in tessellation.report.remarks if remark.rule == "not_a_building"}
    held = set(tessellation.building_cell["building_id"]) - ground
    return buildings[buildings["building_id"].isin(held)]


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


def read_plan(connection: Connection, place: District, plan_id: int | None = None) -> StoredPlan:
    """Read a plan back, the newest draft by default.

    Raises
    ------
    ConflictError
        There is no draft.
    NotFoundError
        The district has no such plan.
    """
    if plan_id is None:
        row = connection.execute(query("plans.newest_draft"), {"district": place.id, "network": NETWORK}).fetchone()
        if row is None:
            raise ConflictError(
                f"District {place.code} has no draft to work on.", f"Make one first: gridkeeper propose {place.code}"
            )
        plan_id = int(row[0])
    row = connection.execute(query("plans.plan"), {"plan": plan_id, "district": place.id}).fetchone()
    if row is None:
        raise NotFoundError(
            f"District {place.code} has no plan {plan_id}.", "Leave the number out for the newest draft."
        )
    _, network, tessellation, status, as_of, base, settings, stored = row
    cells = read_cells(connection, place, as_of=as_of, tessellation_id=tessellation)
    members = fetch_frame(connection, query("plans.plan_cells"), {"plan": plan_id})
    return StoredPlan(
        id=plan_id,
        network_id=network,
        status=status,
        as_of=as_of,
        base_version=base,
        cells=cells,
        plan=_plan(cells, members, settings, stored, report_from(stored["report"])),
        measures=stored["measures"],
    )


def _plan(
    cells: StoredCells, members: pd.DataFrame, settings: dict[str, Any], stored: dict[str, Any], report: Report
) -> Plan:
    """Make the plan's arrays again from its memberships."""
    at = np.searchsorted(cells.ids, members["cell_id"].to_numpy(np.int64))
    table = cells.tessellation.cells
    codes, grid_of = np.unique(members["grid_code"].to_numpy(object).astype(str), return_inverse=True)
    position = np.full(len(table), -1, np.int32)
    position[at] = grid_of
    first = np.zeros(len(codes), np.int64)
    first[position[::-1]] = np.arange(len(table))[::-1]
    community = table["community_id"].to_numpy(object)[first]
    order = np.lexsort((codes, community.astype(str)))
    rank = np.empty(len(codes), np.int32)
    rank[order] = np.arange(len(codes))
    position = rank[position]
    flags = stored["flags"]
    grids = pd.DataFrame(
        {
            "community_id": community[order],
            "serial": [_serial(code, parent) for code, parent in zip(codes[order], community[order], strict=True)],
            "grid_code": codes[order].astype(object),
            "households": np.bincount(position, table["households"].to_numpy(float), len(codes)),
            "buildings": np.bincount(position, table["buildings"].to_numpy(float), len(codes)).astype(int),
            "flags": [list(flags.get(code, [])) for code in codes[order]],
        }
    )
    links = np.searchsorted(cells.ids, np.array(stored["links"], np.int64).reshape(-1, 2)).astype(np.int32)
    return Plan(position, grids, links, report, settings)


def _serial(code: str, community: str) -> int:
    return int(community_grid_profile(community).parse(code)["serial"])


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
        _with_cell(ground.buildings, tessellation),
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
