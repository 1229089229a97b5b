"""How does a checked batch of rows become part of the store, whole or not at all?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg.types.json import Jsonb

from gis.addresses import fold_address
from gis.bulk import uncollected
from gis.clock import Clock, local_date, utc_now
from gis.crs import metric_crs, parse_crs, time_zone_at
from gis.errors import ConflictError, InputError
from gis.store.buildings import change_buildings, refuse_unknown_buildings, stand_without_date, tell_completeness
from gis.store.copying import copy_things, plain, stage
from gis.store.derivation import derive_imported, newest_cells
from gis.store.districts import bump_layers, district_of
from gis.store.divisions import LEVELS, change_divisions, midnight_of
from gis.store.locating import cells_in_force, place_frame, settle_buildings
from gis.store.queries import query
from gis.store.rehoming import answer_new_events
from gis.store.streets import renew_streets
from gis.store.workers import post

if TYPE_CHECKING:
    import psycopg

    from gis.remarks import Report
    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["BatchLike", "NewDistrict", "record_run", "write_batch"]

REMARKS_KEPT = 2_000
"""Remarks of one report kept in the store; its counts and tally are always whole."""

LAYER_OF = {
    "divisions": ("divisions",),
    "compounds": ("base",),
    "landcover": ("base",),
    "buildings": ("base",),
    "barriers": ("base",),
}
CHANGES = ("inserted", "updated", "counts_added", "ended", "rebuilt")
"""Counts of a report that say that something changed."""
DATED = ("divisions", "buildings")
"""Kinds that a file can change from a date on."""
TABLE_OF = {"parts": "part", "events": "event"}
"""Kinds that come by the hundred thousand: where a district has none yet they go straight into their table."""
USUAL_STATE = {"parts": "intact", "events": "closed"}


class BatchLike(Protocol):
    """What an importer hands over: see `gis.ingest`."""

    @property
    def kind(self) -> str:
        """One of the kinds of `gis.ingest`."""

    @property
    def frame(self) -> pd.DataFrame:
        """Checked rows, EPSG:4490, columns as the table's."""

    @property
    def report(self) -> Report:
        """What the reading found."""


@dataclass(frozen=True)
class NewDistrict:
    """What is said of a district when its first divisions come; all that is left out is found from them.

    Parameters
    ----------
    name, name_en : str, optional
        By default the name of its division of level ``district``, else its code.
    time_zone : str, optional
        IANA name; by default that of its place.
    metric_crs : str, optional
        By default `gis.crs.metric_crs` of its bounds.
    crs_note : str, optional
        What the files were declared to be.
    """

    name: str | None = None
    name_en: str | None = None
    time_zone: str | None = None
    metric_crs: str | None = None
    crs_note: str | None = None


