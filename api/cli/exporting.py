"""What leaves the house as a file: `gridkeeper export map`, `export grids`, `export plan`."""

from __future__ import annotations

from pathlib import Path  # typer reads it
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from api.cli._store import open_store
from gis.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["register"]

stderr = Console(stderr=True, highlight=False, soft_wrap=True)

export = typer.Typer(no_args_is_help=True, help="Write maps and grids to files.")


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.add_typer(export, name="export")


@export.callback()
def _family() -> None:
    """Write maps and grids to files."""


@export.command("map")
def export_map(
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    district: Annotated[str | None, typer.Argument(help="Code of a district of the database.")] = None,
    grids: Annotated[Path | None, typer.Option(help="Grids, as `gridkeeper partition` writes them.")] = None,
    communities: Annotated[str | None, typer.Option(help="Communities, with names.")] = None,
    buildings: Annotated[str | None, typer.Option(help="Buildings, drawn under the grids.")] = None,
    barriers: Annotated[
        list[str] | None, typer.Option(help="Streets, rails, rivers: FILE or FILE:kind=street,class=COLUMN.")
    ] = None,
    landcover: Annotated[str | None, typer.Option(help="Land cover, drawn under everything.")] = None,
    target: Annotated[float | None, typer.Option(help="Households wanted in a grid; 200, or the plan's.")] = None,
    language: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    title: Annotated[str, typer.Option(help="Above the legend.")] = "",
) -> None:
    """Write grids as a map in one HTML file that opens without a network.

    Either of a DISTRICT of the database (its grids in force), or of files with --grids.
    """
    from layers.webmap import save_web_map, web_map  # noqa: PLC0415  # other commands should not wait for it

    if language not in {"zh", "en"}:
        raise InputError(f"There is no language {language!r} here.", "Give --language zh or en.")
    if (district is None) == (grids is None):
        raise InputError("It is not clear which grids are meant.", "Name either a DISTRICT or a file with --grids.")
    if not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent}.", "Make it, or name another file.")
    if district is not None:
        if communities or buildings or barriers or landcover:
            raise InputError("Layers of a DISTRICT come from the database.", "Leave the files out, or use --grids.")
        layers = _of_district(district)
    else:
        files = {"communities": communities, "buildings": buildings, "landcover": landcover}
        layers = _of_files(str(grids), {**{k: [v] for k, v in files.items() if v}, "barriers": barriers or []})
    given = {"target": target, "title": title or None}
    chosen = {**layers, "language": language, **{k: v for k, v in given.items() if v is not None}}
    page = web_map(**chosen)
    save_web_map(page, out)
    stderr.print(f"{len(layers['grids']):,} grids drawn; {out.stat().st_size / 1e6:.1f} MB.")
    print(out)


Crs = Annotated[str | None, typer.Option(help="Reference system, e.g. EPSG:4547; EPSG:4490 (lon, lat) by default.")]
Out = Annotated[Path, typer.Option(help=".geojson, .gpkg, .zip (a Shapefile), .parquet or .csv (WKT).")]


@export.command("grids")
def export_grids(
    district: Annotated[str, typer.Argument(help="Code of the district, as `gridkeeper districts` lists it.")],
    out: Out,
    *,
    network: Annotated[str, typer.Option(help="Code of the network.")] = "community",
    level: Annotated[int, typer.Option(help="Level of the network.")] = 1,
    at: Annotated[str | None, typer.Option(help="Day or moment; now by default, e.g. 2026-08-01.")] = None,
    crs: Crs = None,
) -> None:
    """Write the grids in force with all digits of their borders: imported again they are the same."""
    from api.cli.districts import read_moment  # noqa: PLC0415
    from gis.clock import local_date, utc_now  # noqa: PLC0415
    from gis.exchange import exchange_crs, write_exchange  # noqa: PLC0415
    from gis.store.districts import district_of  # noqa: PLC0415
    from gis.store.exports import as_imported, grids_in_force  # noqa: PLC0415

    crs = exchange_crs(out, crs)
    read_moment(at, "UTC")
    with open_store() as connection:
        place = district_of(connection, district)
        moment = read_moment(at, place.time_zone) or utc_now()
        as_of = local_date(moment, place.time_zone)
        grids = grids_in_force(connection, place, at=moment, as_of=as_of, network=network, level=level)
    write_exchange(as_imported(grids), out, crs)
    stderr.print(f"{len(grids):,} grids of network {network}, level {level}, in {crs}.")
    print(out)


@export.command("plan")
def export_plan(
    district: Annotated[str, typer.Argument(help="Code of the district, as `gridkeeper districts` lists it.")],
    plan: Annotated[int, typer.Argument(help="Number of the plan, as `gridkeeper plan list` lists it.")],
    out: Out,
    *,
    crs: Crs = None,
) -> None:
    """Write the grids of a plan, a draft too, as `export grids` does."""
    from gis.clock import utc_now  # noqa: PLC0415
    from gis.exchange import exchange_crs, write_exchange  # noqa: PLC0415
    from gis.store.districts import district_of  # noqa: PLC0415
    from gis.store.exports import as_imported, grids_of_plan  # noqa: PLC0415

    crs = exchange_crs(out, crs)
    with open_store() as connection:
        grids = grids_of_plan(connection, district_of(connection, district), plan, now=utc_now())
    write_exchange(as_imported(grids), out, crs)
    stderr.print(f"{len(grids):,} grids of plan {plan}, in {crs}.")
    print(out)


def _of_district(code: str) -> dict[str, Any]:
    """Grids in force of a district and what lies under them."""
    from api.settings import database_urls  # noqa: PLC0415
    from gis.clock import local_date, utc_now  # noqa: PLC0415
    from gis.store.connect import connect  # noqa: PLC0415
    from gis.store.districts import district_of  # noqa: PLC0415
    from gis.store.exports import grids_in_force  # noqa: PLC0415
    from gis.store.reading import read_frames  # noqa: PLC0415

    at = utc_now()
    with connect(database_urls().require_app()) as connection:
        place = district_of(connection, code)
        as_of = place.as_of or local_date(at, place.time_zone)
        grids = grids_in_force(connection, place, at=at, as_of=as_of)
        ground = read_frames(connection, place, at=at, as_of=as_of)
    return {
        "grids": grids,
        "communities": ground.communities,
        "buildings": ground.buildings,
        "barriers": ground.barriers,
        "landcover": ground.landcover,
        "target": float(grids["target"].iloc[0]),
        "title": place.name,
    }


def _of_files(grids: str, others: dict[str, list[str]]) -> dict[str, Any]:
    """Grids of a file and what lies under them."""
    from gis.ingest import ReadOptions, parse_spec, read_kind  # noqa: PLC0415

    kinds = {"communities": "divisions"}
    found: dict[str, gpd.GeoDataFrame] = {"grids": _grids(grids)}
    for name, specs in others.items():
        if specs:
            options = ReadOptions(accept_crs=True)
            found[name] = read_kind(kinds.get(name, name), [parse_spec(s) for s in specs], options=options).frame
    if "communities" in found:
        found["communities"] = found["communities"].query("level == 'community'")
    return found


def _grids(path: str) -> gpd.GeoDataFrame:
    import geopandas as gpd  # noqa: PLC0415

    from gis.ingest import parse_spec  # noqa: PLC0415
    from gis.ingest.readers import read_file  # noqa: PLC0415

    table = read_file(parse_spec(path), hint="grids")
    return gpd.GeoDataFrame(table.frame, geometry=table.shapes, crs=table.crs or 4326)
