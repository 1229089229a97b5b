"""Which small things do all answers share: words in two languages, places, faults?"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Bbox", "Health", "LonLat", "Model", "OfNetwork", "Problem", "ProblemPlace", "Words"]

LonLat = tuple[float, float]
"""Longitude, latitude in degrees, EPSG:4490."""

Bbox = tuple[float, float, float, float]
"""West, south, east, north in degrees, EPSG:4490."""


class Model(BaseModel):
    """Base of every answer: nothing unnamed gets out."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True, validate_by_name=True)


class OfNetwork(Model):
    """Which level of which network."""

    network: str = Field(default="community", description="Code of a network.")
    level: int = Field(default=1, ge=1, description="Level of the network; 1 is the coarsest.")


class Words(Model):
    """The same words in Chinese and English."""

    zh: str
    en: str


class Health(Model):
    """Whether the service can answer."""

    status: Literal["ok"]
    name: Literal["gridkeeper"]
    version: str = Field(description="Version of Gridkeeper.")
    database: str = Field(description="Version of PostGIS.")


class ProblemPlace(Model):
    """One place in the input that was refused."""

    rule: str
    message: str
    row: int | None = None
    field: str | None = None
    code: str | None = None
    remedy: str | None = None
    message_zh: str | None = None
    remedy_zh: str | None = None


class Problem(Model):
    """A fault, as application/problem+json (RFC 9457)."""

    type: str = Field(description="Stable name of the kind of fault, as a relative reference.")
    title: str
    status: int
    detail: str
    remedy: str = ""
    detail_zh: str | None = Field(default=None, description="The detail in Chinese, where there are words for it.")
    remedy_zh: str | None = None
    places: list[ProblemPlace] = []
    revision: int | None = Field(default=None, description="Present revision of the plan, where the client's is stale.")
