"""How do grids that are already in force come in, with the codes and borders they have (ARCHITECTURE rule 8)?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg.types.json import Jsonb

from gis.checks import run_checks
from gis.clock import Clock, local_date, utc_now
from gis.errors import ConflictError, InputError
from gis.graph import Adjacency, Tessellation
from gis.measures import plan_measures
from gis.partition import Plan, grid_frame
from gis.plans.describing import grid_flags, grid_name
from gis.plans.differences import Old, tell_differences
from gis.plans.matching import Match, Mended, match_cells, mend_polygons
from gis.plans.succession import serial_of
from gis.progress import Progress, quiet
from gis.store.copying import copy_frame, fetch_frame, plain
from gis.store.districts import lock
from gis.store.locating import NETWORK
from gis.store.metric import to_metric
from gis.store.queries import query
from gis.store.reading import read_cells, read_frames
from gis.store.step import Step
from gis.store.stored_plans import Checked, StoredPlan, network_id, with_cell
from gis.store.versions import write_publication
from gis.store.workers import post
from gis.store.write import record_run

if TYPE_CHECKING:
    from gis.remarks import Report
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.reading import Ground, StoredCells
    from gis.store.write import BatchLike

__all__ = ["import_grids"]


def import_grids(
    connection: Connection,
    district: str,
    batch: BatchLike,
    *,
    effective: dt.date,
    network: str = NETWORK,
    level: int = 1,
    accept_partial: bool = False,
    by: str = "gridkeeper",
    progress: Progress = quiet,
    clock: Clock = utc_now,
) -> Step:
    """Take grids that are in force as they are, in one transaction, as one plan and one publication.

    Every cell goes to the grid with the larger share of it, and where buildings stand in it, to the grid that holds
    the larger part of them. Checks that fail block nothing: they are recorded with the publication and told. The same
    grids again change nothing.

    Parameters
    ----------
    batch : BatchLike
        Of the kind ``grids``: ``code``, ``name``, ``kind``, geometry in EPSG:4490, broken polygons as they came.
    effective : date
        First day on which they are in force, in the district's time zone.
    network : str
    level : int
    accept_partial : bool
        Go without grids that get no cell.
    by : str
        Who imports.

    Returns
    -------
    Step
        Without `version` where nothing changed.

    Raises
    ------
    NotFoundError
        No such district, or no such level of the network.
    ConflictError
        The district has no cells; other grids of the network are in force there; cells or divisions are younger.
    InputError
        With the report: a grid gets no cell, or none does; the date lies ahead.
    """
    with lock(connection, district) as place:
        of = _Level.read(connection, place, network, level)
        since = dt.datetime.combine(effective, dt.time(), ZoneInfo(place.time_zone)).astimezone(dt.UTC)
        if since > clock():
            raise InputError(
                f"Grids in force cannot begin on {effective}, which lies ahead.",
                "Give the day since when they are in force; what is to come is made as a plan.",
            )
        as_of = place.as_of or local_date(clock(), place.time_zone)
        progress("import grids", 0, 4)
        cells = read_cells(connection, place, as_of=as_of)
        ground = read_frames(connection, place, at=clock(), as_of=as_of)
        drawn = _drawn(batch, place)
        match, mended = _matched(batch.report, cells, ground, drawn)
        _require_cells(batch.report, match, accept_partial=accept_partial)
        progress("import grids", 1, 4)
        stored = _plan_of(connection, place, of, cells, drawn, match, as_of)
        known = _in_force(connection, of, stored)
        if known is not None:
            batch.report.counts.update({"inserted": 0, "unchanged": len(stored.plan.grids)})
            return Step(batch.report, tessellation_id=cells.tessellation_id)
        _require_older(connection, of, stored, since)
        found = _checked(of, stored, ground, cells.tessellation)
        _tell_checks(batch.report, found)
        progress("import grids", 2, 4)
        stored = _write_plan(connection, of, stored, batch.report, by=by, now=clock())
        done = write_publication(connection, place, stored, found, effective=since, now=clock(), by=by)
        progress("import grids", 3, 4)
        if network == NETWORK:
            post(connection, place, batch.report, since=since, network=network, level=level, clock=clock)
        batch.report.counts.update({"inserted": len(found.grids), "unchanged": 0})
        record_run(connection, place, batch, clock)
        progress("import grids", 4, 4)
    return Step(
        batch.report,
        tessellation_id=cells.tessellation_id,
        plan_id=stored.id,
        version=done.version,
        effective=since,
        measures=stored.measures,
        checks=found.checks,
    )


# ------------------------------------------------------------------------------------------ what is asked for
@dataclass(frozen=True)
class _Level:
    """A network level, and what its grids are."""

    id: int
    network: str
    level: int
    division_level: str
    kind: str
    settings: dict[str, float]

    @classmethod
    def read(cls, connection: Connection, place: District, network: str, level: int) -> _Level:
        number = network_id(connection, place, network, level)
        row = connection.execute(query("grids.level"), {"network": number, "level": level}).fetchone()
        division, kind, *limits = row or ()
        settings = dict(zip(("target", "minimum", "maximum"), map(float, limits), strict=True))
        return cls(number, network, level, division, kind, settings)

    @property
    def values(self) -> dict[str, int]:
        return {"network": self.id, "level": self.level}


def _drawn(batch: BatchLike, place: District) -> gpd.GeoDataFrame:
    """The grids of a file in metres, in the order of their codes."""
    frame = batch.frame.sort_values("code", kind="stable").reset_index(drop=True)
    shapes = to_metric(np.asarray(frame.geometry.array, object), place.metric_crs)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=place.metric_crs))


# ------------------------------------------------------------------------------------------ cells to grids
def _matched(report: Report, cells: StoredCells, ground: Ground, drawn: gpd.GeoDataFrame) -> tuple[Match, Mended]:
    table, held = cells.tessellation.cells, cells.tessellation.building_cell
    shapes = np.asarray(table.geometry.array, object)
    footprint = dict(zip(ground.buildings["building_id"], ground.buildings.geometry, strict=True))
    known = held["building_id"].isin(footprint).to_numpy()
    held = held[known]
    mended = mend_polygons(np.asarray(drawn.geometry.array, object))
    match = match_cells(
        shapes,
        mended.polygons,
        community=table["community_id"].to_numpy(object),
        footprints=np.array([footprint[code] for code in held["building_id"]], object),
        cell_of=held["cell"].to_numpy(np.int64),
        households=held["households"].to_numpy(float),
    )
    inner = gpd.GeoSeries(shapely.point_on_surface(shapes), crs=table.crs).to_crs(4490)
    old = Old(
        codes=drawn["code"].to_numpy(object),
        cells=cells.ids,
        community=table["community_id"].to_numpy(object),
        households=table["households"].to_numpy(float),
        area_m2=shapely.area(shapes),
        spots=np.column_stack([inner.x, inner.y]),
        buildings=held["building_id"].to_numpy(object),
        building_cell=held["cell"].to_numpy(np.int64),
    )
    tell_differences(report, old, mended, match)
    return match, mended


def _require_cells(report: Report, match: Match, *, accept_partial: bool) -> None:
    """Refuse grids that get no cell, unless told to go without them.

    Raises
    ------
    InputError
    """
    if not (match.grid_of >= 0).any():
        raise InputError(
            f"{report.source}: no grid of it holds the larger share of a cell.", "Check that it is of this district.",
            report,
        )  # fmt: skip
    without = [remark for remark in report.remarks if remark.rule == "grid_without_cells"]
    if without and not accept_partial:
        raise InputError(
            f"{report.source}: {without[0].message[:-1]}"
            + (f" ({len(without)} grids get none)" if len(without) > 1 else "")
            + "; nothing was imported.",
            without[0].remedy or "",
            report,
        )


# ------------------------------------------------------------------------------------------ the plan
def _plan_of(
    connection: Connection,
    place: District,
    of: _Level,
    cells: StoredCells,
    drawn: gpd.GeoDataFrame,
    match: Match,
    as_of: dt.date,
) -> StoredPlan:
    """Make the plan that the file is: cells that have a grid, grids that have cells."""
    mine = np.flatnonzero(match.grid_of >= 0)
    part = _part(cells, mine)
    rows, grid_of = np.unique(match.grid_of[mine], return_inverse=True)
    table = part.tessellation.cells
    division = _divisions(connection, place, of, table["community_id"].unique().tolist())
    lies = _largest(
        grid_of, [division[code][0] for code in table["community_id"]], shapely.area(table.geometry.array), len(rows)
    )
    codes = drawn["code"].to_numpy(object)[rows]
    serials = [serial_of(code, parent) or 0 for code, parent in zip(codes, lies, strict=True)]
    numbers = {code: number for code, number, _ in division.values()}
    grids = pd.DataFrame(
        {
            "community_id": lies,
            "serial": serials,
            "grid_code": codes,
            "households": np.bincount(grid_of, table["households"].to_numpy(float), len(rows)),
            "buildings": np.bincount(grid_of, table["buildings"].to_numpy(float), len(rows)).astype(int),
            "name": [
                name or (grid_name(serial, place.time_zone) if serial else code)
                for name, serial, code in zip(drawn["name"].iloc[rows], serials, codes, strict=True)
            ],
            "kind": [kind or of.kind for kind in drawn["kind"].iloc[rows]],
            "division_id": [numbers[code] for code in lies],
        }
    )
    none = np.empty((0, 2), np.int32)
    grids["flags"] = grid_flags(part.tessellation, grid_of, len(rows), none, of.settings["maximum"])
    return StoredPlan(
        id=0,
        network_id=of.id,
        network=of.network,
        level=of.level,
        kind=of.kind,
        status="published",
        as_of=as_of,
        base_version=None,
        cells=part,
        plan=Plan(grid_of.astype(np.int32), grids, none, cells.tessellation.report, dict(of.settings)),
        measures={},
        keys=codes,
        base=np.full(len(mine), None, object),
        origin="import",
    )


def _part(cells: StoredCells, mine: np.ndarray) -> StoredCells:
    """Some of the cells, with the borders among them."""
    whole = cells.tessellation
    position = np.full(len(cells.ids), -1, np.int64)
    position[mine] = np.arange(len(mine))
    pairs = position[whole.adjacency.pairs]
    keep = (pairs >= 0).all(axis=1)
    held = whole.building_cell.assign(cell=position[whole.building_cell["cell"].to_numpy(np.int64)])
    near = whole.adjacency
    return StoredCells(
        cells.tessellation_id,
        cells.ids[mine],
        replace(
            whole,
            cells=whole.cells.iloc[mine].reset_index(drop=True),
            building_cell=held[held["cell"] >= 0].reset_index(drop=True),
            adjacency=Adjacency(pairs[keep].astype(np.int32), near.length[keep], near.follows[keep], near.link[keep]),
        ),
    )


def _divisions(
    connection: Connection, place: District, of: _Level, communities: list[str]
) -> dict[str, tuple[str, int, dt.datetime | None]]:
    """Code, number and beginning of the division of the network's level, by community."""
    values = {"district": place.id, "codes": communities, "division_level": of.division_level}
    found = connection.execute(query("grids.divisions"), values).fetchall()
    lost = [community for community, _, division, *_ in found if division is None]
    if lost:
        raise ConflictError(
            f"Community {lost[0]} lies in no {of.division_level}, inside of which grids of this level stay.",
            "Import the divisions of that level first.",
        )
    return {community: (division, number, since) for community, _, division, number, since in found}


