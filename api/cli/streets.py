"""How are the homes of streets counted and changed on the command line?"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from api.cli._store import open_store

__all__ = ["register"]

# Everything that loads geometry libraries is imported where it is used: `gridkeeper --help` should not wait for it.

District = Annotated[str, typer.Argument(help="Code of the district, as `gridkeeper districts` lists it.")]
Street = Annotated[str, typer.Argument(help="Code of the segment or crossing, as its card on the map shows it.")]
Community = Annotated[str | None, typer.Option(help="Whose side, where the street is a border.")]

street_app = typer.Typer(help="Who answers for a street.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("streets")(streets)
    app.add_typer(street_app, name="street")


def streets(
    district: District, *, as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False
) -> None:
    """Count the streets of a district and the events along them, and list the homes that a person chose."""
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console  # noqa: PLC0415
    from gis.clock import utc_now  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    with open_store() as connection:
        place = pipeline.district_of(connection, district)
        counts, chosen = pipeline.summarise_streets(connection, place, utc_now())
    if as_json:
        print(json.dumps({**counts, "homes_chosen": chosen}, ensure_ascii=False, default=str))
        return
    console.print(", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in counts.items()))
    if chosen:
        table = Table("street", "community", "name", "cell", "chosen by", "reason", "since")
        for row in chosen:
            table.add_row(*(str("" if value is None else value) for value in row.values()))
        console.print(table)


@street_app.command("home")
def home(
    district: District,
    street: Street,
    *,
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who does it: a name of `gridkeeper person list`.")],
    grid: Annotated[str | None, typer.Option(help="Code of the grid that is to answer.")] = None,
    cell: Annotated[int | None, typer.Option(help="Its cell; the one with the longest frontage by default.")] = None,
    community: Community = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
) -> None:
    """Give a street another home from now on; the events along it follow."""
    from gis.clock import utc_now  # noqa: PLC0415
    from gis.errors import InputError  # noqa: PLC0415
    from gis.plans import read_name  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415
    from gis.store.rehoming import read_moved_along  # noqa: PLC0415

    if (grid is None) == (cell is None):
        raise InputError(
            "Nobody says which grid is to answer.", "Name it with --grid CODE, or its cell with --cell ID."
        )
    with open_store() as connection:
        place, now = pipeline.district_of(connection, district), utc_now()
        number = pipeline.find_street(connection, place, street, community, at=now)
        if cell is None:
            cell = pipeline.choose_cell(connection, place, number, grid or "", at=now)
        made = pipeline.set_home(connection, district, number, cell, pipeline.Actor(read_name(by)), reason)
        went = sum(row["at"] >= now for row in read_moved_along(connection, made))
    print(f"Street {street}: cell {cell} answers from now on. {went} open event{'s' if went != 1 else ''} moved.")


@street_app.command("moved")
def moved(district: District, street: Street, *, community: Community = None) -> None:
    """List the open events that went to another grid when a street got another home: from whom to whom, and why."""
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console  # noqa: PLC0415
    from gis.clock import utc_now  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415
    from gis.store.rehoming import read_moved_along  # noqa: PLC0415

    with open_store() as connection:
        place = pipeline.district_of(connection, district)
        number = pipeline.find_street(connection, place, street, community, at=utc_now())
        rows = read_moved_along(connection, number)
    table = Table("at", "event", "kind", "from", "workers", "to", "workers ", "said by", "reason")
    names = ("code", "class_name", "from_grid", "from_workers", "to_grid", "to_workers", "person", "reason")
    for row in rows:
        table.add_row(f"{row['at']:%Y-%m-%d %H:%M %Z}", *(row[name] or "-" for name in names))
    if rows:
        console.print(table)
    print(f"{len(rows)} open event{'s' if len(rows) != 1 else ''} of street {street} moved.")
