"""What do the cells of a plan weigh: how much of what its load counts lies in each?

People and key persons are those of the date of the plan's households, events those of the 365 days before the local day
on which it was divided (``counted_on`` of its settings), parts those there are.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gis.locate import Locator
from gis.partition.loads import HOUSEHOLDS, PERSONS, Load, weighed
from gis.store.copying import fetch_frame, fetch_geo_frame
from gis.store.metric import to_metric
from gis.store.queries import query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.reading import StoredCells

__all__ = ["YEAR", "counts_of_cells", "load_of", "rules_of", "weighed_cells"]

YEAR = dt.timedelta(days=365)
"""A year of events."""
LOCATED = ("parts", "events")


def load_of(settings: Mapping[str, Any]) -> Load:
    """Give what a plan balances, by its settings."""
    return Load.parse(settings.get("load") or HOUSEHOLDS)


def rules_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Give what of a plan's settings its checks, measures and reasons go by, where it is out of the ordinary.

    Returns
    -------
    dict
        ``load``, ``target``, ``minimum``, ``maximum``, ``keep_whole``, ``hard_barriers`` and ``counted_on``; empty
        where households are balanced, nothing is said of units (``""``: none is kept whole any more) and everything may
        be crossed.
    """
    told = settings.get("keep_whole") is not None or settings.get("hard_barriers")
    special = told or not load_of(settings).plain
    names = ("load", "target", "minimum", "maximum", "keep_whole", "hard_barriers", "counted_on")
    return {name: settings.get(name) for name in names} if special else {}


def weighed_cells(
    connection: Connection,
    place: District,
    cells: StoredCells,
    settings: Mapping[str, Any],
    *,
    as_of: dt.date,
    at: dt.datetime,
    duty: bool,
    required: bool = True,
) -> StoredCells:
    """Give cells the load that a plan balances.

    Parameters
    ----------
    settings : mapping
        Of the plan: ``load`` and ``counted_on``.
    as_of : date
        Of the counts of people and key persons.
    at : datetime
        Buildings count while they stand.
    duty : bool
        Events count in the cell that has the duty.
    required : bool
        False: a term whose data have gone counts as 0, for a plan that was made when there were some.

    Raises
    ------
    InputError
        The district has no data of a term.
    """
    load = load_of(settings)
    if load.plain:
        return cells
    shapes = np.asarray(cells.tessellation.cells.geometry.array, object)
    counts = counts_of_cells(connection, place, (cells.ids, shapes), settings, as_of=as_of, at=at, duty=duty)
    if not required:
        none = set(load.terms) - {HOUSEHOLDS, "area"}
        counts = dict.fromkeys(none, np.zeros(len(cells.ids))) | counts
    return replace(cells, tessellation=weighed(cells.tessellation, load, counts, f"district {place.code}"))


def counts_of_cells(
    connection: Connection,
    place: District,
    cells: tuple[np.ndarray, np.ndarray],
    settings: Mapping[str, Any],
    *,
    as_of: dt.date,
    at: dt.datetime,
    duty: bool,
) -> dict[str, np.ndarray]:
    """Count what a plan's load counts beside households and area, as far as the district has it.

    Parameters
    ----------
    cells : (ndarray of int64, ndarray of Polygon)
        Numbers, ascending, and shapes in the metric CRS.
    settings, as_of, at, duty
        See `weighed_cells`.

    Returns
    -------
    dict of str to ndarray, shape (cells,)
    """
    load, ids = load_of(settings), cells[0]
    day = dt.date.fromisoformat(settings["counted_on"])
    until = dt.datetime.combine(day, dt.time(), ZoneInfo(place.time_zone))
    values = {"district": place.id, "as_of": as_of, "at": at, "since": until - YEAR, "until": until, "duty": duty}
    there = connection.execute(query("weighing.there_are"), values).fetchone() or (False,) * 4
    known = dict(zip((*PERSONS, *LOCATED), there, strict=True))
    counts: dict[str, np.ndarray] = {}
    persons = [name for name in PERSONS if name in load.terms and known[name]]
    if persons:
        held = fetch_frame(connection, query("weighing.persons"), values | {"cells": ids.tolist()})
        counts |= {name: _sums(ids, held.rename(columns={name: "n"})) for name in persons}
    for kind in LOCATED:
        terms = [name for name in load.terms if name.partition(":")[0] == kind]
        if terms and known[kind]:
            found = _located(connection, place, cells, kind, values)
            for name in terms:
                counts[name] = _sums(ids, found[found["class"].str.startswith(name.partition(":")[2])])
    return counts


def _located(
    connection: Connection,
    place: District,
    cells: tuple[np.ndarray, np.ndarray],
    kind: str,
    values: dict[str, Any],
) -> pd.DataFrame:
    """Give ``cell_id``, ``class`` and ``n`` of parts or events: as they were located, in new cells of a draft anew."""
    ids, shapes = cells
    asked = {"cells": ids.tolist()}
    found = fetch_frame(connection, query(f"weighing.{kind}"), values | asked)
    drafted = [row[0] for row in connection.execute(query("weighing.only_drafted"), asked)]
    if not drafted:
        return found
    gone = [row[0] for row in connection.execute(query("weighing.replaced"), asked | {"drafted": drafted})]
    points = fetch_geo_frame(connection, query(f"weighing.{kind}_in"), values | {"cells": gone})
    places = to_metric(np.asarray(points.geometry.array, object), place.metric_crs)
    cell = Locator(shapes, [str(number) for number in ids]).locate(places).polygon
    rows = {"cell_id": ids[cell], "class": points["class"], "n": 1.0}
    return pd.concat([found, pd.DataFrame(rows)[cell >= 0]], ignore_index=True)


def _sums(ids: np.ndarray, found: pd.DataFrame) -> np.ndarray:
    """Sum up rows of ``cell_id`` and ``n`` by cell."""
    at = np.searchsorted(ids, found["cell_id"].to_numpy(np.int64))
    return np.bincount(at, found["n"].to_numpy(float), len(ids))
