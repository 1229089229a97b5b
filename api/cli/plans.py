"""How does a person open, edit, submit, approve and publish a plan on the command line?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import _proposals
from api.cli._dividing import names_of
from api.cli._editing import By, Communities, District, Plan, actor, edit_plan, show_grids
from api.cli._store import open_store
from gis.errors import InputError

if TYPE_CHECKING:
    from gis.store.connect import Connection

__all__ = ["plan_app", "register"]

# Everything that loads geometry libraries is imported where it is used: `gridkeeper --help` should not wait for it.

Network = Annotated[str, typer.Option(metavar="CODE", help="Network, as `gridkeeper network list` lists it.")]
Level = Annotated[int, typer.Option(min=1, help="Level of the network; 1 is the coarsest.")]
Reason = Annotated[str, typer.Option(help="What is to be mended.")]
Effective = Annotated[
    str | None, typer.Option(help="When it takes effect, e.g. 2026-08-01 or 2026-08-01T08:00; the next midnight.")
]

plan_app = typer.Typer(help="Draw grids anew: open a draft, edit, submit, approve, publish.", no_args_is_help=True)
person_app = typer.Typer(help="The persons that --as may name.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    plan_app.command("propose")(_proposals.propose)
    plan_app.command("compare")(_proposals.compare)
    app.add_typer(plan_app, name="plan")
    app.add_typer(person_app, name="person")


@person_app.command("add")
def add_person(name: Annotated[str, typer.Argument(help="Name as it is to be recorded.")]) -> None:
    """Put a name on the list."""
    from gis.store import pipeline  # noqa: PLC0415

    with open_store() as connection:
        print(pipeline.add_person(connection, name)[1])


@person_app.command("list")
def list_persons() -> None:
    """List the names."""
    from gis.store import pipeline  # noqa: PLC0415

    with open_store() as connection:
        found = pipeline.list_persons(connection)
    print("\n".join(name for _, name in found) or "Nobody yet: gridkeeper person add NAME.")


@plan_app.command("open")
def open_plan(
    district: District,
    *,
    communities: Communities,
    by: By,
    title: Annotated[str | None, typer.Option(help="What the plan is for.")] = None,
    network: Network = "community",
    level: Level = 1,
) -> None:
    """Open a draft from the grids in force in some communities."""
    from gis.store import pipeline  # noqa: PLC0415

    with open_store() as connection:
        names = names_of(communities)
        of: dict[str, Any] = {"network": network, "level": level}
        plan = pipeline.open_draft(connection, district, names, actor(by), title=title, **of)
        _show(connection, district, plan)


@plan_app.command("list")
def list_plans(district: District, *, network: Network = "community", level: Level = 1) -> None:
    """List the plans of a district, the newest first."""
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console  # noqa: PLC0415
    from gis.clock import utc_now  # noqa: PLC0415
    from gis.plans import state_of  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415
    from gis.store.lives import life_of  # noqa: PLC0415

    now = utc_now()
    with open_store() as connection:
        place = pipeline.district_of(connection, district)
        rows = pipeline.read_lives(connection, place, now, network=network, level=level)
    table = Table("plan", "title", "state", "communities", "base", "version", "effective", "by", "edits")
    for row in rows:
        codes = [code for code, _ in row["scope"]]
        table.add_row(
            str(row["id"]),
            row["title"] or "",
            state_of(life_of(row), now),
            ", ".join(codes[:3]) + (f" and {len(codes) - 3} more" if len(codes) > 3 else ""),
            _or_dash(row["base_version"]),
            _or_dash(row["version"]),
            _local(row["effective"], place.time_zone),
            row["created_by"],
            str(row["revision"]),
        )
    console.print(table)


@plan_app.command("show")
def show(district: District, plan: Plan) -> None:
    """Show a plan: its grids, what they carry, and its steps."""
    with open_store() as connection:
        _show(connection, district, plan)


@plan_app.command("checks")
def checks(district: District, plan: Plan) -> None:
    """Run all checks over a plan as it is now; exit code 6 when a hard one fails."""
    from api.cli._show import show_checks, show_measures  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    with open_store() as connection:
        done = pipeline.check_plan(connection, district, plan)
    if done.measures:
        show_measures(done.measures)
    show_checks(done)
    if any(check.hard and not check.passed for check in done.checks):
        raise typer.Exit(6)


@plan_app.command("move")
def move(
    district: District,
    plan: Plan,
    *,
    to: Annotated[str, typer.Option(help="Grid they go to: a code of the base, new-1 ..., or 'new'.")],
    by: By,
    cells: Annotated[str | None, typer.Option(help="Numbers of cells, parted by commas.")] = None,
    source: Annotated[str | None, typer.Option("--from", help="All cells of this grid instead.")] = None,
) -> None:
    """Move cells, or a whole grid, to another grid or to a new one."""
    if (cells is None) == (source is None):
        raise InputError("Say what is to be moved.", "Give either --cells 12,13 or --from GRID.")
    if source is not None and to != "new":
        edit_plan(district, plan, by, "merge", {"from": source, "into": to})
        return
    if cells is None:
        raise InputError("A whole grid is no new grid.", "Give --cells to make a new one.")
    numbers = _numbers(cells)
    if to == "new":
        edit_plan(district, plan, by, "new_grid", {"cells": numbers, "key": None})
    else:
        edit_plan(district, plan, by, "move", {"cells": numbers, "to": to})


@plan_app.command("renumber")
def renumber(district: District, plan: Plan, *, communities: Communities, by: By) -> None:
    """Number the grids of communities anew by position; codes that were used do not come back."""
    edit_plan(district, plan, by, "renumber", {"communities": names_of(communities)})


@plan_app.command("waive")
def waive(
    district: District,
    plan: Plan,
    *,
    check: Annotated[str, typer.Option(help="Name of the hard check, as `plan checks` lists it.")],
    grid: Annotated[str, typer.Option(help="Grid of the draft that holds an island.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why this island may fail the check.")],
) -> None:
    """Let a hard check not block a draft for one grid that holds an island."""
    from gis.store import pipeline  # noqa: PLC0415

    with open_store() as connection:
        pipeline.waive(connection, district, plan, actor(by), check, grid, reason)
        _show(connection, district, plan)


@plan_app.command("rebase")
def rebase(district: District, plan: Plan, *, by: By) -> None:
    """Begin a stale draft anew on the version in force and take its edits along."""
    from gis.store import pipeline  # noqa: PLC0415

    with open_store() as connection:
        done = pipeline.rebase_draft(connection, district, plan, actor(by))
        for row in done.left:
            print(f"Cell {row['cell']} stays in {row['stays']}; plan {plan} had it in {row['wanted']}.")
        print(f"{done.taken} cells moved again, {len(done.left)} left as in force, {done.gone} gone.")
        _show(connection, district, done.plan_id)


@plan_app.command("renew")
def renew(district: District, plan: Plan, *, by: By) -> None:
    """Make the cells of a draft anew where buildings, streets or borders have changed; the others stay."""
    edit_plan(district, plan, by, "renew")


@plan_app.command("split")
def split(
    district: District,
    plan: Plan,
    *,
    cell: Annotated[int, typer.Option(min=1, help="Number of the cell.")],
    line: Annotated[str, typer.Option(help="Longitude and latitude of its points: '116.41 39.91, 116.42 39.91'.")],
    by: By,
) -> None:
    """Split a cell of a draft along a line that cuts no building."""
    edit_plan(district, plan, by, "split", {"cell": cell, "line": _line(line)})


@plan_app.command("undo")
def undo(district: District, plan: Plan, *, by: By) -> None:
    """Take back the last edit."""
    edit_plan(district, plan, by, "undo")


@plan_app.command("redo")
def redo(district: District, plan: Plan, *, by: By) -> None:
    """Do again what was undone last."""
    edit_plan(district, plan, by, "redo")


@plan_app.command("submit")
def submit(district: District, plan: Plan, *, by: By) -> None:
    """Hand a draft in for approval; hard checks must pass."""
    _step(district, plan, by, "submit")


@plan_app.command("approve")
def approve(district: District, plan: Plan, *, by: By) -> None:
    """Approve a submitted plan: another person than who submitted it."""
    _step(district, plan, by, "approve")


@plan_app.command("return")
def give_back(district: District, plan: Plan, *, by: By, reason: Reason) -> None:
    """Give a plan back to be mended."""
    _step(district, plan, by, "return", reason=reason)


@plan_app.command("discard")
def discard(district: District, plan: Plan, *, by: By) -> None:
    """Put a plan aside for good."""
    _step(district, plan, by, "discard")


@plan_app.command("publish")
def publish(district: District, plan: Plan, *, by: By, effective: Effective = None) -> None:
    """Publish an approved plan; its grids are in force from the effective time on."""
    _step(district, plan, by, "publish", effective=effective)


@plan_app.command("withdraw")
def withdraw(district: District, plan: Plan, *, by: By) -> None:
    """Take back a publication that is not in force yet."""
    _step(district, plan, by, "withdraw")


@plan_app.command("rollback")
def roll_back(
    district: District,
    *,
    version: Annotated[int, typer.Option(min=1, help="Grids as they were when this version took effect.")],
    by: By,
    communities: Annotated[str | None, typer.Option(help="Where; everywhere that has changed since.")] = None,
    network: Network = "community",
    level: Level = 1,
) -> None:
    """Submit a plan with the grids of an earlier version; another person approves it, then it is published."""
    from gis.store import pipeline  # noqa: PLC0415

    with open_store() as connection:
        where = None if communities is None else names_of(communities)
        of: dict[str, Any] = {"network": network, "level": level}
        plan = pipeline.roll_back(connection, district, version, actor(by), communities=where, **of)
        _show(connection, district, plan)


def _step(district: str, plan: int, by: str, name: str, *, effective: str | None = None, **more: Any) -> None:
    from api.cli.districts import read_moment  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    with open_store() as connection:
        moment = read_moment(effective, pipeline.district_of(connection, district).time_zone)
        pipeline.take_step(connection, district, plan, actor(by), name, effective=moment, **more)
        _show(connection, district, plan)


def _show(connection: Connection, district: str, plan: int) -> None:
    """Print a plan: where it stands, its grids, its steps."""
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console  # noqa: PLC0415
    from gis.clock import utc_now  # noqa: PLC0415
    from layers.planning import plan_grids, told_detail  # noqa: PLC0415

    told = told_detail(connection, district, plan, utc_now())
    zone = _zone(connection, district)
    effective = f", version {told['version']} from {_local(told['effective'], zone)}" if told["version"] else ""
    console.print(f"Plan {plan} of {district}: {told['state']}{effective}. {told['title'] or ''}".rstrip())
    show_grids(told, plan_grids(connection, district, plan, utc_now()), ("key", "code"))
    steps = Table("step", "person", "at", "reason")
    for row in told["steps"]:
        who = row["person"] if row["verified"] else f"{row['person']} (unverified)"
        steps.add_row(row["name"], who, _local(row["at"], zone), row["reason"] or "")
    console.print(steps)
    if told["next_steps"]:
        console.print(f"Next: {', '.join(told['next_steps'])}.")


def _zone(connection: Connection, district: str) -> str:
    from gis.store import pipeline  # noqa: PLC0415

    return pipeline.district_of(connection, district).time_zone


def _local(moment: Any, zone: str) -> str:
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    return "-" if moment is None else f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)


def _line(text: str) -> list[list[float]]:
    try:
        points = [[float(part) for part in point.split()] for point in text.split(",") if point.strip()]
    except ValueError:
        points = []
    if len(points) < 2 or any(len(point) != 2 for point in points):
        raise InputError(f"'{text}' is no line.", "Give points parted by commas: '116.41 39.91, 116.42 39.91'.")
    return points


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise InputError(f"'{text}' is no list of cells.", "Give numbers parted by commas: 12,13,40.") from None
