"""How does a checked plan become grids in force, and how is that taken back before it takes effect?

Only grids whose set of cells changes get a new version; the others keep their rows. What ends gets the end of its
period set, nothing else of the past is touched; what is withdrawn stays, valid at no time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg.types.json import Jsonb

from gis.clock import next_local_midnight
from gis.errors import ConflictError, InputError
from gis.partition.colours import colour_beside
from gis.plans import grid_name, lineage, same_cells
from gis.progress import UNTOLD, Steps
from gis.store.carrying import Change as Replaced
from gis.store.copying import copy_frame, fetch_geo_frame, plain, reserve_ids
from gis.store.districts import bump_layers
from gis.store.metric import to_stored
from gis.store.postings import begin_postings, end_postings
from gis.store.queries import query
from gis.store.replacing import put_back, replace_cells
from gis.store.stored_plans import told, whole_network

if TYPE_CHECKING:
    import psycopg

    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.stored_plans import Checked, StoredPlan

__all__ = ["Written", "choose_effective", "default_effective", "require_change", "withdraw", "write_publication"]

TOUCH_DEGREES = 1e-7
"""Grids nearer than this (1 cm) are neighbours that must not share a colour."""

JUST_NOW = dt.timedelta(minutes=5)
"""How far in the past a moment asked for is still taken as now."""


@dataclass(frozen=True)
class Written:
    """A publication as it was written: its number, and what `publication.report` tells."""

    version: int
    report: dict[str, Any]


def default_effective(
    connection: Connection, place: District, plan_id: int, network: int, now: dt.datetime, level: int = 1
) -> tuple[dt.datetime, tuple[int, dt.datetime] | None]:
    """Give the next local midnight, and the last publication of the plan's communities as (version, effective).

    Where a community begins only later, the moment it begins takes the place of the next midnight.
    """
    values = {"plan": plan_id, "network": network, "level": level}
    last = connection.execute(query("publishing.scope_last"), values).fetchone()
    midnight = max(next_local_midnight(now, place.time_zone), _scope_since(connection, plan_id) or now)
    return midnight, None if last is None else (int(last[0]), last[1])


def _scope_since(connection: Connection, plan_id: int) -> dt.datetime | None:
    row = connection.execute(query("publishing.scope_since"), {"plan": plan_id}).fetchone()
    return row[0] if row else None


def choose_effective(
    connection: Connection, place: District, stored: StoredPlan, effective: dt.datetime | None, now: dt.datetime
) -> dt.datetime:
    """Say when a later publication takes effect: as asked, by default at the next local midnight.

    A moment just gone by is now: the clock of a browser, and the way from it, are not those of the server.

    Raises
    ------
    InputError
        It lies in the past, has no time zone, does not come after the last publication of the plan's communities, or
        comes before these or their cells.
    """
    midnight, last = default_effective(connection, place, stored.id, stored.network_id, now, stored.level)
    chosen: dt.datetime = effective or midnight
    if chosen.tzinfo is not None and now - JUST_NOW <= chosen < now:
        chosen = now
    if chosen.tzinfo is None or chosen < now:
        raise InputError(
            f"A publication cannot take effect at {chosen}: only the first one of a place may begin in the past.",
            "Give a moment from now on with its time zone, or leave it out: the next midnight.",
        )
    if last is not None and chosen <= last[1]:
        raise InputError(
            f"Version {last[0]} takes effect in these communities at {last[1]:%Y-%m-%d %H:%M %Z}; "
            f"{chosen:%Y-%m-%d %H:%M %Z} does not come after it.",
            "Give a later moment, or withdraw that version first.",
        )
    since = _scope_since(connection, stored.id)
    if since is not None and chosen < since:
        raise InputError(
            f"The communities and cells that plan {stored.id} stands on are so from {since:%Y-%m-%d %H:%M %Z} only.",
            "Give that moment or a later one.",
        )
    return chosen


def write_publication(
    connection: Connection,
    place: District,
    stored: StoredPlan,
    found: Checked,
    *,
    effective: dt.datetime,
    now: dt.datetime,
    by: str,
    origin: str = "plan",
    tell: Steps = UNTOLD,
) -> Written:
    """Write publication, grids, memberships, lineage and postings inside the caller's transaction.

    The exclusion constraints see to one grid a cell and moment, and one grid a code and moment.
    """
    moment = {"effective": effective, "network": stored.network_id, "level": stored.level, "plan": stored.id}
    change = _change(connection, stored, moment)
    codes = stored.plan.grids["grid_code"].to_numpy(object)
    for name in ("close_grids", "close_memberships"):
        connection.execute(query(f"publishing.{name}"), {**moment, "grids": change.closed.tolist()})
    with connection.cursor() as cursor:
        ids = reserve_ids(cursor, query("plans.reserve_grid_ids"), len(change.opened))
        number = dict(zip(codes[change.opened], ids.tolist(), strict=True))
        moved, ended = end_postings(connection, change.closed.tolist(), number, moment)
        report = _report(stored, change, ended)
        values = {"now": now, "by": by, "checks": Jsonb(told(found.checks, stored)), "report": Jsonb(plain(report))}
        row = cursor.execute(query("plans.insert_publication"), {**moment, **values}).fetchone()
        publication, version = (int(row[0]), int(row[1])) if row else (0, 0)
        _copy_grids(cursor, connection, place, stored, found, change, ids, publication, effective, origin)
        keys = [str(key) for key in stored.keys[change.opened]]
        cursor.execute(query("plans.insert_memberships"), {**moment, "keys": keys, "grids": ids.tolist()})
        _copy_lineage(cursor, stored, change, number)
    begin_postings(connection, moved, moment)
    carried: list[dict[str, Any]] = []
    gone, made = _replaced(stored)
    if len(gone) or len(made):
        replaced = Replaced(
            publication, version, stored.network_id, stored.level, gone, made, effective=effective, now=now, by=by
        )
        tell("replacing cells")
        carried = replace_cells(connection, place, replaced, tell)
    bump_layers(connection, place.id, "grids")
    if not stored.is_first:
        measures = whole_network(connection, place, stored, found.buildings, effective) or found.measures()
        connection.execute(
            query("drafts.set_report"),
            {"plan": stored.id, "report": Jsonb(plain({"network_measures": measures, "carried": carried}))},
        )
    return Written(version, report)


@dataclass
class _Change:
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


def _change(connection: Connection, stored: StoredPlan, moment: dict[str, Any]) -> _Change:
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
    return _Change(old_codes, old_ids, np.flatnonzero(same < 0), old_ids[~stays])


def _replaced(stored: StoredPlan) -> tuple[np.ndarray, np.ndarray]:
    """Cells that a plan takes away, and cells that it brings."""
    if stored.origin is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return stored.origin.gone_cells, stored.cells.ids[stored.base == None]  # noqa: E711 - cell by cell


def require_change(connection: Connection, stored: StoredPlan) -> None:
    """Refuse a plan that leaves every grid as it is.

    Raises
    ------
    ConflictError
    """
    change = _change(connection, stored, {"network": stored.network_id, "level": stored.level, "plan": stored.id})
    if not len(change.opened):
        raise ConflictError(f"Plan {stored.id} leaves every grid as it is.", "Edit it first, or discard it.")


def _report(stored: StoredPlan, change: _Change, ended: list[str]) -> dict[str, Any]:
    codes = stored.plan.grids["grid_code"].to_numpy(object)
    before, opened = set(change.old_codes), sorted(codes[change.opened])
    return {
        "codes": dict(zip(stored.keys, codes, strict=True)),
        "unchanged": len(codes) - len(opened),
        "opened": opened,
        "kept_codes": [code for code in opened if code in before],
        "new_codes": [code for code in opened if code not in before],
        "withdrawn_codes": sorted(before - set(codes)),
        "postings_ended": ended,
    }


def _copy_grids(
    cursor: psycopg.Cursor[Any],
    connection: Connection,
    place: District,
    stored: StoredPlan,
    found: Checked,
    change: _Change,
    ids: np.ndarray,
    publication: int,
    effective: dt.datetime,
    origin: str,
) -> None:
    grids = found.grids.iloc[change.opened]
    shapes = _multi(to_stored(np.asarray(grids.geometry.array, object), place.metric_crs))
    alone = stored.is_first and origin == "plan"
    rows = gpd.GeoDataFrame(
        {
            "id": ids,
            "network_id": stored.network_id,
            "level": stored.level,
            "code": grids["grid_code"].to_numpy(object),
            **_described(connection, place, stored, change),
            "publication_id": publication,
            "origin": origin,
            "flags": grids["flags"].to_list(),
            "colour": grids["colour"].to_numpy() if alone else _colours(connection, stored, shapes),
            "area_m2": grids["area_m2"].to_numpy(),
            "valid": f"[{effective.isoformat()},)",
        },
        geometry=shapes,
        crs=4490,
    )
    copy_frame(cursor, "grid", rows)


def _described(connection: Connection, place: District, stored: StoredPlan, change: _Change) -> dict[str, Any]:
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


def _colours(connection: Connection, stored: StoredPlan, shapes: np.ndarray) -> np.ndarray:
    """Colour new grids beside those that stay, in this community and the next."""
    west, south, east, north = (float(v) for v in shapely.total_bounds(shapes))
    box = {"west": west, "south": south, "east": east, "north": north}
    of = {"network": stored.network_id, "level": stored.level}
    beside = fetch_geo_frame(connection, query("publishing.grids_beside"), {**box, **of})
    others = np.asarray(beside.geometry.array, object)
    return colour_beside(shapes, others, beside["colour"].to_numpy(np.int64), TOUCH_DEGREES)


def _copy_lineage(cursor: psycopg.Cursor[Any], stored: StoredPlan, change: _Change, number: dict[str, int]) -> None:
    origin = stored.origin
    if origin is None or not len(change.old_ids):
        return
    at = {code: i for i, code in enumerate(change.old_codes)}
    old_of = np.array([at.get(code, -1) for code in origin.base], np.int64)
    went = lineage(old_of, stored.plan.grid_of.astype(np.int64)[origin.cell], origin.households, origin.area)
    went = went[np.isin(change.old_ids[went["old"].to_numpy()], change.closed)]
    codes = stored.plan.grids["grid_code"].to_numpy(object)
    rows = pd.DataFrame(
        {
            "from_grid": change.old_ids[went["old"].to_numpy()],
            "to_grid": [number[codes[new]] for new in went["new"]],
            "household_share": went["household_share"].to_numpy(),
            "area_share": went["area_share"].to_numpy(),
        }
    )
    copy_frame(cursor, "grid_lineage", rows)


def withdraw(connection: Connection, place: District, life: dict[str, Any], now: dt.datetime) -> None:
    """Take back a publication that has not taken effect, inside the caller's transaction.

    Its grids, memberships and postings are valid at no time; what they were to replace goes on.

    Raises
    ------
    ConflictError
        A later version stands on it.
    """
    values = {
        "plan": life["id"],
        "network": life["network_id"],
        "level": life["level"],
        "version": life["version"],
        "publication": life["publication_id"],
        "effective": life["effective"],
        "now": now,
    }
    later = connection.execute(query("publishing.later_version"), values).fetchone()
    if later:
        raise ConflictError(
            f"Version {later[0]} was made on version {life['version']} of these communities.",
            f"Withdraw version {later[0]} first.",
        )
    with put_back(connection, place, life, now) as carried:
        _take_back(connection, values)
        for publication, plan, _, network, level, version, effective in carried:
            more = {"publication": publication, "network": network, "level": level, "version": version}
            _take_back(connection, {**more, "plan": plan, "effective": effective, "now": now})
            connection.execute(query("plans.set_status"), {"plan": plan, "status": "discarded"})
    bump_layers(connection, place.id, "grids")


def _take_back(connection: Connection, values: dict[str, Any]) -> None:
    """Make a publication valid at no time; what it was to replace goes on."""
    replaced = [row[0] for row in connection.execute(query("publishing.replaced_grids"), values)]
    for name in ("empty_memberships", "empty_postings", "empty_grids"):
        connection.execute(query(f"publishing.{name}"), values)
    for name in ("reopen_grids", "reopen_memberships", "reopen_postings"):
        connection.execute(query(f"publishing.{name}"), {**values, "grids": replaced})
    connection.execute(query("publishing.withdraw_publication"), values)


def _multi(shapes: np.ndarray) -> np.ndarray:
    """Make every polygon a multipolygon, as the table wants."""
    single = shapely.get_type_id(shapes) == 3
    shapes[single] = [shapely.MultiPolygon([shape]) for shape in shapes[single]]
    return shapes
