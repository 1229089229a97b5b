"""How does a checked batch of rows become part of the store, whole or not at all?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg.types.json import Jsonb

from gis.addresses import fold_address
from gis.clock import Clock, local_date, utc_now
from gis.crs import metric_crs, parse_crs, time_zone_at
from gis.errors import ConflictError, InputError
from gis.store.copying import plain, stage
from gis.store.districts import bump_layers, district_of
from gis.store.locating import cells_in_force, place_frame, settle_buildings
from gis.store.queries import query
from gis.store.rehoming import answer_new_events
from gis.store.workers import post

if TYPE_CHECKING:
    import psycopg

    from gis.remarks import Report
    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["DIVISION_LEVELS", "BatchLike", "NewDistrict", "write_batch"]

DIVISION_LEVELS = ("district", "subdistrict", "community")
REMARKS_KEPT = 2_000
"""Remarks of one report kept in the store; its counts and tally are always whole."""

LAYER_OF = {
    "divisions": ("divisions",),
    "compounds": ("base",),
    "landcover": ("base",),
    "buildings": ("base",),
    "barriers": ("base",),
}


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
    clock : Clock

    Returns
    -------
    Report
        The batch's own report with ``inserted``, ``updated``, ``unchanged`` and, of buildings, ``counts_added`` among
        its counts.

    Raises
    ------
    NotFoundError
        No such district, and the batch holds no divisions.
    ConflictError
        A division that grids in force stand on would move.
    """
    with connection.transaction(), connection.cursor() as cursor:
        if batch.kind == "divisions":
            _ensure_district(cursor, district, batch, new or NewDistrict(), clock)
        cursor.execute(query("imports.lock_district"), {"code": district})
        place = district_of(connection, district)
        values = {"district": place.id, "now": clock(), "as_of": local_date(clock(), place.time_zone)}
        frame = _completed(batch, place)
        if batch.kind in {"parts", "events"}:
            frame = _located(connection, place, frame, batch.report, clock)
        stage(cursor, query(f"imports.stage_{batch.kind}"), query("imports.unstage"), frame)
        cursor.execute(query("imports.index_staged"))
        if batch.kind == "divisions":
            _refuse_moved_divisions(cursor, values)
        cursor.execute(query(f"imports.update_{batch.kind}"), values)
        updated = cursor.rowcount
        cursor.execute(query(f"imports.insert_{batch.kind}"), values)
        inserted = cursor.rowcount
        counts: dict[str, float] = {
            "inserted": inserted,
            "updated": updated,
            "unchanged": len(frame) - inserted - updated,
        }
        if batch.kind == "divisions":
            updated += _set_parents(cursor, values)
        if batch.kind == "buildings":
            counts["counts_added"] = _add_counts(cursor, values, batch)
        batch.report.counts.update(counts)
        if inserted + updated + counts.get("counts_added", 0):
            bump_layers(connection, place.id, *LAYER_OF.get(batch.kind, ()))
        if batch.kind == "buildings":
            cells = cells_in_force(connection, place, clock())
            if not cells.empty:
                settle_buildings(connection, place, cells, batch.report, clock())
        if batch.kind == "workers":
            post(connection, place, batch.report, clock=clock)
        if batch.kind == "events":
            answer_new_events(connection, place, clock())
        _record(cursor, values, batch)
    return batch.report


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
    """Add what can be derived: the search key of an address, the moment of a local time."""
    frame = batch.frame
    if batch.kind == "buildings" and "address_key" not in frame:
        keys = [fold_address(_text(v)) or None for v in frame.get("address", pd.Series(None, index=frame.index))]
        frame = frame.assign(address_key=pd.Series(keys, index=frame.index, dtype=object))
    for name in ("occurred_at", "closed_at") if batch.kind == "events" else ():
        if name in frame and isinstance(frame[name].dtype, np.dtype) and frame[name].dtype.kind == "M":
            local = frame[name].dt.tz_localize(place.time_zone, ambiguous=False, nonexistent="shift_forward")
            frame = frame.assign(**{name: local})
    return frame


def _located(
    connection: Connection, place: District, frame: pd.DataFrame, report: Report, clock: Clock
) -> pd.DataFrame:
    """Add cell, how and metres where the district has cells."""
    cells = cells_in_force(connection, place, clock())
    if cells.empty:
        return frame
    found = place_frame(cells, place, _points(frame))
    report.counts.update({str(how): int(n) for how, n in found["how"].value_counts().items()})
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
            "Leave them out of the file, or remove the district and load it anew.",
        )


def _set_parents(cursor: psycopg.Cursor[Any], values: dict[str, Any]) -> int:
    """Find who lies in whom: by the parent named, by code, by position; the number of divisions that changed."""
    cursor.execute(query("imports.divisions_for_parents"), values)
    rows = cursor.fetchall()
    by_code = {(level, code): number for number, level, code, *_ in rows}
    shapes = {number: shapely.from_wkb(wkb) for number, *_, wkb in rows}
    changed = 0
    for number, level, code, parent, named, _ in rows:
        above = [v for v in reversed(DIVISION_LEVELS) if DIVISION_LEVELS.index(v) < DIVISION_LEVELS.index(level)]
        point = shapely.point_on_surface(shapes[number])
        found = _parent(above, code, named=named, by_code=by_code, shapes=shapes, point=point)
        if found != parent:
            cursor.execute(query("imports.set_parent"), {"id": number, "parent": found})
            changed += 1
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


def _add_counts(cursor: psycopg.Cursor[Any], values: dict[str, Any], batch: BatchLike) -> int:
    cursor.execute(query("imports.insert_counts"), {**values, "source": batch.report.source or "import"})
    added = cursor.rowcount
    cursor.execute(query("imports.set_as_of"), values)
    return added


def _record(cursor: psycopg.Cursor[Any], values: dict[str, Any], batch: BatchLike) -> None:
    report = batch.report.as_dict()
    report["remarks"] = report["remarks"][:REMARKS_KEPT]
    cursor.execute(
        query("imports.insert_run"),
        {**values, "kind": batch.kind, "source": batch.report.source, "report": Jsonb(plain(report))},
    )
