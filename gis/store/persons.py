"""Whose names are there to choose from?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.clock import Clock, utc_now
from gis.errors import InputError
from gis.plans import Actor, read_name
from gis.store.queries import query

if TYPE_CHECKING:
    from gis.store.connect import Connection

__all__ = ["add_person", "list_persons", "require_person"]


def list_persons(connection: Connection) -> list[tuple[int, str]]:
    """List number and name of every person, in the order they came."""
    return [(int(row[0]), str(row[1])) for row in connection.execute(query("drafts.persons"))]


def add_person(connection: Connection, name: str, *, clock: Clock = utc_now) -> tuple[int, str]:
    """Put a name on the list; one that is there already is given back, however it is written.

    Raises
    ------
    InputError
        It is no name.
    """
    wanted = Actor(read_name(name))
    with connection.transaction():
        for number, known in list_persons(connection):
            if wanted.is_same_as(Actor(known)):
                return number, known
        connection.execute(query("drafts.insert_person"), {"name": wanted.name, "now": clock()})
        row = connection.execute(query("drafts.person"), {"name": wanted.name}).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, wanted.name)


def require_person(connection: Connection, actor: Actor) -> Actor:
    """See that who acts is on the list; the name as it is written there.

    Raises
    ------
    InputError
        With the names that there are.
    """
    known = [name for _, name in list_persons(connection)]
    for name in known:
        if actor.is_same_as(Actor(name)):
            return Actor(name, actor.verified)
    raise InputError(
        f"{actor.name} is not on the list of persons.",
        (f"Choose one of: {', '.join(known[:20])}; or add" if known else "Add")
        + f" the name: gridkeeper person add '{actor.name}'.",
    )