def _largest(grid_of: np.ndarray, division: list[str], area: np.ndarray, grids: int) -> list[str]:
    """The division that holds most of each grid; of equals the lower code."""
    names, at = np.unique(np.asarray(division, object).astype(str), return_inverse=True)
    table = np.zeros((grids, len(names)))
    np.add.at(table, (grid_of, at), area)
    return [str(names[i]) for i in table.argmax(axis=1)]


def _in_force(connection: Connection, of: _Level, stored: StoredPlan) -> bool | None:
    """Whether the same grids are in force already; None where there are none.

    Raises
    ------
    ConflictError
        Others are.
    """
    communities = _communities(connection, stored)
    present = fetch_frame(connection, query("grids.present"), {**of.values, "communities": communities})
    if len(present):
        codes = stored.keys[stored.plan.grid_of]
        same = np.array_equal(present["cell_id"].to_numpy(np.int64), stored.cells.ids)
        if same and (present["code"].to_numpy(object) == codes).all():
            return True
        other = present["community"].iloc[0]
    else:
        row = connection.execute(query("grids.ever"), {**of.values, "communities": communities}).fetchone()
        if row is None:
            return None
        other = row[0]
    raise ConflictError(
        f"Community {other} has grids of network {of.network}, level {of.level}, already, and they are others.",
        "Change them with a plan (gridkeeper plan open), or leave that community out of the file.",
    )


