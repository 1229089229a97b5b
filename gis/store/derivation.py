"""Where does each thing lie now, and where did it lie among the cells and streets that were before?

A part or event holds its newest derivation; `part_cell` and `event_cell` hold those before, each with its period. They
are always derived together, over every generation of cells and streets, so they are the same whatever happened first:
an import, a publication, its withdrawal or the choice of a home.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.clock import Clock, utc_now
from gis.progress import Progress, quiet
from gis.remarks import Report
from gis.store.copying import copy_frame, fetch_geo_frame
from gis.store.districts import District, lock
from gis.store.locating import Cells, cells_in_force, place_frame, settle_buildings, stage_found
from gis.store.metric import to_metric
from gis.store.queries import query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.store.connect import Connection

__all__ = ["derive", "derive_imported", "locate_things", "newest_cells", "relocate"]

JUST_BEFORE = dt.timedelta(microseconds=1)
FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)
ALWAYS = dt.datetime.min.replace(tzinfo=dt.UTC)
UNCOVERED = ["near", "outside"]
FOUND = ["cell_id", "duty_cell_id", "how", "distance_m"]


def locate_things(
    connection: Connection, district: str, *, progress: Progress = quiet, clock: Clock = utc_now
) -> Report:
    """Locate all parts, events and new buildings of a district to its cells, in one transaction.

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
        for how, n in derive(connection, place, kind, clock=clock)["how"].value_counts().items():
            report.counts[f"{kind}_{how}"] = int(n)
    progress("locate", 2, 3)
    settle_buildings(connection, place, cells, report, clock())
    progress("locate", 3, 3)
    return report


@dataclass(frozen=True)
class Generation:
    """A period in which neither cells nor places of streets changed."""

    start: dt.datetime
    end: dt.datetime

    def moment(self, now: dt.datetime) -> dt.datetime:
        """Give a moment of it: now, if it is one, else its last, of the newest its first."""
        if self.start <= now < self.end:
            return now
        return self.start if self.end == FOREVER else self.end - JUST_BEFORE


def _generations(connection: Connection, place: District) -> list[Generation]:
    moments = [row[0] for row in connection.execute(query("things.moments"), {"district": place.id})]
    bounds = [ALWAYS, *moments, FOREVER]
    return [Generation(a, b) for a, b in itertools.pairwise(bounds)]


def newest_cells(connection: Connection, place: District, now: dt.datetime) -> Cells:
    """Fetch the cells and streets of the newest generation, which may lie ahead."""
    return cells_in_force(connection, place, _generations(connection, place)[-1].moment(now))


def derive(
    connection: Connection,
    place: District,
    kind: str,
    *,
    ids: Sequence[int] | None = None,
    clock: Clock = utc_now,
) -> pd.DataFrame:
    """Locate parts or events over all generations and store what was found, inside the caller's transaction.

    Parameters
    ----------
    kind : {"parts", "events"}
        Parts stay geometric.
    ids : sequence of int, optional
        All by default.

    Returns
    -------
    DataFrame
        The newest derivation: ``id``, and the columns of `gis.store.locating.place_frame`.
    """
    chosen = None if ids is None else list(ids)
    things = fetch_geo_frame(connection, query(f"things.{kind}"), {"district": place.id, "ids": chosen})
    points = np.asarray(things.geometry.array, object)
    box = None if chosen is None else _box(points)
    now, ages = clock(), _generations(connection, place)
    on_streets = kind == "events"
    cells = cells_in_force(connection, place, ages[-1].moment(now), box=box)
    newest = place_frame(cells, place, points, on_streets=on_streets)
    if box is not None and newest["how"].isin(UNCOVERED).any():  # the nearest cell may lie anywhere
        box = None
        cells = cells_in_force(connection, place, ages[-1].moment(now))
        newest = place_frame(cells, place, points, on_streets=on_streets)
    newest["id"] = things["id"].to_numpy(np.int64)
    homes = _Homes(connection.execute(query("things.homes"), {"district": place.id}).fetchall())
    several = np.zeros(len(points), bool)
    former = [cells_in_force(connection, place, age.moment(now), box=box) for age in ages[:-1]]
    metres = to_metric(points, place.metric_crs) if former else points
    for before in former:
        several |= _changed(cells, before, newest, metres, on_streets=on_streets)
    if on_streets:
        several |= homes.had_several(cells, newest)
    past = []
    rows = np.flatnonzero(several)
    if len(rows):
        found = [place_frame(before, place, points[rows], on_streets=on_streets) for before in former]
        found.append(newest.iloc[rows])
        told = [
            homes.spread(each, those.streets, age)
            for each, those, age in zip(found, [*former, cells], ages, strict=True)
        ]
        for i, row in enumerate(rows):
            *before_last, last = _joined([stretch for each in told for stretch in each[i]])
            past += [(int(newest["id"].iloc[row]), *stretch) for stretch in before_last]
            newest.loc[row, "duty_cell_id"] = pd.NA if last[1] is None else last[1]
    _store(connection, kind, newest, past)
    return newest


def derive_imported(
    connection: Connection, place: District, kind: str, codes: list[str], *, clock: Clock = utc_now
) -> None:
    """Derive what was just imported for the generations before, where there are any; the newest was written with it."""
    values = {"district": place.id}
    if (
        len(_generations(connection, place)) == 1
        and connection.execute(query("things.homes"), values).fetchone() is None
    ):
        return
    rows = connection.execute(query(f"things.{kind}_by_code"), {**values, "codes": codes})
    derive(connection, place, kind, ids=[row[0] for row in rows], clock=clock)


