"""How do buildings come, go and change at a date, and how are their households counted over time?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.clock import local_date
from gis.errors import ConflictError, InputError
from gis.store.copying import fetch_frame, fetch_geo_frame
from gis.store.divisions import communities_at, midnight_of
from gis.store.metric import to_metric
from gis.store.queries import query

if TYPE_CHECKING:
    import geopandas as gpd
    import psycopg

    from gis.remarks import Report
    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = ["change_buildings", "refuse_unknown_buildings", "stand_without_date", "tell_completeness"]

REBUILT = 0.1
"""Footprints that differ by more than this share of the old one are another building."""
DEMOLISHED = "demolished"


def stand_without_date(frame: pd.DataFrame, codes: set[str]) -> pd.DataFrame:
    """Leave out buildings that are demolished and were never there; the others need a date.

    Raises
    ------
    InputError
        Naming buildings of `codes` (those that stand) that the file says are demolished.
    """
    gone = _demolished(frame)
    known = [str(code) for code in frame["code"][gone] if code in codes]
    if known:
        raise InputError(
            f"{len(known)} buildings are said to be demolished, nobody says since when: {', '.join(known[:5])}.",
            "Import the file with --effective DATE.",
        )
    return frame[~gone]


def _demolished(frame: pd.DataFrame) -> np.ndarray:
    if "state" not in frame:
        return np.zeros(len(frame), bool)
    return (frame["state"] == DEMOLISHED).to_numpy(bool)


def change_buildings(
    connection: Connection,
    place: District,
    frame: gpd.GeoDataFrame,
    report: Report,
    effective: dt.datetime,
    *,
    complete: bool,
) -> gpd.GeoDataFrame:
    """End what is demolished or rebuilt at a moment, inside the caller's transaction.

    Parameters
    ----------
    frame : GeoDataFrame
        As `gis.ingest` hands it over.
    report : Report
        Gets the counts ``ended`` and ``rebuilt``, and a remark for each of them.
    complete : bool
        The file has all buildings of its communities: those that it lacks end too.

    Returns
    -------
    GeoDataFrame
        Rows of the buildings that stand from then on. Rebuilt ones that come without counts have the last ones.

    Raises
    ------
    ConflictError
        A building to end began only at or after the moment, or one to begin stood until later.
    """
    date = local_date(effective, place.time_zone)
    values = {"district": place.id, "effective": effective, "as_of": date}
    known = fetch_geo_frame(connection, query("buildings.known"), values)
    newest = known[known["until"].isna()].reset_index(drop=True)
    position = pd.Series(newest.index, index=newest["code"])
    gone = _demolished(frame)
    stays = frame[~gone].reset_index(drop=True)
    ending = position.reindex(frame["code"][gone]).dropna().astype(int).to_numpy()
    strangers = [str(code) for code in frame["code"][gone] if code not in set(known["code"])]
    if strangers:
        report.add(
            "note", "demolished_unknown", f"{len(strangers)} demolished buildings were never known: "
            f"{', '.join(strangers[:5])}", amount=float(len(strangers)), unit="buildings",
        )  # fmt: skip
    if complete:
        ending = np.union1d(ending, _missing(connection, place, newest, frame, effective))
    rebuilt = _rebuilt(place, newest, stays, position)
    closed = newest.iloc[np.union1d(ending, rebuilt[:, 0]).astype(int)]
    _refuse_late(known, closed, stays, effective, place)
    connection.execute(query("buildings.close"), {**values, "buildings": closed["id"].tolist()})
    for code in newest["code"].iloc[ending]:
        report.add("note", "building_ended", f"Building {code} ends on {date}", code=str(code))
    for code in newest["code"].iloc[rebuilt[:, 0]]:
        text = f"Building {code} has another footprint: it ends on {date} and begins anew"
        report.add("note", "building_rebuilt", text, code=str(code))
    report.counts |= {"ended": float(len(ending)), "rebuilt": float(len(rebuilt))}
    return _with_last_counts(newest, stays, rebuilt, date)


def _missing(
    connection: Connection, place: District, newest: gpd.GeoDataFrame, frame: gpd.GeoDataFrame, effective: dt.datetime
) -> np.ndarray:
    """Positions of buildings that stand in a community of the file's and that the file does not have."""
    grounds = shapely.STRtree(np.asarray(communities_at(connection, place, effective).geometry.array, object))

    def community(buildings: gpd.GeoDataFrame) -> np.ndarray:
        found = np.full(len(buildings), -1, np.int64)
        points = shapely.point_on_surface(np.asarray(buildings.geometry.array, object))
        at, ground = grounds.query(points, predicate="intersects")
        found[at] = ground
        return found

    covered = np.unique(community(frame))
    inside = np.isin(community(newest), covered[covered >= 0])
    return np.flatnonzero(inside & ~newest["code"].isin(frame["code"]).to_numpy(bool))


