"""What is told of a street, and what is asked for to give it another home?"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api.models.common import Bbox, LonLat, Model

__all__ = ["HomeRequest", "StreetCard"]


class StreetGrid(Model):
    """A grid that has, or could have, the home cell of a street."""

    code: str
    name: str
    colour: int = Field(description="Number of its tint, as in the tiles.")


class StreetHome(Model):
    """One home over time."""

    cell: int
    grid_code: str | None
    person: str | None = Field(description="Who chose it; null where the longest frontage decided.")
    reason: str | None
    valid_from: dt.datetime | None
    valid_to: dt.datetime | None


class StreetCommunity(Model):
    """The community whose side of the street this is."""

    code: str
    name: str


class StreetCard(Model):
    """A street segment or crossing, as one community has it."""

    id: int
    code: str = Field(description="The same on both sides of a community border.")
    kind: Literal["segment", "crossing"]
    street_class: str | None
    name: str | None
    width_m: float = Field(description="Of the carriageway: given, or assumed by class.")
    length_m: float
    community: StreetCommunity
    cell: int = Field(description="The home cell: it has the duty on this side.")
    grid: StreetGrid | None = Field(description="The grid its home cell belongs to.")
    person: str | None = Field(description="Who chose the home; null where the longest frontage decided.")
    reason: str | None
    homes: list[StreetHome] = Field(description="The newest first.")
    choices: list[StreetGrid] = Field(description="Grids of the community beside the street.")
    center: LonLat
    bbox: Bbox


class HomeRequest(Model):
    """Another home for a street, by its cell or by its grid; one of the two."""

    cell: int | None = None
    grid_code: str | None = Field(default=None, description="Its cell with the longest frontage is taken.")
    reason: Annotated[str | None, Field(max_length=500)] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.cell is None) == (self.grid_code is None):
            raise ValueError("Name the cell or the grid_code, one of the two.")
        return self
