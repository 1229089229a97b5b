"""What is told of a figure: its definition, its values, its classes and their colours?"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from api.models.common import LonLat, Model, Words

__all__ = ["Figure", "FigureClass", "FigureValues", "HeatFeature", "HeatMap", "HeatPoint", "HeatWeight", "Style"]


class Figure(Model):
    """A figure of a grid, defined once."""

    key: str
    label: Words
    unit: Words
    definition: Words
    kind: Literal["diverging", "sequential"]
    basis: Literal["then", "as_of"] = Field(
        description="then: counted in the grids of each event's own time; as_of: regrouped into the grids of one date.",
    )


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
    basis: Literal["then", "as_of"]
    as_of: dt.date | None = Field(description="Date of the grids and the household counts.")
    period: tuple[dt.datetime, dt.datetime] | None = Field(description="Events counted: [from, to), UTC.")


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
