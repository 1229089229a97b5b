"""What would a plan publish, and does what was found of it still hold?

What a submission computes (checks, polygons, colours, lineage) is kept with the plan, under a fingerprint of all that
it was made from. A publication that finds the same fingerprint writes what was kept; otherwise it is made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from psycopg.types.json import Jsonb

from gis.checks import EDITION, CheckResult
from gis.errors import ConflictError
from gis.partition.colours import colour_beside
from gis.plans import grid_name, lineage, same_cells
from gis.store.copying import copy_frame, fetch_geo_frame, plain
from gis.store.judging import checked, require_passed, shortened, told
from gis.store.metric import to_stored
from gis.store.queries import query
from gis.store.stored_plans import read_plan

if TYPE_CHECKING:
    import datetime as dt

    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.judging import Checked
    from gis.store.stored_plans import StoredPlan

__all__ = ["Change", "Prepared", "changes_of", "fingerprint", "forget", "holding", "keep", "prepare", "require_change"]

TOUCH_DEGREES = 1e-7
"""Grids nearer than this (1 cm) are neighbours that must not share a colour."""


@dataclass(frozen=True)
class Prepared:
    """What a plan would publish; `plan_grid` has the polygons of the grids that it opens, `plan_check` their lineage.

    Parameters
    ----------
    at : datetime
        Moment at which the buildings of its measures stand.
    checks : list of dict
        See `gis.store.judging.told`; with the codes of all offenders.
    measures : dict
        Of its scope.
    outcome : dict
        ``codes`` (key -> code), ``unchanged``, ``opened``, ``kept_codes``, ``new_codes``, ``withdrawn_codes``.
    closed : list of int
        Grids that end.
    keys, codes : list of str
        Of the grids that it opens.
    """

    at: dt.datetime
    checks: list[dict[str, Any]]
    measures: dict[str, Any]
    outcome: dict[str, Any]
    closed: list[int]
    keys: list[str]
    codes: list[str]

    def results(self) -> list[CheckResult]:
        """Give the checks as the rules gave them, with the codes of their offenders alone."""
        return [
            CheckResult(
                line["name"],
                line["hard"],
                line["passed"],
                line["message"],
                gpd.GeoDataFrame({"code": line["codes"]}, geometry=[None] * len(line["codes"])),
                frozenset(line["codes"] if line["hard"] else ()),  # it was kept: who fails a hard check is waived
            )
            for line in self.checks
        ]


@dataclass(frozen=True)
class Change:
    """What a plan changes.

    Parameters
    ----------
    old_codes, old_ids : ndarray, shape (old grids,)
    opened : ndarray of int
        Rows of the plan's grids that get a version.
    closed : ndarray of int64
        Ids of the old grids that end.
    """

    old_codes: np.ndarray
    old_ids: np.ndarray
    opened: np.ndarray
    closed: np.ndarray


# ------------------------------------------------------------------------------------------------ what was kept
def fingerprint(connection: Connection, place: District, plan_id: int, at: dt.datetime) -> str:
    """Name the state of all that the checks and the outcome of a plan are made from, at a moment.

    To be taken before these are read: what is written meanwhile makes another one.
    """
    values = {"plan": plan_id, "district": place.id, "at": at, "edition": EDITION}
    row = connection.execute(query("prepared.fingerprint"), values).fetchone()
    return str(row[0]) if row else ""


def holding(connection: Connection, place: District, plan_id: int, now: dt.datetime) -> Prepared | None:
    """Give what was kept of a plan where it holds at this moment, inside a transaction that has locked the district."""
    row = connection.execute(query("prepared.kept"), {"plan": plan_id}).fetchone()
    if row is None or row[0] != fingerprint(connection, place, plan_id, now):
        return None
    grids = connection.execute(query("prepared.kept_grids"), {"plan": plan_id}).fetchall()
    _, at, checks, measures, outcome, closed = row
    return Prepared(at, checks, measures, outcome, closed, [key for key, _ in grids], [code for _, code in grids])


def forget(connection: Connection, plan_id: int) -> None:
    """Let go of what was kept of a plan."""
    connection.execute(query("prepared.forget"), {"plan": plan_id})


# ------------------------------------------------------------------------------------------------ making it
def prepare(
    connection: Connection,
    place: District,
    plan_id: int,
    *,
    act: str,
    remedy: str,
    now: dt.datetime,
    changed: bool = False,
) -> Prepared:
    """Check a plan, keep what it would publish, and tell its checks and measures in its report.

    Parameters
    ----------
    act, remedy : str
        See `gis.store.judging.require_passed`.
    changed : bool
        Whether it must change a grid.

    Raises
    ------
    CheckFailedError
        A hard check failed.
    ConflictError
        It changes nothing.
    """
    mark = fingerprint(connection, place, plan_id, now)
    stored = read_plan(connection, place, plan_id, now=now)
    change = changes_of(connection, stored)
    if changed:
        require_change(stored, change)
    found = checked(connection, place, stored)
    require_passed(place, found.checks, act, remedy, plan_id)
    ready = keep(connection, place, stored, found, change, mark)
    report = {"measures": ready.measures, "checks": shortened(ready.checks)}
    connection.execute(query("drafts.set_report"), {"plan": plan_id, "report": Jsonb(plain(report))})
    return ready


def keep(
    connection: Connection,
    place: District,
    stored: StoredPlan,
    found: Checked,
    change: Change,
    mark: str = "",
    *,
    origin: str = "plan",
) -> Prepared:
    """Keep what a checked plan would publish in the place of what was kept before.

    Parameters
    ----------
    mark : str
        Its fingerprint; without one it is for the publication that follows in the same transaction.
    origin : str
        See the table ``grid``.
    """
    codes = stored.plan.grids["grid_code"].to_numpy(object)
    ready = Prepared(
        at=stored.at,
        checks=plain(told(found.checks, stored)),
        measures=plain(found.measures()),
        outcome=plain(_outcome(stored, change)),
        closed=change.closed.tolist(),
        keys=[str(key) for key in stored.keys[change.opened]],
        codes=[str(code) for code in codes[change.opened]],
    )
    forget(connection, stored.id)
    values = {"plan": stored.id, "fingerprint": mark, "at": stored.at, "lineage": _lineage(stored, change)}
    told_too = {name: getattr(ready, name) for name in ("checks", "measures", "outcome", "closed")}
    told_too["lineage"] = values.pop("lineage")
    connection.execute(query("prepared.keep"), values | {name: Jsonb(value) for name, value in told_too.items()})
    with connection.cursor() as cursor:
        copy_frame(cursor, "plan_grid", _grids(connection, place, stored, found, change, alone=origin == "plan"))
    return ready


def changes_of(connection: Connection, stored: StoredPlan) -> Change:
    """Compare a plan's grids with those that they are to follow, cell for cell."""
    moment = {"network": stored.network_id, "level": stored.level, "plan": stored.id}
    origin = stored.origin
    was = np.array([], object) if origin is None else np.concatenate([stored.base, origin.gone])
    rows = [] if stored.is_first else connection.execute(query("publishing.old_grids"), moment).fetchall()
    old_ids = np.array([row[0] for row in rows], np.int64)
    old_codes = np.array([row[1] for row in rows], object)
    at = {code: i for i, code in enumerate(old_codes)}
    new_of = stored.plan.grid_of.astype(np.int64)
    gone = np.full(0 if origin is None else len(origin.gone), -1, np.int64)  # these cells have no grid any more
    held = (
        np.full(len(new_of), -1, np.int64) if origin is None else np.array([at.get(code, -1) for code in was], np.int64)
    )
    same = same_cells(held, np.concatenate([new_of, gone]))
    codes = stored.plan.grids["grid_code"].to_numpy(object)
    same[[old >= 0 and old_codes[old] != code for old, code in zip(same, codes, strict=True)]] = -1  # another code
    stays = np.zeros(len(old_ids), bool)
    stays[same[same >= 0]] = True
    return Change(old_codes, old_ids, np.flatnonzero(same < 0), old_ids[~stays])


