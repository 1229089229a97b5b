"""How are networks of grids added, listed and compared on the command line?"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads it
from typing import Annotated, Any

import typer

from api.cli._dividing import KeepOld, Style  # noqa: TC001  # typer reads it
from api.cli._ground import Jobs, Seed  # noqa: TC001  # typer reads it
from api.cli._store import open_store
from api.cli._where import Cluster  # noqa: TC001  # typer reads it

__all__ = ["register"]

# Everything that loads geometry libraries is imported where it is used: `gridkeeper --help` should not wait for it.

District = Annotated[str, typer.Argument(help="Code of the district, as `gridkeeper districts` lists it.")]
Code = Annotated[str, typer.Argument(help="Code of the network, e.g. police.")]

network_app = typer.Typer(help="Several sets of grids on the same cells.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.add_typer(network_app, name="network")
    app.command()(correspondence)


@network_app.command("add")
def add(
    district: District,
    code: Code,
    *,
    name: Annotated[str, typer.Option(help="What it is called, e.g. 警务网格.")],
    level: Annotated[
        list[str],
        typer.Option(
            help="A level, from coarse (1) to fine: 1:division_level=subdistrict,kind=responsibility,profile=local,"
            "target=3000; also min= and max=. Once for each."
        ),
    ],
    name_en: Annotated[str | None, typer.Option(help="The same in English.")] = None,
    street_rule: Annotated[
        str, typer.Option(help="Who answers on a street: geometric (where it is) or duty (its home cell).")
    ] = "geometric",
) -> None:
    """Add a network; its grids are proposed and published as those of the communities are."""
    from gis.networks import Network, read_level  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    levels = tuple(sorted((read_level(text) for text in level), key=lambda one: one.level))
    with open_store() as connection:
        pipeline.add_network(connection, district, Network(code, name, name_en, street_rule, levels))
    print(f"Network {code} of {district}: {len(levels)} level(s). Next: gridkeeper propose {district} --network {code}")


@network_app.command("merge")
def merge(
    district: District,
    sources: Annotated[list[str], typer.Argument(metavar="NETWORK[:LEVEL]...", help="Networks with grids in force.")],
    *,
    into: Annotated[str, typer.Option(help="Code of the network that they become.")],
    name: Annotated[
        str | None, typer.Option(help="What it is called; left out where it is there already, without grids.")
    ] = None,
    level: Annotated[str, typer.Option(help="Its level, as for `network add`: 1:target=300,max=450 ...")] = "1",
    street_rule: Annotated[str, typer.Option(help="Who answers on a street: geometric or duty.")] = "geometric",
    weight: Annotated[list[float] | None, typer.Option(help="How much each counts, once for each network.")] = None,
    keep_old: KeepOld = "mostly",
    seed: Seed = 1,
    style: Style = "balanced",
    jobs: Jobs = 1,
    executor: Cluster = None,
    out: Annotated[Path | None, typer.Option(help="What becomes of every old grid, to .csv or .xlsx.")] = None,
) -> None:
    """Propose one network in place of several: its borders follow those of as many of them as they can."""
    from api.cli._show import progress_bars, show_measures  # noqa: PLC0415
    from api.cli.regrouping import check_table, kept_words, write_table  # noqa: PLC0415
    from gis.errors import InputError  # noqa: PLC0415
    from gis.executors import executor_at  # noqa: PLC0415
    from gis.networks import Network, read_level, read_reference  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    check_table(out)
    if weight and len(weight) != len(sources):
        raise InputError(f"There are {len(sources)} networks and {len(weight)} weights.", "Give one each, or none.")
    named = [read_reference(text) for text in sources]
    some = [pipeline.Source(n.network, n.level, w) for n, w in zip(named, weight or [1.0] * len(named), strict=True)]
    new = into if name is None else Network(into, name, None, street_rule, (read_level(level),))
    options: dict[str, Any] = {"keep_old": keep_old, "seed": seed, "style": style}
    with open_store() as connection:
        with progress_bars() as bars, executor_at(executor, jobs) as pool:
            made = pipeline.merge_networks(connection, district, some, new, **options, executor=pool, progress=bars)
        if out is not None:
            write_table(pipeline.correspondence_of_merge(connection, district, made), out)
    show_measures(made.step.measures)
    for source, kept in made.kept:
        print(kept_words(source.name, kept, made.step.measures["households"]))
    print(f"Plan {made.step.plan_id}. Next: gridkeeper publish {district} --network {into}")
    if out is not None:
        print(f"Written: {out}")


@network_app.command("list")
def list_all(district: District) -> None:
    """List the networks of a district with what is in force in them."""
    _show(district, None)


@network_app.command("show")
def show(district: District, code: Code) -> None:
    """Show one network with its levels."""
    _show(district, code)


def _show(district: str, code: str | None) -> None:
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console  # noqa: PLC0415
    from gis.clock import utc_now  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    with open_store() as connection:
        place = pipeline.district_of(connection, district)
        networks = pipeline.read_networks(connection, place, code)
        in_force = {(one.network, one.level): one for one in pipeline.levels_in_force(connection, place, utc_now())}
    columns = ("network", "name", "streets", "level", "inside", "kind", "codes", "households", "grids", "version")
    table = Table(*columns)
    for _, network in networks:
        for level in network.levels:
            now = in_force[network.code, level.level]
            version = "-" if now.version is None else f"{now.version} since {now.effective:%Y-%m-%d}"
            wanted = f"{level.target} ({level.minimum}-{level.maximum})"
            own = (network.code, network.name, network.street_rule) if level.level == 1 else ("", "", "")
            what = (str(level.level), level.division_level, level.kind, level.code_profile, wanted)
            table.add_row(*own, *what, str(now.grids), version)
    console.print(table)


def correspondence(
    district: District,
    *,
    old: Annotated[str, typer.Option("--from", help="Old grids: NETWORK[:LEVEL]\\[@v1 or @2026-08-01 or #PLAN].")],
    new: Annotated[str, typer.Option("--to", help="New grids, named the same way.")],
    out: Annotated[Path | None, typer.Option(help="File to write: .csv, .xlsx or .json.")] = None,
) -> None:
    """Tell what became of every old grid: shares of its area, households and parts, 100 % in all."""
    from rich.table import Table  # noqa: PLC0415

    from api.cli._show import console, write_json  # noqa: PLC0415
    from api.cli.regrouping import write_table  # noqa: PLC0415
    from gis.errors import InputError  # noqa: PLC0415
    from gis.networks import read_reference  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415
    from layers.networks import NO_GRID, told_correspondence  # noqa: PLC0415

    if out is not None and out.suffix not in {".csv", ".xlsx", ".json"}:
        raise InputError(f"{out.name}: no table is written as {out.suffix or 'that'}.", "Use .csv, .xlsx or .json.")
    with open_store() as connection:
        found = pipeline.correspond(connection, district, read_reference(old), read_reference(new))
    if out is None:
        table = Table("old", "new", "area", "households", "", "parts", "")
        for row in told_correspondence(found)["rows"]:
            area, people, parts = (f"{100 * row[f'{name}_share']:.1f} %" for name in ("area", "household", "part"))
            counts = (area, f"{row['households']:,.0f}", people, f"{row['parts']:,}", parts)
            table.add_row(row["old"] or NO_GRID, row["new"] or NO_GRID, *counts)
        console.print(table)
    elif out.suffix == ".json":
        write_json(out, told_correspondence(found))
    else:
        write_table(found.table, out)
        print(out)