def write_batch(
    connection: Connection,
    district: str,
    batch: BatchLike,
    *,
    new: NewDistrict | None = None,
    effective: dt.date | None = None,
    complete: bool = False,
    accept_partial: bool = False,
    clock: Clock = utc_now,
) -> Report:
    """Write one batch in one transaction; the same batch again changes nothing.

    Rows are found again by code (divisions: level and code). Household counts are added, never overwritten. Where the
    district has cells, new and moved parts, events and buildings are located in the same transaction; where it has
    grids in force, new workers are posted.

    Parameters
    ----------
    connection : Connection
        As ``gridkeeper_app``.
    district : str
        Code of the district; divisions make it where it does not exist.
    batch : BatchLike
        From `gis.ingest.read_kind`.
    new : NewDistrict, optional
        Used when the district is made.
    effective : date, optional
        Of divisions and buildings: what the file changes holds from this local midnight on, and what was before is
        kept. Without it rows are corrected in place.
    complete : bool
        Of buildings with `effective`: the file has all buildings of its communities.
    accept_partial : bool
        Of household counts: leave out those of buildings that are not known.
    clock : Clock

    Returns
    -------
    Report
        The batch's own report with ``inserted``, ``updated``, ``unchanged`` and, where they are meant, ``ended``,
        ``rebuilt``, ``cells_moved``, ``counts_added`` among its counts.

    Raises
    ------
    NotFoundError
        No such district, and the batch holds no divisions.
    ConflictError
        A division that grids stand on would move, and nobody says since when; a change comes before the last one.
    InputError
        The rows contradict what the district holds; nothing is written.
    """
    if effective is not None and batch.kind not in DATED:
        raise InputError(f"{batch.kind} have no --effective DATE.", f"It is for {' and '.join(DATED)}.")
    if complete and (effective is None or batch.kind != "buildings"):
        raise InputError(
            "--complete says which buildings are gone, nobody says since when.",
            "Use it with buildings and --effective.",
        )
    with uncollected(), connection.transaction(), connection.cursor() as cursor:
        if batch.kind == "divisions":
            _ensure_district(cursor, district, batch, new or NewDistrict(), clock)
        cursor.execute(query("imports.lock_district"), {"code": district})
        place = district_of(connection, district)
        since = midnight_of(effective, place) if effective else None
        today = effective or local_date(clock(), place.time_zone)
        values = {
            "district": place.id,
            "now": clock(),
            "as_of": today,
            "zone": place.time_zone,
            "since": since,
            "source": batch.report.source or "import",
        }
        counts = batch.report.counts
        known = {row[0] for row in cursor.execute(query("imports.known_divisions"), values)}
        frame = _completed(batch, place)
        if batch.kind in TABLE_OF:
            frame = _located(connection, place, batch, frame, clock)
        if batch.kind == "buildings":
            frame = _standing(connection, place, frame, batch.report, since, complete=complete)
        if batch.kind == "divisions" and since is not None:
            counts |= change_divisions(connection, place, gpd.GeoDataFrame(frame), batch.report, since, clock=clock)
        first = batch.kind in TABLE_OF and not cursor.execute(query(f"things.one_of_{batch.kind}"), values).fetchone()
        if not first:
            create, by_place = query(f"imports.stage_{batch.kind}"), batch.kind not in TABLE_OF
            stage(cursor, create, query("imports.unstage"), frame, by_place=by_place)
            cursor.execute(query("imports.index_staged"))
        if first:
            copy_things(cursor, TABLE_OF[batch.kind], place.id, frame)
            counts |= {"inserted": len(frame), "updated": 0, "unchanged": 0}
        elif batch.kind == "households":
            taken = refuse_unknown_buildings(cursor, values, frame, batch.report, accept_partial=accept_partial)
            counts["counts_added"] = _add_counts(cursor, values, "imports.insert_households")
            counts["unchanged"] = len(taken) - counts["counts_added"]
            tell_completeness(connection, place, batch.report, _newest_day(taken, today))
        elif batch.kind != "divisions" or since is None:
            counts |= _write_rows(cursor, values, batch.kind, len(frame))
        if batch.kind == "divisions":
            counts["updated"] += _set_parents(cursor, values, known)
        if batch.kind == "buildings":
            counts["counts_added"] = _add_counts(cursor, values, "imports.insert_counts")
        changed = sum(counts.get(name, 0) for name in CHANGES)
        if changed:
            bump_layers(connection, place.id, *LAYER_OF.get(batch.kind, ()))
        if batch.kind == "buildings":
            _settle(connection, place, batch.report, clock(), since)
        if batch.kind == "barriers" and changed:
            renew_streets(connection, place, clock=clock)
        if batch.kind in TABLE_OF and changed:
            derive_imported(connection, place, batch.kind, frame["code"].tolist(), clock=clock)
        if batch.kind == "workers":
            post(connection, place, batch.report, clock=clock)
        if batch.kind == "events":
            answer_new_events(connection, place, frame.loc[frame["state"] == "open", "code"].tolist(), clock())
        record_run(cursor, values, batch)
    return batch.report