def require_change(stored: StoredPlan, change: Change) -> None:
    """Refuse a plan that leaves every grid as it is.

    Raises
    ------
    ConflictError
    """
    if not len(change.opened):
        raise ConflictError(f"Plan {stored.id} leaves every grid as it is.", "Edit it first, or discard it.")


def _outcome(stored: StoredPlan, change: Change) -> dict[str, Any]:
    codes = stored.plan.grids["grid_code"].to_numpy(object)
    before, opened = set(change.old_codes), sorted(codes[change.opened])
    return {
        "codes": dict(zip(stored.keys, codes, strict=True)),
        "unchanged": len(codes) - len(opened),
        "opened": opened,
        "kept_codes": [code for code in opened if code in before],
        "new_codes": [code for code in opened if code not in before],
        "withdrawn_codes": sorted(before - set(codes)),
    }


def _grids(
    connection: Connection, place: District, stored: StoredPlan, found: Checked, change: Change, *, alone: bool
) -> gpd.GeoDataFrame:
    """Make the rows of the grids that get a version; `alone`: a first plan has no neighbours to differ from."""
    grids = found.grids.iloc[change.opened]
    shapes = _multi(to_stored(np.asarray(grids.geometry.array, object), place.metric_crs))
    return gpd.GeoDataFrame(
        {
            "plan_id": stored.id,
            "key": stored.keys[change.opened],
            "code": grids["grid_code"].to_numpy(object),
            **_described(connection, place, stored, change),
            "flags": grids["flags"].to_list(),
            "colour": grids["colour"].to_numpy()
            if stored.is_first and alone
            else _colours(connection, stored, change, shapes),
            "area_m2": grids["area_m2"].to_numpy(),
        },
        geometry=shapes,
        crs=4490,
    )


