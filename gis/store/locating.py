"""In which cell does each thing of the store lie, and what is the whole answer for a point?

`gis.locate` decides; the database only hands over the cells that may be meant. Everything is compared in the
district's metric CRS, brought there by one transformer, so that single and bulk answers see the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.clock import Clock, utc_now
from gis.locate import HOW, Locator
from gis.progress import Progress, quiet
from gis.remarks import Report
from gis.store.copying import copy_frame, fetch_frame, fetch_geo_frame
from gis.store.districts import District, district_of, lock
from gis.store.metric import to_metric
from gis.store.queries import query

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from gis.store.connect import Connection

__all__ = ["NETWORK", "Answer", "Cells", "cells_in_force", "locate_points", "locate_things", "place_frame"]

NETWORK = "community"
"""Code of the network that answers when none is named."""

SINGLE = 100
"""Up to so many points the cells round each are fetched; beyond, all cells of the district are."""
FIRST_REACH_M = 30.0
"""First window round a single point: most points are covered, and others matter within a metre only."""
DEGREE_M = 110_574.0
"""Metres of one degree of latitude at least."""


@dataclass(frozen=True)
class Cells:
    """Cells that answer for points.

    Parameters
    ----------
    id, grid_id : ndarray of int64, shape (n,)
        Of the tables; `grid_id` -1 where no grid is in force.
    code : ndarray of str, shape (n,)
        Grid code, empty where no grid is in force.
    locator : Locator
        In the metric CRS.
    """

    id: np.ndarray
    grid_id: np.ndarray
    code: np.ndarray
    locator: Locator

    @property
    def empty(self) -> bool:
        """True where the district has no cells."""
        return not len(self.id)


@dataclass(frozen=True)
class Answer:
    """Where one point lies and who is responsible, at one moment.

    `how` and `distance_m` are those of `gis.locate`; `others` are (grid code, metres) within the border distance.
    Everything else is None or empty where there is no cell, `grid` and below also where no grid is in force.
    """

    how: str
    distance_m: float | None
    cell: int | None = None
    grid_id: int | None = None
    grid_code: str | None = None
    grid_name: str | None = None
    grid_kind: str | None = None
    community: tuple[str, str] | None = None
    subdistrict: tuple[str, str] | None = None
    district: tuple[str, str] | None = None
    workers: list[dict[str, Any]] = field(default_factory=list)
    version: int | None = None
    valid_from: dt.datetime | None = None
    valid_to: dt.datetime | None = None
    others: list[tuple[str, float]] = field(default_factory=list)


def cells_in_force(
    connection: Connection, place: District, at: dt.datetime, network: str = NETWORK, level: int = 1
) -> Cells:
    """Fetch all cells of a district with their grids of a network level at a moment."""
    return _cells(connection, place, "things.cells_in_force", {"at": at, "network": network, "level": level})


def _cells(connection: Connection, place: District, name: str, values: dict[str, Any]) -> Cells:
    frame = fetch_geo_frame(connection, query(name), {"district": place.id, **values})
    shapes = to_metric(np.asarray(frame.geometry.array, object), place.metric_crs)
    code = frame["code"].to_numpy(object)
    grid_id = pd.to_numeric(frame["grid_id"]).fillna(-1).to_numpy(np.int64)
    return Cells(frame["id"].to_numpy(np.int64), grid_id, code, Locator(shapes, code.tolist()))


def place_frame(cells: Cells, place: District, points: np.ndarray) -> pd.DataFrame:
    """Locate points of EPSG:4490 (None: without coordinates).

    Returns
    -------
    DataFrame
        ``cell_id`` (Int64, null where none answers), ``how`` (str), ``distance_m`` (metres; null where unlocated),
        in the order of the points.
    """
    found = cells.locator.locate(to_metric(points, place.metric_crs))
    cell = pd.array(np.where(found.polygon >= 0, cells.id[found.polygon] if len(cells.id) else 0, 0), dtype="Int64")
    cell[found.polygon < 0] = pd.NA
    return pd.DataFrame({"cell_id": cell, "how": found.how_name, "distance_m": found.distance_m})


def locate_things(
    connection: Connection, district: str, *, progress: Progress = quiet, clock: Clock = utc_now
) -> Report:
    """Locate all parts, events and new buildings of a district to the cells in force, in one transaction.

    Returns
    -------
    Report
        Counts ``parts_inside``, ``events_near`` ... and the buildings that stand in no cell.
    """
    with lock(connection, district) as place:
        return relocate(connection, place, progress=progress, clock=clock)


def relocate(connection: Connection, place: District, *, progress: Progress = quiet, clock: Clock = utc_now) -> Report:
    """Do the work of `locate_things` inside the caller's transaction."""
    report = Report("locate", place.code)
    cells = cells_in_force(connection, place, clock())
    if cells.empty:
        return report
    for step, kind in enumerate(("parts", "events")):
        progress("locate", step, 3)
        frame = fetch_geo_frame(connection, query(f"things.{kind}"), {"district": place.id})
        found = place_frame(cells, place, np.asarray(frame.geometry.array, object))
        found["id"] = frame["id"].to_numpy(np.int64)
        _write_found(connection, found, f"things.place_{kind}")
        for how, n in found["how"].value_counts().items():
            report.counts[f"{kind}_{how}"] = int(n)
    progress("locate", 2, 3)
    settle_buildings(connection, place, cells, report, clock())
    progress("locate", 3, 3)
    return report