def _box(points: np.ndarray) -> tuple[float, float, float, float] | None:
    """Give the box round some points, where all have a place."""
    if not len(points) or shapely.is_missing(points).any():
        return None
    west, south, east, north = (float(v) for v in shapely.total_bounds(points))
    return (west, south, east, north) if np.isfinite([west, south, east, north]).all() else None


def _changed(cells: Cells, before: Cells, found: pd.DataFrame, points: np.ndarray, *, on_streets: bool) -> np.ndarray:
    """Which things may have lain elsewhere in a former generation, shape (things,) of bool."""
    same = np.intersect1d(_pairs(cells), _pairs(before))
    kept = cells.id[np.isin(_pairs(cells), same)]
    mine = found["cell_id"].to_numpy(np.int64, na_value=-1)
    moved: np.ndarray = (mine >= 0) & ~np.isin(mine, kept)
    if len(same) < max(len(cells.id), len(before.id)):
        moved |= found["how"].isin(UNCOVERED).to_numpy()
    if on_streets:
        here, there = _places(cells.streets), _places(before.streets)
        came, went = ~here.isin(there).to_numpy(), ~there.isin(here).to_numpy()
        street = found["street"].to_numpy(np.int64)
        moved[street >= 0] |= came[street[street >= 0]]
        if went.any():
            gone = before.streets[went]
            _, near = shapely.STRtree(points).query(
                gone["shape"].to_numpy(object), predicate="dwithin", distance=gone["half_width_m"].to_numpy(float)
            )
            moved[near] = True
    return moved


def _pairs(cells: Cells) -> np.ndarray:
    """Cell and community in one number: a cell of another community has other streets."""
    pairs: np.ndarray = cells.id * (1 << 31) + cells.community_id
    return pairs


def _places(streets: pd.DataFrame) -> pd.Series:
    """Where each street is and whose side: what must be the same for a thing to lie on it as before."""
    wkb = shapely.to_wkb(streets["shape"].to_numpy(object))
    keys = zip(streets["code"], streets["community_id"], streets["half_width_m"], wkb, strict=True)
    return pd.Series(list(keys), dtype=object)


Stretch = tuple[Any, Any, Any, Any, dt.datetime, dt.datetime]
"""Cell, duty cell, how, metres; from, to."""


class _Homes:
    """Homes over time of the streets that had several."""

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._of: dict[tuple[str, int], list[tuple[int, dt.datetime, dt.datetime]]] = {}
        for code, community, cell, since, until in rows:
            self._of.setdefault((code, community), []).append((cell, since or ALWAYS, until or FOREVER))

    def had_several(self, cells: Cells, found: pd.DataFrame) -> np.ndarray:
        """Which things lie on a street that had several homes, shape (things,) of bool."""
        keys = zip(cells.streets["code"], cells.streets["community_id"], strict=True)
        known = np.array([*(key in self._of for key in keys), False], bool)
        several: np.ndarray = known[found["street"].to_numpy(np.int64)]
        return several

    def spread(self, found: pd.DataFrame, streets: pd.DataFrame, age: Generation) -> list[list[Stretch]]:
        """Give the stretches of each thing within a generation: one for each home its street had in it."""
        told: list[list[Stretch]] = []
        codes, sides = streets["code"].to_numpy(object), streets["community_id"].to_numpy(np.int64)
        for cell, duty, how, metres, street in found[[*FOUND, "street"]].itertuples(index=False, name=None):
            plain = (_or_none(cell), _or_none(duty), how, _or_none(metres))
            periods = self._of.get((codes[street], int(sides[street]))) if street >= 0 else None
            if periods is None:
                told.append([(*plain, age.start, age.end)])
                continue
            told.append(
                [
                    (plain[0], None if home == plain[0] else home, how, plain[3], max(a, age.start), min(b, age.end))
                    for home, a, b in periods
                    if a < age.end and b > age.start
                ]
            )
        return told


def _joined(stretches: list[Stretch]) -> list[Stretch]:
    """Join stretches that say the same cell and duty; the later one tells how."""
    joined = stretches[:1]
    for stretch in stretches[1:]:
        if stretch[:2] == joined[-1][:2]:
            joined[-1] = (*stretch[:4], joined[-1][4], stretch[5])
        else:
            joined.append(stretch)
    return joined


def _or_none(value: Any) -> Any:
    return None if pd.isna(value) else value


def _store(connection: Connection, kind: str, newest: pd.DataFrame, past: list[tuple[Any, ...]]) -> None:
    """Write the newest derivation and put the former ones in the place of those that were there."""
    stage_found(connection, newest)
    connection.execute(query(f"things.forget_past_{kind}"))
    connection.execute(query(f"things.place_{kind}"))
    if not past:
        return
    frame = pd.DataFrame(past, columns=["id", *FOUND, "since", "until"], dtype=object)
    for name, bound in (("since", ALWAYS), ("until", FOREVER)):
        frame[name] = pd.Series([None if v == bound else v for v in frame[name]], dtype=object)
    with connection.cursor() as cursor:
        cursor.execute(query("things.drop_past"))
        cursor.execute(query("things.create_past"))
        copy_frame(cursor, "past", frame)
        cursor.execute(query(f"things.keep_past_{kind}"))