def _described(connection: Connection, place: District, stored: StoredPlan, change: Change) -> dict[str, Any]:
    """Name, kind and division of grids that get a version: as imported, or as the grid had them whose code goes on."""
    grids = stored.plan.grids.iloc[change.opened]
    if "name" in grids:
        return {name: grids[name].to_numpy(object) for name in ("name", "kind", "division_id")}
    divisions = dict(connection.execute(query("plans.scope"), {"plan": stored.id}).fetchall())
    before = connection.execute(query("publishing.described"), {"grids": change.closed.tolist()})
    known = {code: (name, kind) for code, name, kind in before}
    named = [
        known.get(code, (grid_name(serial, place.time_zone), stored.kind))
        for code, serial in zip(grids["grid_code"], grids["serial"].tolist(), strict=True)
    ]
    return {
        "name": [name for name, _ in named],
        "kind": [kind for _, kind in named],
        "division_id": [divisions[code] for code in grids["community_id"]],
    }


def _colours(connection: Connection, stored: StoredPlan, change: Change, shapes: np.ndarray) -> np.ndarray:
    """Colour new grids beside those that stay, in this community and the next."""
    if not len(shapes):
        return np.empty(0, np.int64)
    west, south, east, north = (float(v) for v in shapely.total_bounds(shapes))
    box = {"west": west, "south": south, "east": east, "north": north}
    of = {"network": stored.network_id, "level": stored.level, "closed": change.closed.tolist()}
    beside = fetch_geo_frame(connection, query("publishing.grids_beside"), {**box, **of})
    others = np.asarray(beside.geometry.array, object)
    return colour_beside(shapes, others, beside["colour"].to_numpy(np.int64), TOUCH_DEGREES)


def _lineage(stored: StoredPlan, change: Change) -> list[dict[str, Any]]:
    """Tell where households and ground of the grids that end go."""
    origin = stored.origin
    if origin is None or not len(change.old_ids):
        return []
    at = {code: i for i, code in enumerate(change.old_codes)}
    old_of = np.array([at.get(code, -1) for code in origin.base], np.int64)
    went = lineage(old_of, stored.plan.grid_of.astype(np.int64)[origin.cell], origin.households, origin.area)
    went = went[np.isin(change.old_ids[went["old"].to_numpy()], change.closed)]
    codes = stored.plan.grids["grid_code"].to_numpy(object)
    went = went.assign(from_grid=change.old_ids[went["old"].to_numpy()], code=codes[went["new"].to_numpy()])
    names = ["from_grid", "code", "household_share", "area_share"]
    return [dict(zip(names, line, strict=True)) for line in zip(*(went[name].tolist() for name in names), strict=True)]


def _multi(shapes: np.ndarray) -> np.ndarray:
    """Make every polygon a multipolygon, as the table wants."""
    single = shapely.get_type_id(shapes) == 3
    shapes[single] = [shapely.MultiPolygon([shape]) for shape in shapes[single]]
    return shapes
