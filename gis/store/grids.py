"""How do grids that are already in force come in, with the codes and borders they have (ARCHITECTURE rule 8)?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg.types.json import Jsonb

from gis.checks import run_checks
from gis.clock import Clock, local_date, utc_now
from gis.codes import community_grid_profile
from gis.errors import ConflictError, InputError
from gis.measures import plan_measures
from gis.partition import Plan, grid_frame
from gis.plans import grid_flags, grid_name, serial_of
from gis.plans.differences import Old, tell_differences
from gis.plans.matching import Match, match_cells, mend_polygons
from gis.progress import Progress, quiet
from gis.store.copying import copy_frame, fetch_frame, plain
from gis.store.cutting import cut_along
from gis.store.districts import lock
from gis.store.locating import NETWORK
from gis.store.metric import to_metric
from gis.store.networks import read_level
from gis.store.queries import query
from gis.store.reading import read_cells, read_frames
from gis.store.rehoming import rehome
from gis.store.step import Step
from gis.store.stored_plans import Checked, StoredPlan, with_cell
from gis.store.versions import write_publication
from gis.store.workers import post
from gis.store.write import record_run

if TYPE_CHECKING:
    from gis.remarks import Report, Severity
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.networks import StoredLevel
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
    exact: bool = False,
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
    exact : bool
        Divide cells along the old lines where that cuts no building.
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
        of = read_level(connection, place, network, level)
        since = dt.datetime.combine(effective, dt.time(), ZoneInfo(place.time_zone)).astimezone(dt.UTC)
        now = clock()
        if since > now:
            raise InputError(
                f"Grids in force cannot begin on {effective}, which lies ahead.",
                "Give the day since when they are in force; what is to come is made as a plan.",
            )
        as_of = place.as_of or local_date(clock(), place.time_zone)
        progress("import grids", 0, 4)
        cells = read_cells(connection, place, as_of=as_of, at=now)
        ground = read_frames(connection, place, at=now, as_of=as_of)
        drawn = _drawn(batch, place)
        mended = mend_polygons(np.asarray(drawn.geometry.array, object))
        match, old = _matched(cells, ground, drawn, mended.polygons)
        if exact:
            lines = mended.polygons
            cells = cut_along(
                connection, place, cells, ground, match.crossed, lines, batch.report, since=since, now=now
            )
            match, old = _matched(cells, ground, drawn, mended.polygons)
        tell_differences(batch.report, old, mended, match)
        _require_cells(batch.report, match, accept_partial=accept_partial)
        progress("import grids", 1, 4)
        inside = _Divisions.read(connection, place, of, cells, match)
        mine = np.flatnonzero(match.grid_of >= 0)
        part = read_cells(connection, place, as_of=as_of, at=now, cells=cells.ids[mine])
        stored = _plan_of(place, of, part, drawn, match.grid_of[mine], inside, as_of=as_of, at=now)
        if _in_force(connection, of, stored, inside):
            batch.report.counts.update({"inserted": 0, "unchanged": len(stored.plan.grids)})
            return Step(batch.report, tessellation_id=cells.tessellation_id)
        _require_older(connection, stored, inside, since)
        found = _checked(of, stored, ground, inside.outlines(cells))
        _tell_checks(batch.report, found)
        progress("import grids", 2, 4)
        stored = _write_plan(connection, stored, found, batch.report, by=by, now=now)
        done = write_publication(connection, place, stored, found, effective=since, now=now, by=by, origin="import")
        progress("import grids", 3, 4)
        if network == NETWORK:
            post(connection, place, batch.report, since=since, network=network, level=level, clock=clock)
        rehome(connection, place, now)
        batch.report.counts.update({"inserted": len(found.grids), "unchanged": 0})
        with connection.cursor() as cursor:
            record_run(cursor, {"district": place.id, "now": now}, batch)
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


# ------------------------------------------------------------------------------------------ cells to grids
def _drawn(batch: BatchLike, place: District) -> gpd.GeoDataFrame:
    """The grids of a file in metres, in the order of their codes."""
    frame = batch.frame.sort_values("code", kind="stable").reset_index(drop=True)
    shapes = to_metric(np.asarray(frame["geometry"], object), place.metric_crs)
    return gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs=place.metric_crs)


def _matched(cells: StoredCells, ground: Ground, drawn: gpd.GeoDataFrame, polygons: np.ndarray) -> tuple[Match, Old]:
    """Match the cells of a district to mended polygons; and what its numbers stand for."""
    table, held = cells.tessellation.cells, cells.tessellation.building_cell
    shapes = np.asarray(table.geometry.array, object)
    footprint = dict(zip(ground.buildings["building_id"], ground.buildings.geometry, strict=True))
    held = held[held["building_id"].isin(footprint)]
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
    match = match_cells(
        shapes,
        polygons,
        community=old.community,
        footprints=np.array([footprint[code] for code in old.buildings], object),
        cell_of=old.building_cell,
        households=held["households"].to_numpy(float),
    )
    return match, old


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
@dataclass(frozen=True)
class _Divisions:
    """The communities that get grids, each with the division of the network's level that it lies in.

    Parameters
    ----------
    communities : list of int
        Numbers.
    of : dict
        Code of the division by code of the community.
    numbers : dict
        Number of the division by its code.
    since : datetime or None
        When the youngest of them began.
    """

    communities: list[int]
    of: dict[str, str]
    numbers: dict[str, int]
    since: dt.datetime | None

    @classmethod
    def read(
        cls, connection: Connection, place: District, of: StoredLevel, cells: StoredCells, match: Match
    ) -> _Divisions:
        codes = cells.tessellation.cells["community_id"].to_numpy(object)[match.grid_of >= 0]
        values = {"district": place.id, "codes": sorted(set(codes)), "division_level": of.level.division_level}
        found = connection.execute(query("grids.divisions"), values).fetchall()
        lost = [community for community, _, division, *_ in found if division is None]
        if lost:
            raise ConflictError(
                f"Community {lost[0]} lies in no {of.level.division_level}, inside of which grids of this level stay.",
                "Import the divisions of that level first.",
            )
        return cls(
            communities=[number for _, number, *_ in found],
            of={community: division for community, _, division, *_ in found},
            numbers={division: number for _, _, division, number, _ in found},
            since=max((since for *_, since in found if since is not None), default=None),
        )

    def outlines(self, cells: StoredCells) -> gpd.GeoDataFrame:
        """Unions of the communities' cells by division: what grids are to fill and to stay inside of."""
        table = cells.tessellation.cells
        division = np.array([self.of.get(code, "") for code in table["community_id"]], object)
        shapes = np.asarray(table.geometry.array, object)
        names = sorted(set(division) - {""})
        unions = [shapely.coverage_union_all(shapes[division == name]) for name in names]
        return gpd.GeoDataFrame({"community_id": names}, geometry=unions, crs=table.crs)


