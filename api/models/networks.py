"""What is told of the networks of a district and of how they correspond?"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from api.models.common import Model, Words
from api.models.work import KeepOld, Style

__all__ = [
    "CorrespondenceRow",
    "CorrespondenceSide",
    "CorrespondenceTable",
    "MergeRequest",
    "MergedNetwork",
    "NetworkItem",
    "NetworkLevel",
    "TreeGrid",
]


class NetworkLevel(Model):
    """A level of a network with what is in force in it."""

    level: int = Field(description="1 is the coarsest; grids of a level lie each in one grid of the level before.")
    division_level: Literal["district", "subdistrict", "community"] = Field(description="What its grids stay inside.")
    kind: Literal["basic", "dedicated", "rural", "unit", "responsibility", "service"]
    kind_name: Words
    code_profile: str
    target: int = Field(description="Households wanted in a grid.")
    minimum: int
    maximum: int
    version: int | None = Field(description="Newest version in force; null where there is none.")
    effective: dt.datetime | None
    grids: int = Field(description="Grids in force.")


class NetworkItem(Model):
    """A network: one complete set of grids for one purpose."""

    code: str
    name: str
    name_en: str | None
    street_rule: Literal["geometric", "duty"] = Field(description="Who answers for a point on a street.")
    levels: list[NetworkLevel]


class MergedNetwork(Model):
    """A level of a network that is merged."""

    network: str
    level: int = Field(default=1, ge=1)
    weight: float = Field(default=1.0, gt=0, description="How much it counts beside the others.")


class MergeRequest(Model):
    """Which networks are to become one, and what its grids are to be like."""

    sources: list[MergedNetwork] = Field(min_length=2, max_length=20)
    into: str = Field(description="Code of the network that they become.")
    name: str | None = Field(default=None, description="Its name; absent where it is there already, without grids.")
    level: str = Field(default="1", description="Its level: 1:division_level=community,target=300,min=225,max=450.")
    street_rule: Literal["geometric", "duty"] = "geometric"
    keep_old: KeepOld = "mostly"
    seed: int = 1
    style: Style = "balanced"


class TreeGrid(Model):
    """A grid in the tree of its network."""

    level: int
    code: str
    name: str
    kind: Literal["basic", "dedicated", "rural", "unit", "responsibility", "service"]
    division: str = Field(description="Code of the division it stays inside.")
    parent: str | None = Field(description="Code of the grid of the level above that it lies in; null at the top.")
    households: int
    area_m2: float


class CorrespondenceSide(Model):
    """Grids of a network level at a moment."""

    network: str
    level: int
    version: int | None = Field(description="Where the grids were named by it.")
    plan: int | None = Field(description="The same.")
    at: dt.datetime
    grids: int


class CorrespondenceRow(Model):
    """What an old and a new grid have in common; null is no grid."""

    old: str | None
    new: str | None
    area_m2: float
    area_share: float = Field(description="Of the old grid; the shares of each old grid sum to 1.")
    households: float
    household_share: float = Field(description="As its area is shared, where an old grid has no households.")
    parts: int
    part_share: float = Field(description="As its area is shared, where an old grid has no parts.")


class CorrespondenceTable(Model):
    """What became of every grid of one side on the other."""

    old: CorrespondenceSide
    new: CorrespondenceSide
    as_of: dt.date = Field(description="Date of the household counts.")
    rows: list[CorrespondenceRow]