def _communities(connection: Connection, stored: StoredPlan) -> list[int]:
    rows = connection.execute(query("grids.communities"), {"cells": stored.cells.ids.tolist()})
    return [row[0] for row in rows]


def _require_older(connection: Connection, of: _Level, stored: StoredPlan, since: dt.datetime) -> None:
    """See that cells and divisions were there when the grids began.

    Raises
    ------
    ConflictError
    """
    row = connection.execute(query("grids.youngest"), {"cells": stored.cells.ids.tolist()}).fetchone()
    if row is not None and row[0] is not None and row[0] > since:
        raise ConflictError(
            f"Cells or communities of {of.network} are what they are only since {row[0]:%Y-%m-%d}.",
            f"Give --effective {row[0]:%Y-%m-%d} or a later day: grids before that stood on others.",
        )


def _checked(of: _Level, stored: StoredPlan, ground: Ground, whole: Tessellation) -> Checked:
    """Run the checks over what came; grids stay inside the division that holds most of each."""
    plan, part = stored.plan, stored.tessellation
    grids = grid_frame(part, plan)
    buildings = with_cell(ground.buildings, part)
    codes = plan.grids["grid_code"].to_numpy(object)
    measures = lambda: plan_measures(part, plan, grids=grids, buildings=buildings)  # noqa: E731
    checks = run_checks(
        _outlines(stored, whole),
        grids,
        part.cells.assign(grid_code=codes[plan.grid_of]),
        buildings,
        [(int(a), int(b)) for a, b in part.adjacency.pairs[part.adjacency.link]],
        minimum=of.settings["minimum"],
        maximum=of.settings["maximum"],
        barriers=ground.barriers,
        compounds=ground.compounds,
    )
    return Checked(grids, checks, ground.buildings, measures)
