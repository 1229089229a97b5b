"""Which cell answers for each street of a district, since when, and who said so?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import geopandas as gpd
import numpy as np
import shapely
from psycopg.rows import dict_row

from gis.clock import Clock, utc_now
from gis.errors import InputError, NotFoundError
from gis.store.copying import copy_frame, fetch_frame, fetch_geo_frame
from gis.store.derivation import derive
from gis.store.districts import bump_layers, lock
from gis.store.locating import NETWORK, cells_in_force
from gis.store.metric import to_metric, to_stored
from gis.store.persons import require_person
from gis.store.queries import query
from gis.store.rehoming import rehome, rehome_along
from gis.streets import home_cells, longest_front, street_ways

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from gis.plans import Actor
    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = [
    "Change",
    "cells_beside",
    "choose_cell",
    "derive_streets",
    "find_street",
    "read_street",
    "rederive",
    "renew_streets",
    "set_home",
    "summarise_streets",
]

SAME_DEGREES = 1e-9
"""A line is where it was when no vertex moved by more (0.1 mm)."""
BESIDE_DEGREES = 0.002
"""How far from a street a grid may lie to be a choice for it (about 200 m)."""


class HasId(Protocol):
    """A district, as written to or as served."""

    @property
    def id(self) -> int:
        """Number of the district."""

    @property
    def code(self) -> str:
        """Code of the district."""

    @property
    def metric_crs(self) -> str:
        """Its CRS in metres."""


@dataclass(frozen=True)
class Change:
    """What deriving anew did: rows of the table street that began and ended, and those that a person's choice kept."""

    begun: list[int]
    ended: list[int]
    chosen_kept: int


def derive_streets(
    connection: Connection,
    place: District,
    *,
    communities: Sequence[int] | None = None,
    effective: dt.datetime | None = None,
    clock: Clock = utc_now,
) -> Change:
    """Give each street of some communities its home among the cells of a moment, inside the caller's transaction.

    What stays as it was keeps its row; what changes ends at `effective` and begins anew. A home that a person chose
    stays while its cell does.

    Parameters
    ----------
    communities : sequence of int, optional
        Ids; all by default.
    effective : datetime, optional
        When the cells begin. Without it streets are valid always, and what was there is forgotten: before the first
        publication.
    """
    moment = effective or clock()
    cells = cells_in_force(connection, place, moment)
    asked = None if communities is None else [int(c) for c in communities]
    rows = np.arange(len(cells.id)) if asked is None else np.flatnonzero(np.isin(cells.community_id, asked))
    lines = fetch_geo_frame(connection, query("streets.barriers"), {"district": place.id})
    metres = to_metric(np.asarray(lines.geometry.array, object), place.metric_crs)
    ways = street_ways(lines.set_geometry(gpd.GeoSeries(metres, crs=place.metric_crs)))
    made = home_cells(ways, cells.locator.polygons[rows], cells.community_id[rows].tolist())
    new = gpd.GeoDataFrame(
        {
            "district_id": place.id,
            "community_id": made.community.astype(np.int64),
            "code": made.code,
            "kind": np.where(made.crossing, "crossing", "segment"),
            "class": ways.street_class[made.way],
            "name": ways.name[made.way],
            "half_width_m": made.half_m,
            "cell_id": cells.id[rows[made.home]] if len(rows) else np.empty(0, np.int64),
            "valid": "(,)" if effective is None else f"[{effective.isoformat()},)",
        },
        geometry=to_stored(made.geometry, place.metric_crs),
        crs=4490,
    )
    before = fetch_geo_frame(connection, query("streets.open"), {"district": place.id, "communities": asked})
    if effective is None:
        connection.execute(query("streets.forget"), {"district": place.id})
        before = before.iloc[:0]
    stays, replaced, chosen = _compared(before, new, set(cells.id[rows].tolist()))
    ended = before["id"][~stays].to_numpy(np.int64)
    connection.execute(query("streets.end"), {"ids": ended.tolist(), "moment": moment})
    known = set(before["id"].tolist())
    with connection.cursor() as cursor:
        copy_frame(cursor, "street", new[~replaced])
    after = fetch_frame(connection, query("streets.open"), {"district": place.id, "communities": asked})
    bump_layers(connection, place.id, "streets")
    return Change([i for i in after["id"].tolist() if i not in known], ended.tolist(), chosen)


def renew_streets(connection: Connection, place: District, *, clock: Clock = utc_now) -> None:
    """Give streets homes anew because their lines changed, from now on where grids are in force, and events their duty.

    Nothing is done before there are cells.
    """
    now = clock()
    if cells_in_force(connection, place, now).empty:
        return
    since = connection.execute(query("cells.in_force_since"), {"district": place.id}).fetchone()
    effective = now if since and since[0] else None
    change = derive_streets(connection, place, effective=effective, clock=clock)
    things = sorted(_along(connection, place, [*change.begun, *change.ended]))
    derive(connection, place, "events", ids=things if effective else None, clock=clock)


