"""What is answered to "where is this, and who is responsible?"?"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from api.models.common import LonLat, Model, Words

__all__ = ["Answer", "Answers", "Crs", "How", "PointsToLocate", "Worker"]

How = Literal["inside", "border", "street", "near", "outside", "unlocated"]
Crs = Literal["EPSG:4490", "EPSG:4326", "gcj02", "bd09"]


class Worker(Model):
    """Who is posted to the grid."""

    name: str
    phone: str | None
    role: str


class LocatedGrid(Model):
    """The grid that is responsible."""

    id: int
    code: str
    name: str
    kind: str


class Place(Model):
    """A division."""

    code: str
    name: str


class OtherGrid(Model):
    """Another grid within the border distance."""

    grid_code: str
    distance_m: float


class LocatedPoint(Model):
    """The point asked for."""

    lon: float = Field(description="EPSG:4490")
    lat: float = Field(description="EPSG:4490")
    crs: Crs = Field(description="The reference system it was given in.")


class LocatedStreet(Model):
    """The street a point lies on, on the side of its community."""

    id: int
    code: str
    kind: Literal["segment", "crossing"]
    street_class: str | None
    name: str | None
    cell: int = Field(description="Its home cell.")
    grid: LocatedGrid | None = Field(description="The grid the home cell belongs to.")
    person: str | None = Field(description="Who chose the home; null where the longest frontage decided.")


class Answer(Model):
    """One answer; every point has one."""

    how: How
    distance_m: float | None = Field(description="0 when covered, else metres to the answer; null when unlocated.")
    cell: int | None = Field(description="The cell it lies in, or is nearest to.")
    duty_cell: int | None = Field(description="The home cell of the street it lies on, else the cell.")
    street: LocatedStreet | None
    by_duty: bool = Field(description="Whether the grid is that of the duty cell: the network's street rule.")
    grid: LocatedGrid | None = Field(description="The grid that is responsible.")
    geometric_grid: LocatedGrid | None = Field(description="The grid of the cell it lies in.")
    community: Place | None
    subdistrict: Place | None
    district: Place | None
    workers: list[Worker]
    version: int | None
    valid_from: dt.datetime | None
    valid_to: dt.datetime | None
    others: list[OtherGrid]
    point: LocatedPoint | None
    text: Words = Field(description="The whole answer as a text to copy.")


class PointsToLocate(Model):
    """Many points at once."""

    points: Annotated[list[LonLat | None], Field(max_length=10_000)] = Field(description="lon, lat; null has no place.")
    crs: Crs = "EPSG:4490"
    at: str | None = Field(default=None, description="As the parameter `at`, which it comes before.")


class Answers(Model):
    """Answers in the order of the points."""

    answers: list[Answer]
