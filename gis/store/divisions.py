"""How do divisions split, merge, move and change codes at a date, and which community is a place's at a moment?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.clock import Clock, local_date, utc_now
from gis.divisions import cell_communities, compare_divisions, division_shares
from gis.errors import ConflictError, InputError
from gis.store.copying import copy_frame, fetch_frame, fetch_geo_frame, stage
from gis.store.metric import to_metric
from gis.store.queries import query
from gis.store.reading import read_frames
from gis.store.streets import rederive

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from gis.divisions import DivisionChange
    from gis.remarks import Report
    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["LEVELS", "change_divisions", "communities_at", "community_of_cells", "midnight_of"]

LEVELS = ("district", "subdistrict", "community")
"""From the largest to the smallest."""
COLUMNS = ("level", "code", "name", "name_en", "parent_code", "successor", "properties")


def midnight_of(date: dt.date, place: District) -> dt.datetime:
    """Give the local midnight a date begins with, in UTC."""
    return dt.datetime.combine(date, dt.time(), ZoneInfo(place.time_zone)).astimezone(dt.UTC)


def communities_at(connection: Connection, place: District, at: dt.datetime) -> gpd.GeoDataFrame:
    """Read the communities valid at a moment: ``id``, ``code``, ``name``, ``parent_id``, geometry (EPSG:4490)."""
    return fetch_geo_frame(connection, query("divisions.communities_at"), {"district": place.id, "at": at})


def community_of_cells(connection: Connection, cells: Sequence[int], at: dt.datetime) -> pd.DataFrame:
    """Say in which community each cell lies at a moment: ``cell_id``, ``community_id``, ``code``, by cell."""
    return fetch_frame(connection, query("divisions.community_of_cells"), {"cells": list(cells), "at": at})


def change_divisions(
    connection: Connection,
    place: District,
    frame: gpd.GeoDataFrame,
    report: Report,
    effective: dt.datetime,
    *,
    clock: Clock = utc_now,
) -> dict[str, float]:
    """Take a file of divisions over as it holds from a moment on, inside the caller's transaction.

    What differs from the divisions now valid (border, code, split, merge) ends and begins anew; names change in place.
    Divisions below one that begins anew do so too, so that a division lies in one parent as long as it is valid. Cells
    go to the community of their building, else to the one with their larger share; streets get homes there.

    Parameters
    ----------
    frame : GeoDataFrame
        As `gis.ingest` hands it over.
    report : Report
        Grows with what ended, what became of it, and the cells that a new border cuts.

    Returns
    -------
    dict
        ``inserted``, ``updated``, ``ended``, ``unchanged``, ``cells_moved``.

    Raises
    ------
    ConflictError
        A division to end began only at or after the moment.
    InputError
        Divisions overlap, take a part of one that the file does not draw anew, or leave cells without community.
    """
    counts = {"inserted": 0.0, "updated": 0.0, "ended": 0.0, "unchanged": 0.0, "cells_moved": 0.0}
    ended: set[int] = set()
    for level in LEVELS:
        newest = fetch_geo_frame(connection, query("divisions.newest"), {"district": place.id})
        old = newest[newest["level"] == level].reset_index(drop=True)
        new = _with_children(frame[frame["level"] == level], old, ended)
        if not len(new):
            continue
        drawn = new
        old, new = (f.set_geometry(_metres(f, place)) for f in (old, new))
        change = compare_divisions(old, new)
        _refuse_late(old.iloc[change.ends], effective, place)
        numbers = _write_level(connection, place, old.iloc[change.ends], drawn.iloc[change.begins], new, effective)
        with connection.cursor() as cursor:
            stage(cursor, query("imports.stage_divisions"), query("imports.unstage"), _staged(frame, level))
            renamed = cursor.execute(query("divisions.rename"), {"district": place.id}).rowcount
        ended.update(old["id"].iloc[change.ends].tolist())
        counts["inserted"] += len(change.begins)
        counts["ended"] += len(change.ends)
        counts["updated"] += renamed
        counts["unchanged"] += len(new) - len(change.begins) - renamed
        if len(change.ends):
            lineage = _write_lineage(connection, place, old, new, change, numbers, effective)
            _tell_level(report, old, new, change, lineage, effective, place)
        if level == "community" and len(change.ends):
            ends = old["id"].iloc[change.ends]
            counts["cells_moved"] = _move_cells(connection, place, ends, report, effective, clock)
    return counts


def _metres(frame: gpd.GeoDataFrame, place: District) -> gpd.GeoSeries:
    shapes = to_metric(np.asarray(frame.geometry.array, object), place.metric_crs)
    return gpd.GeoSeries(shapes, index=frame.index, crs=place.metric_crs)


def _staged(frame: gpd.GeoDataFrame, level: str) -> gpd.GeoDataFrame:
    rows = frame[frame["level"] == level]
    leaving = [isinstance(s, str) and s not in {"", c} for s, c in zip(rows["successor"], rows["code"], strict=True)]
    return rows[~np.array(leaving, bool)]


def _with_children(given: gpd.GeoDataFrame, old: gpd.GeoDataFrame, ended: set[int]) -> gpd.GeoDataFrame:
    """Mark what begins anew because its parent does, or is another, and add what of that the file does not name."""
    parent_of = dict(zip(old["code"], old["parent_code"], strict=True))
    orphans = set(old["code"][old["parent_id"].isin(ended)])
    renewed = [
        code in orphans or (code in parent_of and isinstance(parent, str) and parent_of[code] not in {None, parent})
        for code, parent in zip(given["code"], given["parent_code"], strict=True)
    ]
    named = given[[*COLUMNS, "geometry"]].assign(renewed=np.array(renewed, bool))
    silent = old[old["code"].isin(orphans - set(given["code"]))]
    if not len(silent):
        return named.reset_index(drop=True)
    clones = silent[["level", "code", "name", "name_en", "properties", "geometry"]].assign(
        parent_code=None, successor=None, renewed=True
    )
    return gpd.GeoDataFrame(pd.concat([named, clones[named.columns]], ignore_index=True), crs=given.crs or old.crs)


def _refuse_late(ending: gpd.GeoDataFrame, effective: dt.datetime, place: District) -> None:
    since = ending["since"]
    late = ending[since.notna() & (since >= effective)]
    if len(late):
        first = late.iloc[0]
        raise ConflictError(
            f"Division {first['code']} holds since {local_date(first['since'], place.time_zone)}: it cannot end on "
            f"{local_date(effective, place.time_zone)} ({len(late)} such divisions).",
            "Give a later --effective DATE: changes are told in the order in which they happened.",
        )


def _write_level(
    connection: Connection,
    place: District,
    ends: gpd.GeoDataFrame,
    begins: gpd.GeoDataFrame,
    named: gpd.GeoDataFrame,
    effective: dt.datetime,
) -> np.ndarray:
    """End and begin rows; the numbers of those that begin."""
    leaving = {code: s for code, s in zip(named["code"], named["successor"], strict=True) if isinstance(s, str)}
    values = {
        "divisions": ends["id"].tolist(),
        "successors": [leaving.get(code) for code in ends["code"]],
        "effective": effective,
        "district": place.id,
    }
    connection.execute(query("divisions.close"), values)
    with connection.cursor() as cursor:
        stage(cursor, query("imports.stage_divisions"), query("imports.unstage"), begins)
        number = {code: n for n, _, code in cursor.execute(query("divisions.open"), values)}
    return np.array([number[code] for code in begins["code"]], np.int64)


def _write_lineage(
    connection: Connection,
    place: District,
    old: gpd.GeoDataFrame,
    new: gpd.GeoDataFrame,
    change: DivisionChange,
    numbers: np.ndarray,
    effective: dt.datetime,
) -> pd.DataFrame:
    """Tell which shares of what ended went where; what began before and stays takes part where ground goes to it."""
    buildings = read_frames(connection, place, at=effective, as_of=local_date(effective, place.time_zone)).buildings
    shapes = np.asarray(buildings.geometry.array, object)
    lineage = division_shares(
        np.asarray(old.geometry.array, object)[change.ends],
        np.asarray(new.geometry.array, object)[change.begins],
        shapely.point_on_surface(shapes),
        np.nan_to_num(buildings["households"].to_numpy(float)),
    )
    lineage["from"] = old["id"].to_numpy(np.int64)[change.ends][lineage["old"]]
    lineage["to"] = numbers[lineage["new"]]
    with connection.cursor() as cursor:
        cursor.executemany(
            query("divisions.insert_lineage"),
            [
                {"from": int(a), "to": int(b), "area": float(area), "households": float(households)}
                for a, b, area, households in lineage[["from", "to", "area_share", "household_share"]].to_numpy()
            ],
        )
    return lineage


def _tell_level(
    report: Report,
    old: gpd.GeoDataFrame,
    new: gpd.GeoDataFrame,
    change: DivisionChange,
    lineage: pd.DataFrame,
    effective: dt.datetime,
    place: District,
) -> None:
    """Say of every division that ended what became of it."""
    codes = new["code"].to_numpy(object)[change.begins]
    date = local_date(effective, place.time_zone)
    for i, at in enumerate(change.ends):
        code = str(old["code"].iloc[at])
        heirs = lineage[lineage["old"] == i].sort_values("area_share", ascending=False)
        shares = ", ".join(
            f"{codes[n]} {area:.1%} of the ground, {households:.1%} of the households"
            for n, area, households in heirs[["new", "area_share", "household_share"]].itertuples(index=False)
        )
        named = "" if at not in change.taken else " (the file does not name it: its ground is taken over)"
        report.add(
            "note", "division_ended", f"{code} ends on {date}{named}; it became {shares or 'nothing'}", code=code
        )


def _move_cells(
    connection: Connection, place: District, ended: pd.Series, report: Report, effective: dt.datetime, clock: Clock
) -> float:
    """Give the cells of communities that ended to those valid from then on; list what a new border cuts."""
    values = {"divisions": ended.tolist(), "effective": effective}
    cells = fetch_geo_frame(connection, query("divisions.cells_on"), values)
    if not len(cells):
        return 0.0
    communities = communities_at(connection, place, effective)
    shapes = to_metric(np.asarray(cells.geometry.array, object), place.metric_crs)
    homes = to_metric(shapely.from_wkb(cells["building"].to_numpy(object)), place.metric_crs)
    grounds = to_metric(np.asarray(communities.geometry.array, object), place.metric_crs)
    found, beyond = cell_communities(shapes, shapely.point_on_surface(homes), grounds)
    lost = np.flatnonzero(found < 0)
    points = shapely.point_on_surface(np.asarray(cells.geometry.array, object))
    if len(lost):
        x, y = (float(f(points[lost[0]])) for f in (shapely.get_x, shapely.get_y))
        raise InputError(
            f"{len(lost)} cells would lie in no community from then on, the first at {x:.5f}, {y:.5f}.",
            "Draw the communities of the file so that they cover the ground of those they replace.",
        )
    ids, codes = communities["id"].to_numpy(np.int64), communities["code"].to_numpy(object)
    for i in np.flatnonzero(beyond > 0):
        report.add(
            "left_over",
            "cell_cut_by_border",
            f"Cell {cells['id'].iloc[i]} goes to {codes[found[i]]} though {beyond[i]:,.0f} m2 of it lie beyond the new "
            "border",
            code=str(cells["id"].iloc[i]),
            amount=float(beyond[i]),
            unit="m2",
            lon=float(shapely.get_x(points[i])),
            lat=float(shapely.get_y(points[i])),
            remedy="The next plan of these communities makes it anew.",
        )
    moved = pd.DataFrame({"cell_id": cells["id"].to_numpy(np.int64), "community_id": ids[found]})
    with connection.cursor() as cursor:
        _set_communities(cursor, moved, effective)
    later = connection.execute(query("things.beginnings_of_cells"), {"district": place.id, "after": effective})
    made, touched = moved["cell_id"].tolist(), sorted({*ended.tolist(), *ids[found].tolist()})
    for moment in sorted({effective, *(row[0] for row in later)}):
        rederive(connection, place, gone=[], made=made, communities=touched, effective=moment, clock=clock)
    return float(len(moved))


def _set_communities(cursor: psycopg.Cursor[Any], moved: pd.DataFrame, effective: dt.datetime) -> None:
    cursor.execute(query("divisions.drop_moved"))
    cursor.execute(query("divisions.create_moved"))
    copy_frame(cursor, "moved_cell", moved)
    cursor.execute(query("divisions.keep_communities"), {"effective": effective})
    cursor.execute(query("divisions.set_communities"))
