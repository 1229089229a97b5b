"""What is a figure of every grid in force, in which class is it, and on what does it rest?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gis.errors import NotFoundError
from gis.measures import GRID_FIGURES, grid_figure
from layers.classes import NO_DATA, ZERO, classify
from layers.districts import grid_loads
from layers.style import ramp

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from gis.measures import GridFigure
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


async def values(connection: AsyncConnection[Any], keeper: Keeper, district: District, key: str) -> dict[str, Any]:
    """Give a figure of every grid in force with the classes of its legend.

    Returns
    -------
    dict
        As `api.models.FigureValues`.

    Raises
    ------
    NotFoundError
        There is no such figure.
    """
    figure = GRID_FIGURES.get(key)
    if figure is None:
        raise NotFoundError(f"There is no figure {key}.", f"There are: {', '.join(GRID_FIGURES)}.")
    loads = await grid_loads(connection, keeper, district)
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
        "basis": figure.basis,
        "as_of": district.as_of,
        "period": district.event_year if TIMED in figure.needs else None,
    }
