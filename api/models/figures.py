"""What is told of a figure: its definition, its values, its classes and their colours?"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from api.models.common import LonLat, Model, Words
from gis.measures import Basis

__all__ = [
    "Figure",
    "FigureClass",
    "FigureValues",
    "HeatFeature",
    "HeatMap",
    "HeatPoint",
    "HeatWeight",
    "Series",
    "Style",
]


class Figure(Model):
    """A figure of a grid, defined once."""

    key: str
    label: Words
    unit: Words
    definition: Words
    kind: Literal["diverging", "sequential"]
    basis: Basis = Field(
        description="Its usual basis. then: each event in the grid in force at its own time; as_of: all regrouped into "
        "the grids of the moment.",
    )
    bases: list[Basis] = Field(description="The bases it can be told on.")


class FigureClass(Model):
    """One class of a legend; null is open. `class_of` says which value belongs where."""

    from_: float | None = Field(alias="from")
    to: float | None
    count: int = Field(description="Grids in this class.")
    colour_index: int = Field(description="Index into the colours of the answer.")


class Ramp(Model):
    """Colours of the classes, first to last, for the light and the dark theme."""

    light: list[str]
    dark: list[str]


class EventSums(Model):
    """Where the located events of the period are counted; `total` is the same on both bases."""

    in_grids: int = Field(description="In the grids of the answer.")
    elsewhere: int = Field(description="In grids that are no longer, or not yet, in force (basis then).")
    nowhere: int = Field(description="In no grid.")
    total: int


class FigureValues(Model):
    """A figure of every grid in force."""

    key: str
    kind: Literal["diverging", "sequential"]
    values: dict[str, float | None] = Field(description="Value by grid id; null is no data.")
    class_of: dict[str, int | None] = Field(
        description="Index into `classes` by grid id; -1 is zero (drawn apart), null no data. Sequential classes run "
        "from <= value < to, the last one closed; a diverging value on a break belongs to the class nearer to 0.",
    )
    estimated: list[int] = Field(description="Grids whose value rests on estimated households.")
    classes: list[FigureClass]
    colours: Ramp
    zero: int = Field(description="Grids whose value is exactly 0, drawn apart (sequential figures).")
    no_data: int
    basis: Basis = Field(description="The basis used.")
    events: EventSums | None = Field(description="The sums of a figure that counts events.")
    as_of: dt.date | None = Field(description="Date of the household counts.")
    at: dt.datetime = Field(description="The moment whose grids these are.")
    period: tuple[dt.datetime, dt.datetime] | None = Field(description="Events counted: [from, to), UTC.")


class MonthValue(Model):
    """A month's value."""

    month: str = Field(description="Local month, e.g. 2026-03.")
    value: int | None = Field(description="Null where nothing was counted yet.")


class Series(Model):
    """A count by local month."""

    key: str
    basis: Basis = Field(description="then: in the grid or division that bore the code at its own time.")
    grid: str | None
    division: str | None
    at: dt.datetime
    months: list[MonthValue]


class Pair(Model):
    """One colour in the light and one in the dark theme."""

    light: str
    dark: str


class Style(Model):
    """Colours shared by map, legend and export."""

    diverging: Ramp
    sequential: dict[str, Ramp] = Field(description="Ramps by their number of classes.")
    zero: Pair
    no_data: Pair
    tints: Ramp = Field(description="Pale fills by a grid's `colour`.")
    heat: Ramp
    base: dict[str, Pair] = Field(description="land, water, green, building, street ... of the base map.")
    accent: Pair


class HeatPoint(Model):
    """Where a heap of events lies."""

    type: Literal["Point"]
    coordinates: LonLat


class HeatWeight(Model):
    """How many events it stands for."""

    weight: int


class HeatFeature(Model):
    """A heap of events."""

    type: Literal["Feature"]
    geometry: HeatPoint
    properties: HeatWeight


class HeatMap(Model):
    """Events gathered into heaps, as GeoJSON; the coordinates are CGCS2000."""

    type: Literal["FeatureCollection"]
    features: list[HeatFeature]
    events: int = Field(description="Events counted in.")
    unlocated: int = Field(description="Events of the class and period that have no place.")
    cell_m: float = Field(description="Side of the lattice they were gathered on, metres; 0 for single places.")
    period: tuple[dt.datetime, dt.datetime] | None
