"""What is the whole answer for a point: its cell, its street, its grid and who goes?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from psycopg.rows import dict_row

from gis.clock import Clock, utc_now
from gis.locate import HOW
from gis.store.copying import fetch_frame
from gis.store.districts import District, district_of
from gis.store.locating import DEGREE_M, NETWORK, Cells, cells_in_force, wider
from gis.store.metric import to_metric
from gis.store.queries import query

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from gis.store.connect import Connection

__all__ = ["Answer", "locate_points"]

SINGLE = 100
"""Up to so many points the cells round each are fetched; beyond, all cells of the district are."""
FIRST_REACH_M = 30.0
"""First window round a single point: most points are covered, and others matter within a metre only."""


@dataclass(frozen=True)
class Answer:
    """Where one point lies and who is responsible, at one moment.

    `how` and `distance_m` are those of `gis.locate`; `others` are (grid code, metres) within the border distance.
    `cell` is where the point lies and `geometric_grid` the grid there; `street` is what it lies on (``id``, ``code``,
    ``kind``, ``class``, ``name``, ``cell``, ``person`` where one chose, ``grid`` of the home cell) and `duty_cell` who
    goes. The `grid_...`, workers and version are those of `duty_cell` where the network goes `by_duty`, else of `cell`.
    Everything else is None or empty where there is no cell, `grid` and below also where no grid is in force.
    """

    how: str
    distance_m: float | None
    cell: int | None = None
    duty_cell: int | None = None
    street: dict[str, Any] | None = None
    geometric_grid: dict[str, Any] | None = None
    by_duty: bool = False
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


@dataclass(frozen=True)
class Rough:
    """What the engine says of one point: cell, row of the street, and its home cell."""

    how: str
    distance_m: float | None
    cell: int = -1
    street: int | None = None
    home: int | None = None
    others: list[tuple[str, float]] = field(default_factory=list)


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


def _roughly(cells: Cells, place: District, points: np.ndarray) -> list[Rough]:
    """How, distance, cell, street and others of each point."""
    found = cells.locator.locate(to_metric(points, place.metric_crs))
    answers = []
    for i in range(len(points)):
        polygon, street, metres = int(found.polygon[i]), int(found.street[i]), float(found.distance_m[i])
        others = [(str(cells.code[p]), m) for p, m in found.others(i)]
        answers.append(
            Rough(
                HOW[found.how[i]],
                None if np.isnan(metres) else metres,
                int(cells.id[polygon]) if polygon >= 0 else -1,
                int(cells.streets["id"].iloc[street]) if street >= 0 else None,
                int(cells.streets["cell_id"].iloc[street]) if street >= 0 else None,
                others,
            )
        )
    return answers


def _single(connection: Connection, place: District, point: Any, at: dt.datetime, of: tuple[str, int]) -> Rough:
    """Answer from the cells round one point; the window grows until nothing beyond it could be nearer."""
    if point is None or not np.isfinite(shapely.get_coordinates(point)).all():
        return Rough("unlocated", None)
    reach = FIRST_REACH_M
    while reach < DEGREE_M:
        box = wider((point.x, point.y, point.x, point.y), reach)
        cells = cells_in_force(connection, place, at, *of, box=box)
        if not cells.empty:
            answer = _roughly(cells, place, np.array([point], dtype=object))[0]
            if answer.distance_m is not None and answer.distance_m < reach * 0.99:
                return answer
        reach *= 8
    return _roughly(cells_in_force(connection, place, at, *of), place, np.array([point], dtype=object))[0]


def _completed(
    connection: Connection, place: District, rough: list[Rough], at: dt.datetime, of: tuple[str, int]
) -> list[Answer]:
    """Add streets, grids, divisions and workers."""
    cells = sorted({c for r in rough for c in (r.cell, r.home) if c is not None and c >= 0})
    values = {"district": place.id, "network": of[0], "level": of[1], "at": at, "cells": cells}
    facts = {
        row["cell"]: row for row in fetch_frame(connection, query("things.answer_facts"), values).to_dict("records")
    }
    rule = connection.execute(query("streets.rule"), values).fetchone()
    by_duty = rule is not None and rule[0] == "duty"
    asked = {"ids": sorted({r.street for r in rough if r.street is not None})}
    named = connection.cursor(row_factory=dict_row).execute(query("streets.named"), asked)
    streets = {row["id"]: row for row in named}
    grids = sorted({int(row["grid_id"]) for row in facts.values() if not pd.isna(row["grid_id"])})
    workers: dict[int, list[dict[str, Any]]] = {}
    for grid, name, phone, role in connection.execute(query("things.answer_workers"), {"grids": grids, "at": at}):
        workers.setdefault(grid, []).append({"name": name, "phone": phone, "role": role})
    return [_answer(r, facts, streets.get(r.street), place, workers, by_duty=by_duty) for r in rough]


def _answer(
    rough: Rough,
    facts: dict[Any, Any],
    street: dict[Any, Any] | None,
    place: District,
    workers: dict[int, list[dict[str, Any]]],
    *,
    by_duty: bool,
) -> Answer:
    here = facts.get(rough.cell)
    if here is None:
        return Answer(rough.how, rough.distance_m, others=rough.others)
    home = facts.get(rough.home)
    # who goes: the grid of the home cell where the network goes by duty
    there = home if by_duty and home is not None else here
    levels = {here[f"level_{i}"]: (here[f"code_{i}"], here[f"name_{i}"]) for i in (1, 2, 3)}
    grid = _grid(there)
    return Answer(
        how=rough.how,
        distance_m=rough.distance_m,
        cell=rough.cell,
        duty_cell=rough.cell if rough.home is None else rough.home,
        street=None if street is None else {**street, "grid": _grid(home) if home is not None else None},
        geometric_grid=_grid(here),
        by_duty=by_duty,
        grid_id=None if grid is None else grid["id"],
        grid_code=None if grid is None else grid["code"],
        grid_name=None if grid is None else grid["name"],
        grid_kind=None if grid is None else grid["kind"],
        community=levels.get("community"),
        subdistrict=levels.get("subdistrict"),
        district=(place.code, place.name),
        workers=workers.get(grid["id"], []) if grid is not None else [],
        version=None if grid is None else int(there["version"]),
        valid_from=_moment(there["valid_from"]),
        valid_to=_moment(there["valid_to"]),
        others=rough.others,
    )


def _grid(facts: dict[Any, Any]) -> dict[str, Any] | None:
    if pd.isna(facts["grid_id"]):
        return None
    return {"id": int(facts["grid_id"]), "code": facts["code"], "name": facts["name"], "kind": facts["kind"]}


def _moment(value: Any) -> dt.datetime | None:
    if value is None or pd.isna(value):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
