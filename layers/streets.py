"""How is a street told with who answers for it, and changed?

Each function opens a connection of its own; the routes run it in a worker thread.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gis.store.connect import connect
from gis.store.streets import cells_beside, choose_cell, read_street, set_home

if TYPE_CHECKING:
    from gis.clock import Clock
    from gis.plans import Actor
    from gis.store.connect import Connection
    from gis.store.serve.places import District

__all__ = ["card", "change_home"]


def card(database_url: str, district: District, street: int) -> dict[str, Any]:
    """Tell all of a street at the district's moment, as `api.models.streets.StreetCard`.

    Raises
    ------
    NotFoundError
        No such street then.
    """
    with connect(database_url) as connection:
        return _card(connection, district, street)


def change_home(
    database_url: str,
    district: District,
    street: int,
    actor: Actor,
    *,
    cell: int | None,
    grid_code: str | None,
    reason: str | None,
    clock: Clock,
) -> dict[str, Any]:
    """Give a street another home from now on, by a cell or by a grid, and tell it as it is then.

    Raises
    ------
    NotFoundError, InputError
        See `gis.store.streets.set_home`.
    """
    with connect(database_url) as connection:
        if cell is None:
            cell = choose_cell(
                connection,
                district,
                street,
                grid_code or "",
                at=clock(),
                network=district.network,
                level=_level(district),
            )
        made = set_home(connection, district.code, street, cell, actor, reason, clock)
        return _card(connection, replace(district, at=clock()), made)


def _level(district: District) -> int:
    return district.level or 1


def _card(connection: Connection, district: District, street: int) -> dict[str, Any]:
    at, network, level = district.at, district.network, _level(district)
    row, homes = read_street(connection, district, street, at=at, network=network, level=level)
    beside = cells_beside(connection, district, row["id"], at=at, network=network, level=level)
    seen = beside.drop_duplicates("grid_code").sort_values("grid_code")
    names = zip(seen["grid_code"], seen["grid_name"], seen["colour"], strict=True)
    return {
        "id": row["id"],
        "code": row["code"],
        "kind": row["kind"],
        "street_class": row["class"],
        "name": row["name"],
        "width_m": 2 * row["half_width_m"],
        "length_m": round(row["length_m"], 1),
        "community": {"code": row["community_code"], "name": row["community_name"]},
        "cell": row["cell_id"],
        "grid": _grid(row["grid_code"], row["grid_name"], row["colour"]) if row["grid_code"] else None,
        "person": row["person"],
        "reason": row["reason"],
        "homes": [
            {
                "cell": home["cell_id"],
                "grid_code": home["grid_code"],
                "person": home["person"],
                "reason": home["reason"],
                "valid_from": home["since"],
                "valid_to": home["until"],
            }
            for home in homes
        ],
        "choices": [_grid(*named) for named in names],
        "center": row["center"],
        "bbox": row["bbox"],
    }


def _grid(code: str, name: str, colour: int) -> dict[str, Any]:
    return {"code": code, "name": name, "colour": int(colour)}