def _write_rows(cursor: psycopg.Cursor[Any], values: dict[str, Any], kind: str, rows: int) -> dict[str, float]:
    """Change the rows of the store that differ from the staged ones and add those that are new."""
    if kind == "divisions":
        _refuse_moved_divisions(cursor, values)
    updated = cursor.execute(query(f"imports.update_{kind}"), values).rowcount
    cursor.execute(query("imports.look_up_at_once"))
    inserted = cursor.execute(query(f"imports.insert_{kind}"), values).rowcount
    cursor.execute(query("imports.look_up_as_usual"))
    return {"inserted": inserted, "updated": updated, "unchanged": rows - inserted - updated}


def _standing(
    connection: Connection,
    place: District,
    frame: pd.DataFrame,
    report: Report,
    since: dt.datetime | None,
    *,
    complete: bool,
) -> pd.DataFrame:
    """End what the file says is gone; the rows of what stands."""
    if since is not None:
        standing: pd.DataFrame = change_buildings(
            connection, place, gpd.GeoDataFrame(frame), report, since, complete=complete
        )
        return standing
    codes = connection.execute(query("buildings.standing"), {"district": place.id})
    return stand_without_date(frame, {row[0] for row in codes})


def _newest_day(frame: pd.DataFrame, usual: dt.date) -> dt.date:
    return max((day for day in frame["as_of"] if isinstance(day, dt.date)), default=usual)


def _settle(
    connection: Connection, place: District, report: Report, now: dt.datetime, since: dt.datetime | None
) -> None:
    """Let buildings join the cells they stand in, now and whenever there were or will be others."""
    first = min(now, since) if since else now
    begin = connection.execute(query("things.beginnings_of_cells"), {"district": place.id, "after": first})
    for moment in sorted({first, now, *([since] if since else []), *(row[0] for row in begin)}):
        cells = cells_in_force(connection, place, moment)
        if not cells.empty:
            settle_buildings(connection, place, cells, report, moment)


def _ensure_district(cursor: psycopg.Cursor[Any], code: str, batch: BatchLike, new: NewDistrict, clock: Clock) -> None:
    """Make the district where it does not exist: bounds, time zone and metric CRS come from its divisions."""
    cursor.execute(query("imports.lock_district"), {"code": code})
    if cursor.fetchone():
        return
    frame = batch.frame
    if not isinstance(frame, gpd.GeoDataFrame) or not len(frame):
        raise InputError(f"The divisions of {code} are empty.", "Give a file with at least one community.")
    west, south, east, north = (float(v) for v in frame.total_bounds)
    own = frame[frame["level"] == "district"]
    single = own.iloc[0] if len(own) == 1 else pd.Series(dtype=object)
    crs = parse_crs(new.metric_crs).crs if new.metric_crs else metric_crs((west, south, east, north))
    middle = shapely.point_on_surface(frame.geometry.iloc[0])
    zone = time_zone_at((west + east) / 2, (south + north) / 2)
    if zone.startswith("Etc/"):  # the middle of a coastal district may lie at sea
        zone = time_zone_at(middle.x, middle.y)
    cursor.execute(
        query("imports.insert_district"),
        {
            "code": code,
            "name": new.name or _text(single.get("name")) or code,
            "name_en": new.name_en or _text(single.get("name_en")),
            "time_zone": new.time_zone or zone,
            "metric_crs": _crs_name(crs),
            "crs_note": new.crs_note,
            "now": clock(),
        },
    )


def _crs_name(crs: Any) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.to_wkt())


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _completed(batch: BatchLike, place: District) -> pd.DataFrame:
    """Add what can be derived: the search key of an address, the moment of a local time, the usual state."""
    frame = batch.frame
    if batch.kind in USUAL_STATE:
        usual = USUAL_STATE[batch.kind]
        frame = frame.assign(state=frame["state"].fillna(usual) if "state" in frame else usual)
    if batch.kind == "buildings" and "address_key" not in frame:
        keys = [fold_address(_text(v)) or None for v in frame.get("address", pd.Series(None, index=frame.index))]
        frame = frame.assign(address_key=pd.Series(keys, index=frame.index, dtype=object))
    for name in ("occurred_at", "closed_at") if batch.kind == "events" else ():
        if name in frame and isinstance(frame[name].dtype, np.dtype) and frame[name].dtype.kind == "M":
            local = frame[name].dt.tz_localize(place.time_zone, ambiguous=False, nonexistent="shift_forward")
            frame = frame.assign(**{name: local})
    return frame