def _rebuilt(
    place: District, newest: gpd.GeoDataFrame, stays: gpd.GeoDataFrame, position: pd.Series[Any]
) -> np.ndarray:
    """Positions (before, in the file) of buildings whose footprint is another one; shape (n, 2)."""
    before = position.reindex(stays["code"])
    rows = np.flatnonzero(before.notna())
    pairs = np.column_stack([before.to_numpy()[rows].astype(int), rows])
    old = to_metric(np.asarray(newest.geometry.array, object)[pairs[:, 0]], place.metric_crs)
    new = to_metric(np.asarray(stays.geometry.array, object)[pairs[:, 1]], place.metric_crs)
    both = (shapely.get_dimensions(old) == 2) & (shapely.get_dimensions(new) == 2)
    apart = np.zeros(len(pairs))
    apart[both] = shapely.area(shapely.symmetric_difference(old[both], new[both])) / shapely.area(old[both])
    result: np.ndarray = pairs[apart > REBUILT]
    return result


def _refuse_late(
    known: gpd.GeoDataFrame, closed: gpd.GeoDataFrame, stays: gpd.GeoDataFrame, effective: dt.datetime, place: District
) -> None:
    remedy = "Give a later --effective DATE: changes are told in the order in which they happened."
    late = closed[closed["since"].notna() & (closed["since"] >= effective)]
    if len(late):
        first = late.iloc[0]
        raise ConflictError(
            f"Building {first['code']} stands since {local_date(first['since'], place.time_zone)}: it cannot end on "
            f"{local_date(effective, place.time_zone)} ({len(late)} such buildings).",
            remedy,
        )
    stood = known[known["until"].notna() & (known["until"] > effective) & known["code"].isin(stays["code"])]
    stood = stood[~stood["code"].isin(known["code"][known["until"].isna()])]
    if len(stood):
        first = stood.iloc[0]
        raise ConflictError(
            f"Building {first['code']} stood until {local_date(first['until'], place.time_zone)}: another of that code "
            f"cannot begin on {local_date(effective, place.time_zone)} ({len(stood)} such buildings).",
            remedy,
        )


def _with_last_counts(
    newest: gpd.GeoDataFrame, stays: gpd.GeoDataFrame, rebuilt: np.ndarray, as_of: dt.date
) -> gpd.GeoDataFrame:
    """Let rebuilt buildings keep the households they had, where the file has none."""
    bare = rebuilt[stays["households"].isna().to_numpy(bool)[rebuilt[:, 1]]] if "households" in stays else rebuilt
    if not len(bare):
        return stays
    stays = stays.copy()
    for name in ("households", "people", "key_persons", "estimated"):
        values = stays[name].to_numpy(object).copy() if name in stays else np.full(len(stays), None, object)
        values[bare[:, 1]] = newest[name].to_numpy(object)[bare[:, 0]]
        stays[name] = values
    days = stays["as_of"].to_numpy(object).copy() if "as_of" in stays else np.full(len(stays), None, object)
    days[bare[:, 1]] = as_of
    stays["as_of"] = days
    return stays


def refuse_unknown_buildings(
    cursor: psycopg.Cursor[Any], values: dict[str, Any], frame: pd.DataFrame, report: Report, *, accept_partial: bool
) -> pd.DataFrame:
    """Take the counts of buildings that the district has, at their dates.

    Raises
    ------
    InputError
        With a remark for each row of a building that is not known, or was gone by then; not with `accept_partial`.
    """
    rows = cursor.execute(query("buildings.of_counts"), values).fetchall()
    state = {(code, day): number for code, day, number in rows}
    known = {code for code, _, _ in rows}
    bad = []
    days = [day if isinstance(day, dt.date) else values["as_of"] for day in frame["as_of"]]
    for row, (code, day) in enumerate(zip(frame["building_code"], days, strict=True)):
        if state.get((code, day)) is not None:
            continue
        bad.append(row)
        rule, text, remedy = (
            ("building_gone", f"building {code} did not stand on {day}", "Correct the date, or leave the row out.")
            if code in known
            else ("building_unknown", f"there is no building {code}", "Correct the code, or import the building first.")
        )
        report.add("error", rule, text, row=row + 1, field="building_code", code=str(code), remedy=remedy)
    if bad and not accept_partial:
        first = report.errors[-len(bad)]
        raise InputError(
            f"{report.source}: {len(bad)} of {len(frame)} rows cannot be taken, so nothing was imported "
            f"(row {first.row}, building_code: {first.message}).",
            first.remedy or "",
            report,
        )
    return frame.drop(index=frame.index[bad])


def tell_completeness(connection: Connection, place: District, report: Report, as_of: dt.date) -> None:
    """Say of every community how many of its buildings are counted at a date, and what its households are made of."""
    values = {"district": place.id, "as_of": as_of, "at": midnight_of(as_of, place)}
    table = fetch_frame(connection, query("buildings.completeness"), values)
    for row in table.to_dict("records"):
        share = 100 * row["counted"] / row["buildings"]
        lacking = [f"{row['estimated']:,} of them estimated"] if row["estimated"] else []
        lacking += [f"none yet for {row['unknown']} buildings"] if row["unknown"] else []
        report.add(
            "note",
            "completeness",
            f"{row['name']} ({row['code']}): {row['counted']} of {row['buildings']} buildings counted by {as_of} "
            f"({share:.0f} %), {row['on_date']} of them on that date; {row['households']:,} households"
            + (f" ({', '.join(lacking)})" if lacking else ""),
            code=row["code"],
            amount=round(share, 1),
            unit="%",
        )