def _compared(before: gpd.GeoDataFrame, new: gpd.GeoDataFrame, cells: set[int]) -> tuple[np.ndarray, np.ndarray, int]:
    """Which old rows stay, which new ones are there already, and how many of them a person's choice keeps."""
    stays, there, chosen = np.zeros(len(before), bool), np.zeros(len(new), bool), 0
    row_of = {key: i for i, key in enumerate(zip(new["code"], new["community_id"], strict=True))}
    old_shapes, new_shapes = np.asarray(before.geometry.array, object), np.asarray(new.geometry.array, object)
    words = ["class", "name", "half_width_m"]
    old_words = before[words].astype(object).where(before[words].notna(), None).to_numpy()
    new_words = new[words].astype(object).where(new[words].notna(), None).to_numpy()
    for i, key in enumerate(zip(before["code"], before["community_id"], strict=True)):
        at = row_of.get(key)
        if at is None or not shapely.equals_exact(old_shapes[i], new_shapes[at], SAME_DEGREES):
            continue
        if tuple(old_words[i]) != tuple(new_words[at]):
            continue
        cell, is_chosen = int(before["cell_id"].iloc[i]), before["person"].iloc[i] is not None
        if cell == new["cell_id"].iloc[at] or (is_chosen and cell in cells):
            stays[i] = there[at] = True
            chosen += is_chosen
    return stays, there, chosen


def rederive(
    connection: Connection,
    place: District,
    *,
    gone: Sequence[int],
    made: Sequence[int],
    effective: dt.datetime,
    communities: Sequence[int] = (),
    withdrawn: bool = False,
    clock: Clock = utc_now,
) -> Change:
    """Derive streets, parts and events anew where a publication replaces cells, inside the caller's transaction.

    The cells must have their periods already. What was found before stays as history, read until `effective`.

    Parameters
    ----------
    gone, made : sequence of int
        Ids of the cells that end and begin.
    effective : datetime
    communities : sequence of int
        Ids of those whose streets get homes anew; those of the cells by default.
    withdrawn : bool
        The publication is taken back (and the periods of the cells with it): what was to begin is dropped and what was
        to end goes on.
    """
    touched = sorted({*map(int, gone), *map(int, made)})
    asked = sorted(map(int, communities)) or [
        row[0] for row in connection.execute(query("streets.communities_of_cells"), {"cells": touched})
    ]
    values = {"district": place.id, "communities": asked, "moment": effective, "cells": touched}
    if withdrawn:
        begun = [row[0] for row in connection.execute(query("streets.begun"), values)]
        ended = [row[0] for row in connection.execute(query("streets.ended"), values)]
        things = _along(connection, place, [*begun, *ended])
        connection.execute(query("streets.drop"), {"ids": begun})
        connection.execute(query("streets.reopen"), {"ids": ended})
        bump_layers(connection, place.id, "streets")
        change = Change(ended, begun, 0)
    else:
        change = derive_streets(connection, place, communities=asked, effective=effective, clock=clock)
        things = _along(connection, place, [*change.begun, *change.ended])
    parts = [row[0] for row in connection.execute(query("things.parts_of_cells"), values)]
    things |= {row[0] for row in connection.execute(query("things.events_of_cells"), values)}
    derive(connection, place, "parts", ids=parts, clock=clock)
    derive(connection, place, "events", ids=sorted(things), clock=clock)
    return change


def _along(connection: Connection, place: District, streets: Sequence[int]) -> set[int]:
    """Events that may lie on some streets."""
    values = {"district": place.id, "streets": list(streets)}
    return {row[0] for row in connection.execute(query("things.events_of_streets"), values)}


def set_home(
    connection: Connection,
    district: str,
    street: int,
    cell: int,
    actor: Actor,
    reason: str | None = None,
    clock: Clock = utc_now,
) -> int:
    """Give a street another home cell from now on; the duty of the events along it follows, in one transaction.

    Open events that so go to another grid are written down: `gis.store.rehoming.read_moved_along`.

    Parameters
    ----------
    street : int
        Any row of the table street of that street and community.
    cell : int
        A cell of the same community.
    actor : Actor
        On the list of persons.
    reason : str, optional

    Returns
    -------
    int
        The row that holds from now on.

    Raises
    ------
    NotFoundError
        No such street now.
    InputError
        The cell is not one of its community now, or the person is not on the list.
    """
    with lock(connection, district) as place:
        now, who = clock(), require_person(connection, actor)
        card, _ = read_street(connection, place, street, at=now)
        found = connection.execute(query("streets.cell"), {"district": place.id, "at": now, "cell": cell}).fetchone()
        if found is None or found[1] != card["community_id"]:
            raise InputError(
                f"Cell {cell} is no cell of {card['community_name']} now: a street has a home in each community.",
                "Choose a grid of the same community.",
            )
        values = {"district": place.id, "code": card["code"], "community": card["community_id"], "moment": now}
        rows = connection.execute(query("streets.later"), {**values, "cell": cell}).fetchall()
        things = _along(connection, place, [row[0] for row in rows])
        made = []
        for number, since, until, fits in rows:
            if not fits:
                continue
            begins = now if since is None else max(since, now)
            connection.execute(query("streets.end"), {"ids": [number], "moment": begins})
            chosen = {"id": number, "cell": cell, "person": who.name, "reason": reason or None}
            row = connection.execute(query("streets.insert"), {**chosen, "since": begins, "until": until}).fetchone()
            made.append(int(row[0]) if row else 0)
        derive(connection, place, "events", ids=sorted(things), clock=clock)
        rehome(connection, place, now)  # what became due first: each move has its own cause
        if made:
            rehome_along(connection, place, made[0], sorted(things), now)
        bump_layers(connection, place.id, "streets")
    return made[0]