def _plan_of(
    place: District,
    of: StoredLevel,
    cells: StoredCells,
    drawn: gpd.GeoDataFrame,
    row_of: np.ndarray,
    inside: _Divisions,
    *,
    as_of: dt.date,
    at: dt.datetime,
) -> StoredPlan:
    """Make the plan that the file is, of the cells that have a grid and the grids that have cells."""
    rows, grid_of = np.unique(row_of, return_inverse=True)
    table = cells.tessellation.cells
    lies = _largest(grid_of, [inside.of[code] for code in table["community_id"]], table.geometry.area.to_numpy())
    told = drawn.iloc[rows]
    codes = told["code"].to_numpy(object)
    profiles = [community_grid_profile(parent, of.level.code_profile) for parent in lies]
    serials = [serial_of(c, profile, parent) or 0 for c, profile, parent in zip(codes, profiles, lies, strict=True)]
    names = [grid_name(n, place.time_zone) if n else code for n, code in zip(serials, codes, strict=True)]
    grids = pd.DataFrame(
        {
            "community_id": lies,
            "serial": serials,
            "grid_code": codes,
            "households": np.bincount(grid_of, table["households"].to_numpy(float), len(rows)),
            "buildings": np.bincount(grid_of, table["buildings"].to_numpy(float), len(rows)).astype(int),
            "name": [_text(given) or name for given, name in zip(told["name"], names, strict=True)],
            "kind": [_text(kind) or of.level.kind for kind in told["kind"]],
            "division_id": [inside.numbers[code] for code in lies],
        }
    )
    none = np.empty((0, 2), np.int32)
    grids["flags"] = grid_flags(cells.tessellation, grid_of, len(rows), none, of.level.maximum)
    return StoredPlan(
        id=0,
        of=of,
        status="published",
        as_of=as_of,
        base_version=None,
        cells=cells,
        at=at,
        plan=Plan(
            grid_of.astype(np.int32),
            grids,
            none,
            cells.tessellation.report,
            {name: getattr(of.level, name) for name in ("target", "minimum", "maximum")},
        ),
        measures={},
        keys=codes,
        base=np.full(len(row_of), None, object),
        origin=None,
    )


def _text(value: object) -> str | None:
    """Read a cell of a frame, where nothing may be None or not a number."""
    return value if isinstance(value, str) and value else None


def _largest(grid_of: np.ndarray, division: list[str], area: np.ndarray) -> list[str]:
    """The division that holds most of each grid; of equals the lower code."""
    names, at = np.unique(np.asarray(division, str), return_inverse=True)
    table = np.zeros((int(grid_of.max()) + 1, len(names)))
    np.add.at(table, (grid_of, at), area)
    return [str(names[i]) for i in table.argmax(axis=1)]