def settle_buildings(connection: Connection, place: District, cells: Cells, report: Report, at: dt.datetime) -> None:
    """Give buildings that came after the cells the cell they stand in (rule 1); name those that stand in none."""
    values = {"district": place.id, "at": at, "cells": cells.id.tolist()}
    frame = fetch_geo_frame(connection, query("things.buildings_without_cell"), values)
    if not len(frame):
        return
    points = shapely.point_on_surface(np.asarray(frame.geometry.array, object))
    found = place_frame(cells, place, points)
    found["id"] = frame["id"].to_numpy(np.int64)
    inside = found["how"].isin(["inside", "border"])
    _write_found(connection, found[inside], "things.insert_building_cells")
    report.counts["buildings_settled"] = int(inside.sum())
    for row in np.flatnonzero(~inside.to_numpy()):
        report.add(
            "left_over",
            "building_in_no_cell",
            f"Building {frame['code'].iloc[row]} stands in no cell; its households count in no grid.",
            code=str(frame["code"].iloc[row]),
            lon=float(shapely.get_x(points[row])),
            lat=float(shapely.get_y(points[row])),
            remedy="Correct its position or the community's border.",
        )


def _write_found(connection: Connection, found: pd.DataFrame, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query("things.drop_found"))
        cursor.execute(query("things.create_found"))
        copy_frame(cursor, "found", found)
        cursor.execute(query("things.analyze_found"))
        cursor.execute(query(statement))


def locate_points(
    connection: Connection,
    district: str,
    lonlat: Sequence[tuple[float, float] | None],
    *,
    at: dt.datetime | None = None,
    network: str = NETWORK,
    level: int = 1,
    clock: Clock = utc_now,
) -> list[Answer]:
    """Answer for every point, in order.

    Parameters
    ----------
    lonlat : sequence of (lon, lat) or None
        EPSG:4490 degrees.
    at : datetime, optional
        Moment asked for; now by default.

    Raises
    ------
    NotFoundError
        No such district.
    """
    place, at = district_of(connection, district), at or clock()
    points = np.array([None if p is None else shapely.Point(p) for p in lonlat] or [None], dtype=object)[: len(lonlat)]
    if len(points) > SINGLE:
        rough = _roughly(cells_in_force(connection, place, at, network, level), place, points)
    else:
        rough = [_single(connection, place, point, at, (network, level)) for point in points]
    return _completed(connection, place, rough, at, (network, level))