def choose_cell(
    connection: Connection,
    place: HasId,
    street: int,
    grid_code: str,
    *,
    at: dt.datetime,
    network: str = NETWORK,
    level: int = 1,
) -> int:
    """Find the cell of a grid that fronts most on a street: the lowest of those nearest to it where none does.

    Raises
    ------
    InputError
        No cell of that grid lies near the street in its community.
    """
    beside = cells_beside(connection, place, street, at=at, network=network, level=level)
    mine = beside[(beside["grid_code"] == grid_code).to_numpy(bool)]
    if not len(mine):
        near = ", ".join(sorted(set(beside["grid_code"])))
        raise InputError(f"Grid {grid_code} does not lie beside street {street}.", f"Choose one of: {near}.")
    shapes = to_metric(np.asarray(mine.geometry.array, object), place.metric_crs)
    row = fetch_geo_frame(connection, query("streets.shape"), {"id": street})
    line = to_metric(np.asarray(row.geometry.array, object), place.metric_crs)[0]
    ids = mine["id"].to_numpy(np.int64)
    return int(ids[longest_front(line, float(row["half_width_m"].iloc[0]), shapes)])


def cells_beside(
    connection: Connection,
    place: HasId,
    street: int,
    *,
    at: dt.datetime,
    network: str = NETWORK,
    level: int = 1,
) -> gpd.GeoDataFrame:
    """Fetch the cells round a street in its community, with their grids: ``id``, ``grid_id``, ``grid_code`` ..."""
    values = {
        "district": place.id,
        "id": street,
        "at": at,
        "network": network,
        "level": level,
        "degrees": BESIDE_DEGREES,
    }
    return fetch_geo_frame(connection, query("streets.cells_beside"), values)


def read_street(
    connection: Connection, place: HasId, street: int, *, at: dt.datetime, network: str = NETWORK, level: int = 1
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Read a street at a moment with its grid, and every home it had or will have, the newest first.

    Parameters
    ----------
    street : int
        Any row of the table street of that street and community.

    Raises
    ------
    NotFoundError
        No such street then.
    """
    values = {"district": place.id, "id": street, "at": at, "network": network, "level": level}
    row = _one(connection, "streets.card", values)
    if row is None:
        raise NotFoundError(f"{place.code} has no street {street} at {at:%Y-%m-%d %H:%M}.", "Choose it on the map.")
    homes = connection.cursor(row_factory=dict_row).execute(
        query("streets.homes"), {**values, "code": row["code"], "community": row["community_id"]}
    )
    return row, homes.fetchall()


def summarise_streets(
    connection: Connection, place: HasId, at: dt.datetime
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Count the streets of a district, and list the homes that a person chose."""
    values = {"district": place.id, "at": at}
    chosen = connection.cursor(row_factory=dict_row).execute(query("streets.chosen"), values).fetchall()
    return _one(connection, "streets.summary", values) or {}, chosen


def _one(connection: Connection, name: str, values: dict[str, Any]) -> dict[str, Any] | None:
    return connection.cursor(row_factory=dict_row).execute(query(name), values).fetchone()


def find_street(
    connection: Connection, place: HasId, code: str, community: str | None = None, *, at: dt.datetime
) -> int:
    """Find the row of a street by its code; the community is needed where it touches several.

    Raises
    ------
    NotFoundError
    InputError
        It touches several communities, and none is named.
    """
    rows = connection.execute(query("streets.find"), {"district": place.id, "code": code, "at": at}).fetchall()
    fitting = [row for row in rows if community in {None, row[1]}]
    if not fitting:
        raise NotFoundError(f"{place.code} has no street {code}.", "See the codes with the streets on the map.")
    if len(fitting) > 1:
        sides = ", ".join(row[1] for row in fitting)
        raise InputError(f"Street {code} has a home in each of {sides}.", "Say which with --community.")
    return int(fitting[0][0])