def _located(
    connection: Connection, place: District, batch: BatchLike, frame: pd.DataFrame, clock: Clock
) -> pd.DataFrame:
    """Add cell, how and metres, and to events the cell that has the duty, where the district has cells."""
    cells = newest_cells(connection, place, clock())
    if cells.empty:
        return frame
    found = place_frame(cells, place, _points(frame), on_streets=batch.kind == "events")
    batch.report.counts.update({str(how): int(n) for how, n in found["how"].value_counts().items()})
    return frame.assign(**{str(name): found[name].array for name in found})


def _points(frame: pd.DataFrame) -> np.ndarray:
    if isinstance(frame, gpd.GeoDataFrame):
        return np.asarray(frame.geometry.array, dtype=object)
    return np.full(len(frame), None, dtype=object)


def _refuse_moved_divisions(cursor: psycopg.Cursor[Any], values: dict[str, Any]) -> None:
    moved = cursor.execute(query("imports.moved_divisions"), values).fetchall()
    if moved:
        named = ", ".join(code for _, code in moved[:5])
        raise ConflictError(
            f"{len(moved)} divisions with grids in force would get another border: {named}.",
            "Say since when with --effective DATE: what was before is kept. Or leave them out of the file.",
        )


def _set_parents(cursor: psycopg.Cursor[Any], values: dict[str, Any], known: set[int]) -> int:
    """Find who lies in whom: by the parent named, by code, by position; how many of those known before changed."""
    cursor.execute(query("imports.divisions_for_parents"), values)
    rows = cursor.fetchall()
    by_code = {(level, code): number for number, level, code, *_ in rows}
    shapes = {number: shapely.from_wkb(wkb) for number, *_, wkb in rows}
    level_of = {number: level for number, level, *_ in rows}
    changed = 0
    for number, level, code, parent, named, staged, _ in rows:
        above = [v for v in reversed(LEVELS) if LEVELS.index(v) < LEVELS.index(level)]
        point = shapely.point_on_surface(shapes[number])
        found = _parent(above, code, named=named, by_code=by_code, shapes=shapes, point=point)
        nearer = parent not in level_of or (found and LEVELS.index(level_of[found]) > LEVELS.index(level_of[parent]))
        if found != parent and (staged or nearer):  # what the file does not name keeps a parent that still holds
            cursor.execute(query("imports.set_parent"), {"id": number, "parent": found})
            changed += number in known
    return changed


def _parent(
    above: list[str],
    code: str,
    *,
    named: str | None,
    by_code: dict[tuple[str, str], int],
    shapes: dict[int, Any],
    point: Any,
) -> int | None:
    prefix = {"subdistrict": code[:9], "district": code[:6]} if code.isdigit() and len(code) in {9, 12} else {}
    for level in above:
        for candidate in (named, prefix.get(level)):
            if candidate and (level, candidate) in by_code:
                return by_code[level, candidate]
        holding = [n for (v, _), n in by_code.items() if v == level and shapely.intersects(shapes[n], point)]
        if holding:
            return min(holding, key=lambda n: (shapes[n].area, n))
    return None


def _add_counts(cursor: psycopg.Cursor[Any], values: dict[str, Any], statement: str) -> int:
    added = cursor.execute(query(statement), values).rowcount
    cursor.execute(query("imports.set_as_of"), values)
    return added


def record_run(cursor: psycopg.Cursor[Any], values: dict[str, Any], batch: BatchLike) -> None:
    """Keep the report of an import; `values` are ``district`` and ``now``."""
    report = batch.report.as_dict()
    report["remarks"] = report["remarks"][:REMARKS_KEPT]
    cursor.execute(
        query("imports.insert_run"),
        {**values, "kind": batch.kind, "source": batch.report.source, "report": Jsonb(plain(report))},
    )
