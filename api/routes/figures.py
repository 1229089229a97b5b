"""Which figures are there, what are their values and classes, and where do events heap up?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import App, Connection, DistrictAt, Period
from api.models import Figure, FigureValues, HeatMap, Series, Style
from gis.measures import Basis
from layers import figures, heat, series, style

__all__ = ["router"]

router = APIRouter(tags=["figures"])


@router.get("/figures")
async def list_figures() -> list[Figure]:
    """List the figures of a grid with their definitions."""
    return [Figure(**row) for row in figures.registry()]


@router.get("/style")
async def get_style() -> Style:
    """Give the colours that map, legend and export share."""
    return Style(**style.as_dict())


@router.get("/districts/{d}/figures/{key}")
async def get_figure(
    connection: Connection,
    app: App,
    district: DistrictAt,
    key: Annotated[str, Path(description="Key of a figure, e.g. deviation.")],
    basis: Annotated[
        Basis | None,
        Query(
            description="then: each event in the grid in force at its own time; as_of: all regrouped into the grids of "
            "the moment; the figure's usual one when absent.",
        ),
    ] = None,
) -> FigureValues:
    """Give a figure of every grid in force, with the classes of its legend."""
    return FigureValues(**await figures.values(connection, app.answers, district, key, basis))


@router.get("/districts/{d}/series/{key}")
async def get_series(
    connection: Connection,
    app: App,
    district: DistrictAt,
    key: Annotated[str, Path(description="events or households.")],
    period: Period,
    grid: Annotated[str | None, Query(description="Code of a grid.")] = None,
    division: Annotated[str | None, Query(description="Code of a division; the district when both are absent.")] = None,
    basis: Annotated[
        Basis | None,
        Query(description="As for a figure; households are told on then: the grid that bore the code at each time."),
    ] = None,
) -> Series:
    """Give a count by local month; the year up to the moment when no period is named."""
    found = await series.values(
        connection, app.answers, district, key, grid=grid, division=division, period=period, basis=basis
    )
    return Series(**found)


@router.get("/districts/{d}/heat")
async def get_heat(
    connection: Connection,
    app: App,
    district: DistrictAt,
    period: Period,
    class_: Annotated[
        str | None, Query(alias="class", description="Class, as in event_classes; all when absent.")
    ] = None,
) -> HeatMap:
    """Gather the events of a class and period into at most 20,000 heaps."""
    return HeatMap(**await heat.heat_map(connection, app.answers, district, class_, period))
