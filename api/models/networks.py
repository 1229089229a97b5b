"""What is told of the networks of a district and of how they correspond?"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from api.models.common import Model, Words

__all__ = ["NetworkItem", "NetworkLevel"]


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
