"""How are networks of grids added, listed and compared on the command line?"""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli._store import open_store

__all__ = ["register"]

# Everything that loads geometry libraries is imported where it is used: `gridkeeper --help` should not wait for it.

District = Annotated[str, typer.Argument(help="Code of the district, as `gridkeeper districts` lists it.")]
Code = Annotated[str, typer.Argument(help="Code of the network, e.g. police.")]

network_app = typer.Typer(help="Several sets of grids on the same cells.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.add_typer(network_app, name="network")


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
