"""What stands on a card and in a line of the search?"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from api.models.common import Bbox, Model, Words

__all__ = ["Card", "Fact", "GridRef", "KeyFigure", "Person", "SearchHit"]

Format = Literal["text", "integer", "decimal", "percent", "area", "metres", "date", "datetime", "code", "phone"]


class KeyFigure(Model):
    """One of the three figures at the head of a card."""

    key: str
    label: Words
    value: float | None
    unit: Words
    format: Format = "integer"
    estimated: bool = Field(default=False, description="True where it rests on estimates.")


class Fact(Model):
    """A line of a card."""

    key: str
    label: Words
    value: str | float | Words | None
    format: Format = "text"
    unit: Words | None = None


class Person(Model):
    """Who is responsible."""

    name: str
    role: Words
    phone: str | None


class GridRef(Model):
    """The grid a thing lies in."""

    id: int
    code: str
    name: str


class State(Model):
    """State of a thing, with the tone it is shown in."""

    key: str
    label: Words
    tone: Literal["good", "warn", "bad", "none"]


class Share(Model):
    """Another grid of a re-cut, and how much of the older one the two have in common."""

    code: str
    name: str
    households: float = Field(description="Share of the older grid's households, 0 to 1.")
    area: float = Field(description="Share of the older grid's area, 0 to 1.")


class GridVersion(Model):
    """One version of a grid code: when it was in force, what it came from and what it went to."""

    id: int
    version: int = Field(description="Number of the publication that opened it.")
    origin: Literal["plan", "import", "carried"]
    area_m2: float
    valid_from: dt.datetime | None
    valid_to: dt.datetime | None = Field(description="Null while no end is known.")
    in_force: bool = Field(description="Whether it is in force at the moment asked for.")
    came_from: list[Share]
    went_to: list[Share]


class Card(Model):
    """Everything the inspector shows of one thing, in its order."""

    type: Literal["grid", "building", "part", "event"]
    id: int
    code: str
    title: str
    subtitle: str | None = None
    state: State | None = None
    key_figures: list[KeyFigure]
    facts: list[Fact]
    people: list[Person]
    grid: GridRef | None = None
    history: list[GridVersion] = Field(default=[], description="Versions of a grid's code, the newest first.")
    lon: float | None
    lat: float | None
    bbox: Bbox | None


class SearchHit(Model):
    """One line of the search."""

    type: Literal["grid", "building", "division", "part", "event"]
    id: int
    code: str
    title: str
    subtitle: str
    lon: float | None
    lat: float | None
    bbox: Bbox | None
    grid_code: str | None
