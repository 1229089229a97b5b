"""Which networks has a district, what is in force in each of their levels, and how is one added?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from gis.errors import ConflictError, NotFoundError
from gis.networks import Level, Network, require_sound
from gis.store.districts import lock
from gis.store.queries import query

if TYPE_CHECKING:
    import datetime as dt

    from gis.store.connect import Connection
    from gis.store.districts import District

__all__ = [
    "LevelInForce",
    "StoredLevel",
    "add_network",
    "levels_in_force",
    "network_tree",
    "read_level",
    "read_networks",
]


@dataclass(frozen=True)
class StoredLevel:
    """A level of a network of the store.

    Parameters
    ----------
    network_id : int
    network : Network
        With all its levels.
    level : Level
        The one meant.
    """

    network_id: int
    network: Network
    level: Level

    @property
    def duty(self) -> bool:
        """Whether the home of a street has the duty there."""
        return self.network.street_rule == "duty"

    @property
    def coarser(self) -> Level | None:
        """The level above, where there is one."""
        return next((one for one in self.network.levels if one.level == self.level.level - 1), None)

    @property
    def finer(self) -> Level | None:
        """The level below, where there is one."""
        return next((one for one in self.network.levels if one.level == self.level.level + 1), None)


@dataclass(frozen=True)
class LevelInForce:
    """What is in force in a level at a moment: `version` and `effective` None where nothing is."""

    network: str
    level: int
    version: int | None
    effective: dt.datetime | None
    grids: int


def add_network(connection: Connection, district: str, network: Network) -> int:
    """Add a network with its levels, in one transaction; it has no grids yet.

    Returns
    -------
    int
        Its number.

    Raises
    ------
    InputError
        The network contradicts itself.
    ConflictError
        The district has a network of that code.
    NotFoundError
        No such district.
    """
    require_sound(network)
    with lock(connection, district) as place:
        values = {**asdict(network), "district": place.id}
        row = connection.execute(query("networks.insert"), values).fetchone()
        if row is None:
            raise ConflictError(
                f"District {place.code} has a network {network.code} already.", "Give the new one another code."
            )
        number = int(row[0])
        for level in network.levels:
            connection.execute(query("networks.insert_level"), {**asdict(level), "network": number})
    return number


def read_networks(connection: Connection, place: District, code: str | None = None) -> list[tuple[int, Network]]:
    """Read the networks of a district (or the one of a code) with their numbers, in the order they were added.

    Raises
    ------
    NotFoundError
        A code is given that no network has.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query("networks.levels"), {"district": place.id, "network": code}).fetchall()
    if code is not None and not rows:
        raise NotFoundError(
            f"District {place.code} has no network {code!r}.",
            f"`gridkeeper network list {place.code}` lists its networks.",
        )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(row)
    return [(number, _network(levels)) for number, levels in found.items()]


def _network(rows: list[dict[str, Any]]) -> Network:
    own = {name: rows[0][name] for name in ("code", "name", "name_en", "street_rule")}
    levels = tuple(Level(**{name: row[name] for name in Level.__dataclass_fields__}) for row in rows)
    return Network(**own, levels=levels)


def read_level(connection: Connection, place: District, network: str, level: int = 1) -> StoredLevel:
    """Read one level of a network.

    Raises
    ------
    NotFoundError
        The district has no such network, or the network no such level.
    """
    [(number, found)] = read_networks(connection, place, network)
    for one in found.levels:
        if one.level == level:
            return StoredLevel(number, found, one)
    raise NotFoundError(
        f"Network {network} of district {place.code} has no level {level}.",
        f"It has {', '.join(str(one.level) for one in found.levels)}.",
    )


def levels_in_force(connection: Connection, place: District, at: dt.datetime) -> list[LevelInForce]:
    """Tell what is in force in every level of a district's networks at a moment."""
    rows = connection.execute(query("networks.in_force"), {"district": place.id, "at": at})
    return [LevelInForce(*row) for row in rows]


def network_tree(
    connection: Connection, place: District, network: str, at: dt.datetime, as_of: dt.date
) -> list[dict[str, Any]]:
    """Tell how the grids of a network lie in each other at a moment, from coarse to fine.

    Returns
    -------
    list of dict
        ``level``, ``code``, ``name``, ``kind``, ``division`` (code), ``parent`` (code of the grid of the level above
        that holds its cells, None at the top), ``households`` of `as_of`, ``area_m2``.

    Raises
    ------
    NotFoundError
        The district has no such network.
    """
    [(number, _)] = read_networks(connection, place, network)
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query("networks.tree"), {"network": number, "at": at, "as_of": as_of}).fetchall()