def _in_force(connection: Connection, of: StoredLevel, stored: StoredPlan, inside: _Divisions) -> bool:
    """Whether these grids are in force already.

    Raises
    ------
    ConflictError
        Others are, or were.
    """
    asked = {"network": of.network_id, "level": of.level.level, "communities": inside.communities}
    present = fetch_frame(connection, query("grids.present"), asked)
    codes = stored.keys[stored.plan.grid_of]
    if np.array_equal(present["cell_id"], stored.cells.ids) and np.array_equal(present["code"], codes):
        return True
    other = connection.execute(query("grids.ever"), asked).fetchone()
    if other is None:
        return False
    raise ConflictError(
        f"Community {other[0]} has other grids of network {of.network.code}, level {of.level.level}, than these.",
        "Change them with a plan (gridkeeper plan open), or leave that community out of the file.",
    )


def _require_older(connection: Connection, stored: StoredPlan, inside: _Divisions, since: dt.datetime) -> None:
    """See that cells and divisions were there when the grids began.

    Raises
    ------
    ConflictError
    """
    row = connection.execute(query("grids.cells_since"), {"cells": stored.cells.ids.tolist()}).fetchone()
    youngest = max((moment for moment in (row[0] if row else None, inside.since) if moment is not None), default=since)
    if youngest > since:
        raise ConflictError(
            f"The cells or communities of these grids are what they are only since {youngest:%Y-%m-%d %H:%M %Z}.",
            "Give a later --effective: what was in force before that stood on others.",
        )


# ------------------------------------------------------------------------------------------ what is wrong with them
def _checked(of: StoredLevel, stored: StoredPlan, ground: Ground, outlines: gpd.GeoDataFrame) -> Checked:
    """Run the checks over what came; a grid should stay inside the division that holds most of it."""
    plan, part = stored.plan, stored.tessellation
    grids = grid_frame(part, plan)
    buildings = with_cell(ground.buildings, part)
    codes = plan.grids["grid_code"].to_numpy(object)
    checks = run_checks(
        outlines,
        grids,
        part.cells.assign(grid_code=codes[plan.grid_of]),
        buildings,
        [(int(a), int(b)) for a, b in part.adjacency.pairs[part.adjacency.link]],
        minimum=of.level.minimum,
        maximum=of.level.maximum,
        barriers=ground.barriers,
        compounds=ground.compounds,
        code_profile=of.level.code_profile,
        division=of.level.division_level,
    )
    return Checked(grids, checks, ground.buildings, lambda: plan_measures(part, plan, grids=grids, buildings=buildings))


def _tell_checks(report: Report, found: Checked) -> None:
    failed = [check for check in found.checks if not check.passed]
    for check in failed:
        severity: Severity = "left_over" if check.hard else "note"
        remedy = "The next plan of these communities must pass." if check.hard else None
        report.add(severity, f"check_{check.name}", check.message["en"], amount=len(check.offenders), remedy=remedy)
    report.counts["hard_checks_failed"] = sum(check.hard for check in failed)


# ------------------------------------------------------------------------------------------ writing
def _write_plan(
    connection: Connection, stored: StoredPlan, found: Checked, report: Report, *, by: str, now: dt.datetime
) -> StoredPlan:
    """Store the plan that the file is, published as it came."""
    measures = found.measures()
    codes, flags = stored.keys, stored.plan.grids["flags"]
    kept = {
        "report": {"title": report.title, "source": report.source, "counts": report.counts},
        "measures": measures,
        "flags": {code: told for code, told in zip(codes, flags, strict=True) if told},
        "links": [],
    }
    values = {
        "network": stored.network_id,
        "level": stored.level,
        "tessellation": stored.cells.tessellation_id,
        "as_of": stored.as_of,
        "now": now,
        "settings": Jsonb(plain(stored.plan.settings)),
        "report": Jsonb(plain(kept)),
        "title": f"Import {report.source}",
        "by": by,
    }
    row = connection.execute(query("grids.insert_plan"), values).fetchone()
    number = int(row[0]) if row else 0
    rows = {"plan_id": number, "cell_id": stored.cells.ids, "grid_code": codes[stored.plan.grid_of]}
    with connection.cursor() as cursor:
        copy_frame(cursor, "plan_cell", pd.DataFrame(rows))
    connection.execute(query("plans.insert_scope"), {"plan": number})
    step = {"plan": number, "name": "publish", "person": by, "verified": False, "now": now, "reason": None}
    connection.execute(query("drafts.insert_step"), step)
    return replace(stored, id=number, measures=measures)