def _roughly(cells: Cells, place: District, points: np.ndarray) -> list[tuple[Answer, int]]:
    """How, distance, cell and others of each point."""
    found = cells.locator.locate(to_metric(points, place.metric_crs))
    answers = []
    for i in range(len(points)):
        polygon, metres = int(found.polygon[i]), float(found.distance_m[i])
        others = [(str(cells.code[p]), m) for p, m in found.others(i)]
        answer = Answer(HOW[found.how[i]], None if np.isnan(metres) else metres, others=others)
        answers.append((answer, int(cells.id[polygon]) if polygon >= 0 else -1))
    return answers


def _single(
    connection: Connection, place: District, point: Any, at: dt.datetime, of: tuple[str, int]
) -> tuple[Answer, int]:
    """Answer from the cells round one point; the window grows until nothing beyond it could be nearer."""
    if point is None or not np.isfinite(shapely.get_coordinates(point)).all():
        return Answer("unlocated", None), -1
    reach = FIRST_REACH_M
    while reach < DEGREE_M:
        up = reach / DEGREE_M
        across = up / max(np.cos(np.radians(min(abs(point.y) + up, 89.0))), 0.01)
        box = {"west": point.x - across, "south": point.y - up, "east": point.x + across, "north": point.y + up}
        asked = {"at": at, "network": of[0], "level": of[1], **box}
        cells = _cells(connection, place, "things.cells_in_force_near", asked)
        if not cells.empty:
            answer, cell = _roughly(cells, place, np.array([point], dtype=object))[0]
            if answer.distance_m is not None and answer.distance_m < reach * 0.99:
                return answer, cell
        reach *= 8
    return _roughly(cells_in_force(connection, place, at, *of), place, np.array([point], dtype=object))[0]


def _completed(
    connection: Connection, place: District, rough: list[tuple[Answer, int]], at: dt.datetime, of: tuple[str, int]
) -> list[Answer]:
    """Add grid, divisions and workers."""
    cells = sorted({cell for _, cell in rough if cell >= 0})
    values = {"district": place.id, "network": of[0], "level": of[1], "at": at, "cells": cells}
    facts = {
        row["cell"]: row for row in fetch_frame(connection, query("things.answer_facts"), values).to_dict("records")
    }
    grids = sorted({int(row["grid_id"]) for row in facts.values() if not pd.isna(row["grid_id"])})
    workers: dict[int, list[dict[str, Any]]] = {}
    for grid, name, phone, role in connection.execute(query("things.answer_workers"), {"grids": grids, "at": at}):
        workers.setdefault(grid, []).append({"name": name, "phone": phone, "role": role})
    return [_answer(answer, facts.get(cell), place, workers) for answer, cell in rough]


def _answer(
    rough: Answer, facts: dict[Any, Any] | None, place: District, workers: dict[int, list[dict[str, Any]]]
) -> Answer:
    if facts is None:
        return rough
    levels = {facts[f"level_{i}"]: (facts[f"code_{i}"], facts[f"name_{i}"]) for i in (1, 2, 3)}
    has_grid = not pd.isna(facts["grid_id"])
    grid_id = int(facts["grid_id"]) if has_grid else None
    return Answer(
        how=rough.how,
        distance_m=rough.distance_m,
        cell=int(facts["cell"]),
        grid_id=grid_id,
        grid_code=facts["code"] if has_grid else None,
        grid_name=facts["name"] if has_grid else None,
        grid_kind=facts["kind"] if has_grid else None,
        community=levels.get("community"),
        subdistrict=levels.get("subdistrict"),
        district=(place.code, place.name),
        workers=workers.get(grid_id, []) if grid_id is not None else [],
        version=int(facts["version"]) if has_grid else None,
        valid_from=_moment(facts["valid_from"]),
        valid_to=_moment(facts["valid_to"]),
        others=rough.others,
    )


def _moment(value: Any) -> dt.datetime | None:
    if value is None or pd.isna(value):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
