"""What is a figure of every grid in force, in which class is it, and on what does it rest?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gis.errors import InputError, NotFoundError
from gis.measures import GRID_FIGURES, grid_figure
from gis.store.serve import places
from layers.classes import NO_DATA, ZERO, classify
from layers.districts import counted_on, grid_loads
from layers.style import ramp

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from gis.measures import Basis, GridFigure
    from gis.store.serve.places import District
    from gis.store.serve.rows import Row
    from layers.keeping import Keeper

__all__ = ["compute", "registry", "values"]

DIGITS = 4
TIMED = "events"


def registry() -> list[dict[str, Any]]:
    """List the figures as they are served."""
    return [
        {
            "key": f.key,
            "label": dict(f.label),
            "unit": dict(f.unit),
            "definition": dict(f.definition),
            "kind": f.kind,
            "basis": f.basis,
            "bases": f.bases,
        }
        for f in GRID_FIGURES.values()
    ]


def compute(figure: GridFigure, loads: list[Row], district: District) -> np.ndarray:
    """Compute a figure of every grid.

    Parameters
    ----------
    figure : GridFigure
    loads : list of dict
        Rows of `gis.store.serve.places.grids`.
    district : District
        Gives the target, and whether there are events at all.

    Returns
    -------
    ndarray of float, shape (n,)
        NaN where there is no figure: no denominator, no counted people, no events in the data.
    """
    columns: dict[str, Any] = {
        name: np.array([row[name] for row in loads], float)
        for name in ("households", "parts", "area_m2", "perimeter_m")
    }
    columns["events"] = np.array([row["events_year"] for row in loads], float)
    if district.event_year is None:
        columns["events"][:] = np.nan
    unknown = [row["people_counted"] == 0 and row["households"] > 0 for row in loads]
    columns["people"] = np.where(unknown, np.nan, np.array([row["people"] for row in loads], float))
    columns["target"] = float(district.target or 0)
    return grid_figure(figure.key, **columns)


async def values(
    connection: AsyncConnection[Any], keeper: Keeper, district: District, key: str, basis: Basis | None = None
) -> dict[str, Any]:
    """Give a figure of every grid in force with the classes of its legend.

    Parameters
    ----------
    connection : AsyncConnection
    keeper : Keeper
    district : District
    key : str
    basis : {"then", "as_of"}, optional
        The figure's own by default.

    Returns
    -------
    dict
        As `api.models.FigureValues`.

    Raises
    ------
    NotFoundError
        There is no such figure.
    InputError
        It is not told on that basis.
    """
    figure = GRID_FIGURES.get(key)
    if figure is None:
        raise NotFoundError(f"There is no figure {key}.", f"There are: {', '.join(GRID_FIGURES)}.")
    basis = basis or figure.basis
    if basis not in figure.bases:
        raise InputError(
            f"{key} is not told on the basis {basis}: it counts nothing that happens at a time.",
            f"Ask for it on the basis {figure.basis}, or leave the basis out.",
        )
    loads, events = await grid_loads(connection, keeper, district), None
    if TIMED in figure.needs and district.event_year:
        loads, events = await _events(connection, keeper, district, loads, basis)
    computed = np.round(compute(figure, loads, district), DIGITS)  # what is told is what is classed
    classes = classify(computed, figure.kind)
    ids = [row["id"] for row in loads]
    return {
        "key": key,
        "kind": figure.kind,
        "values": {str(i): None if np.isnan(v) else float(v) for i, v in zip(ids, computed, strict=True)},
        "class_of": {str(i): None if c == NO_DATA else int(c) for i, c in zip(ids, classes.of, strict=True)},
        "estimated": [row["id"] for row in loads if "households" in figure.needs and row["estimated_households"] > 0],
        "classes": [
            {"from": low, "to": high, "count": count, "colour_index": i}
            for i, ((low, high), count) in enumerate(zip(classes.bounds, classes.counts, strict=True))
        ],
        "colours": ramp(figure.kind, len(classes.bounds)),
        "zero": int((classes.of == ZERO).sum()),
        "no_data": int((classes.of == NO_DATA).sum()),
        "basis": basis,
        "events": events,
        "as_of": await counted_on(connection, keeper, district),
        "at": district.at,
        "period": district.event_year if TIMED in figure.needs else None,
    }


async def _events(
    connection: AsyncConnection[Any], keeper: Keeper, district: District, loads: list[Row], basis: Basis
) -> tuple[list[Row], dict[str, int]]:
    """Count the year's events of each grid on a basis, and say where the others are, so that the sums reconcile.

    A grid of another time is known by its code, which stays with most of its households and is never used again.
    """
    then = await keeper.get((district.id, district.content, "then"), lambda: places.events_then(connection, district))
    total = sum(then.values())
    if basis == "as_of":
        counted = sum(row["events_year"] for row in loads)
        return loads, {"in_grids": counted, "elsewhere": 0, "nowhere": total - counted, "total": total}
    nowhere = then.get(None, 0)
    loads = [row | {"events_year": then.get(row["code"], 0)} for row in loads]
    counted = sum(row["events_year"] for row in loads)
    return loads, {
        "in_grids": counted, "elsewhere": total - counted - nowhere, "nowhere": nowhere, "total": total,
    }  # fmt: skip
