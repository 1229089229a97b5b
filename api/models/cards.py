"""What stands on a card and in a line of the search?"""

from __future__ import annotations

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
