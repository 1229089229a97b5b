"""How do grids that are already in force come in, with the codes and borders they have (ARCHITECTURE rule 8)?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from psycopg.types.json import Jsonb

from gis.clock import Clock, first_moment, local_date, utc_now
from gis.errors import ConflictError, InputError
from gis.plans.differences import tell_differences
from gis.plans.matching import Match, mend_polygons
from gis.progress import Progress, quiet
from gis.store.copying import copy_frame, fetch_frame, plain
from gis.store.cutting import cut_along
from gis.store.districts import lock
from gis.store.drawn import Divisions, drawn_grids, match_grids, plan_of_grids
from gis.store.judging import checked
from gis.store.locating import NETWORK
from gis.store.plans import level_asked
from gis.store.prepared import changes_of, keep
from gis.store.queries import query
from gis.store.reading import read_cells, read_frames
from gis.store.rehoming import rehome
from gis.store.step import Step
from gis.store.stored_plans import read_head
from gis.store.versions import write_publication
from gis.store.workers import post
from gis.store.write import record_run

if TYPE_CHECKING:
    import datetime as dt

    from gis.remarks import Report, Severity
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.judging import Checked
    from gis.store.networks import StoredLevel
    from gis.store.stored_plans import StoredPlan
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
        First day on which they are in force, in the district's time zone: from midnight, or from the moment of that
        day on at which their cells and divisions are what they are.
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
        The district has no cells; other grids of the network are in force there; cells or divisions are younger, or
        about to be replaced.
    InputError
        With the report: a grid gets no cell, or none does; the date lies ahead.
    """
    with lock(connection, district) as place:
        now = clock()
        if effective > local_date(now, place.time_zone):
            raise InputError(
                f"Grids in force cannot begin on {effective}, which lies ahead.",
                "Give the day since when they are in force; what is to come is made as a plan.",
            )
        as_of = place.as_of or local_date(now, place.time_zone)
        progress("import grids", 0, 4)
        cells = read_cells(connection, place, as_of=as_of, at=now)
        of = level_asked(connection, place, (network, level), sorted(set(cells.tessellation.cells["community_id"])))
        ground = read_frames(connection, place, at=now, as_of=as_of)
        drawn = drawn_grids(batch, place)
        mended = mend_polygons(np.asarray(drawn.geometry.array, object))
        match, old = match_grids(cells, ground, drawn, mended.polygons)
        _require_lasting(connection, place, cells.ids[match.grid_of >= 0])
        if exact:
            lines = mended.polygons
            cells = cut_along(
                connection, place, cells, ground, match.crossed, lines, batch.report, effective=effective, now=now
            )
            match, old = match_grids(cells, ground, drawn, mended.polygons)
        tell_differences(batch.report, old, mended, match)
        _require_cells(batch.report, match, accept_partial=accept_partial)
        progress("import grids", 1, 4)
        inside = Divisions.read(connection, place, of, cells, match)
        mine = np.flatnonzero(match.grid_of >= 0)
        part = read_cells(connection, place, as_of=as_of, at=now, cells=cells.ids[mine])
        stored = plan_of_grids(place, of, part, drawn, match.grid_of[mine], inside, as_of=as_of, at=now)
        if _in_force(connection, of, stored, inside):
            batch.report.counts.update({"inserted": 0, "unchanged": len(stored.plan.grids)})
            return Step(batch.report, tessellation_id=cells.tessellation_id)
        since = _begin(connection, place, stored, inside, effective, batch.report)
        found = checked(connection, place, stored, inside.outlines(cells))
        _tell_checks(batch.report, found)
        progress("import grids", 2, 4)
        stored = _write_plan(connection, stored, found, batch.report, by=by, now=now)
        ready = keep(connection, place, stored, found, changes_of(connection, stored), origin="import")
        head = read_head(connection, place, stored.id)
        done = write_publication(connection, place, head, ready, effective=since, now=now, by=by, origin="import")
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


# ------------------------------------------------------------------------------------------ what is refused
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


def _in_force(connection: Connection, of: StoredLevel, stored: StoredPlan, inside: Divisions) -> bool:
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


def _period(connection: Connection, cells: np.ndarray) -> tuple[dt.datetime | None, dt.datetime | None]:
    """From when on all of some cells are there, and up to when."""
    row = connection.execute(query("grids.period"), {"cells": cells.tolist()}).fetchone()
    return (row[0], row[1]) if row else (None, None)


def _require_lasting(connection: Connection, place: District, cells: np.ndarray) -> None:
    """Refuse to put grids on cells of which it is known already that others take their place.

    Raises
    ------
    ConflictError
    """
    _, ends = _period(connection, cells)
    if ends is not None:
        day = local_date(ends, place.time_zone)
        raise ConflictError(
            f"A plan is published that puts others in the place of cells of these grids at {ends:%Y-%m-%d %H:%M %Z}.",
            f"Import them on that day with --effective {day}, or take the plan back first: gridkeeper plan withdraw.",
        )


def _begin(
    connection: Connection,
    place: District,
    stored: StoredPlan,
    inside: Divisions,
    effective: dt.date,
    report: Report,
) -> dt.datetime:
    """Say when on a day grids begin: at midnight, or as soon as their cells and divisions are what they are.

    Raises
    ------
    ConflictError
        That is on a later day.
    """
    begun, _ = _period(connection, stored.cells.ids)
    youngest = max((moment for moment in (begun, inside.since) if moment is not None), default=None)
    since = first_moment(effective, youngest, place.time_zone)
    day = local_date(since, place.time_zone)
    if day > effective:
        raise ConflictError(
            f"The cells or communities of these grids are what they are only since {since:%Y-%m-%d %H:%M %Z}.",
            f"Give --effective {day} or a later day: what was in force before that stood on others.",
        )
    if since == youngest:
        text = f"Cells or communities of these grids began at {since:%Y-%m-%d %H:%M %Z}; the grids begin with them."
        report.add("note", "grids_begin_with_cells", text)
    return since


# ------------------------------------------------------------------------------------------ what is wrong with them
NEXT_PLAN_ZH = "这些社区的下一个方案须通过这项检查。"


def _tell_checks(report: Report, found: Checked) -> None:
    failed = [check for check in found.checks if not check.passed]
    for check in failed:
        severity: Severity = "left_over" if check.hard else "note"
        words: dict[str, Any] = {"message_zh": check.message["zh"], "amount": len(check.offenders)}
        if check.hard:
            words |= {"remedy": "The next plan of these communities must pass.", "remedy_zh": NEXT_PLAN_ZH}
        report.add(severity, f"check_{check.name}", check.message["en"], **words)
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
