"""What is told of a district: its totals, divisions, grids and the plan in force?"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field, JsonValue

from api.models.common import Bbox, LonLat, Model, Words

__all__ = [
    "ClassCount",
    "Counts",
    "DistrictDetail",
    "DistrictItem",
    "Division",
    "DivisionTotals",
    "GridRow",
    "LayerVersions",
    "PlanInForce",
    "VersionItem",
]

Level = Literal["district", "subdistrict", "community"]


class Counts(Model):
    """How much of everything a district holds."""

    households: int = Field(description="Households by the latest counts, estimates included.")
    estimated_households: int = Field(description="Those of them that are estimates.")
    people: int
    buildings: int
    grids: int
    parts: int
    events: int
    workers: int
    households_outside: int = Field(description="Households of buildings that lie in no grid in force.")
    unlocated_events: int = Field(description="Events without a place.")


class DistrictItem(Model):
    """A district in the list."""

    code: str
    name: str
    name_en: str | None
    bbox: Bbox
    time_zone: str = Field(description="IANA name, e.g. Asia/Shanghai.")
    as_of: dt.date | None = Field(description="Date of the newest household counts up to the moment.")
    counts: Counts
    version: int | None = Field(description="Version of the grids in force; null before the first publication.")
    effective: dt.datetime | None


class DivisionTotals(Model):
    """Totals over the grids and buildings of a division; each is the sum over its grids in force."""

    households: int
    estimated_households: int
    people: int
    grids: int
    parts: int
    events_year: int = Field(description="Events of the last year of the data (event_year).")
    within_10: int = Field(description="Grids within 10 % of the target.")
    grids_over: int = Field(description="Grids above the maximum.")
    grids_under: int = Field(description="Grids below the minimum, empty ones included.")


class Division(Model):
    """A district, subdistrict or community."""

    id: int
    level: Level
    code: str
    name: str
    name_en: str | None
    parent_id: int | None
    bbox: Bbox
    center: LonLat = Field(description="A point inside the division.")
    totals: DivisionTotals


class LayerVersions(Model):
    """Versions of the slow tile layers; part of their addresses, with the moment, network and level asked for."""

    base: int
    divisions: int
    grids: int


class ClassCount(Model):
    """A class of parts or events and how many there are."""

    class_: str = Field(alias="class", description="Class code; the class name where the source has no codes.")
    class_name: str
    count: int


class PlanInForce(Model):
    """The plan whose grids are in force."""

    version: int
    effective: dt.datetime
    target: int
    minimum: int
    maximum: int
    measures: dict[str, JsonValue] = Field(description="All measures of the plan by their keys.")


class VersionItem(Model):
    """A publication of the grids of a network and level."""

    version: int
    effective: dt.datetime
    published_at: dt.datetime
    published_by: str
    title: str | None
    ahead: bool = Field(description="It takes effect after the moment asked for.")
    opened: int = Field(description="Grids that got a new version.")
    new_codes: int
    kept_codes: int
    withdrawn_codes: int


class DistrictDetail(DistrictItem):
    """Everything a page about a district needs to begin."""

    at: dt.datetime = Field(description="The moment that was asked for; now when none was.")
    ahead: bool = Field(description="The moment is still to come: what is published and will be in force is told.")
    network: str = Field(description="The network shown.")
    level: int | None = Field(description="The level shown; null before the first plan.")
    divisions: list[Division]
    layers: LayerVersions
    event_classes: list[ClassCount]
    part_classes: list[ClassCount]
    event_period: tuple[dt.datetime, dt.datetime] | None = Field(description="First and last event, UTC.")
    event_year: tuple[dt.datetime, dt.datetime] | None = Field(
        description="The last year of the data, [from, to) in UTC: whole local days, ending with the last event's day.",
    )
    plan: PlanInForce | None
    crs_note: str | None
    attribution: Words


class GridRow(Model):
    """A grid in force, as a row of the table behind the map."""

    id: int
    code: str
    serial: str = Field(description="The digits of the code that number it within its community.")
    name: str
    kind: str
    division_id: int
    community_name: str
    households: int
    estimated_households: int
    people: int
    buildings: int
    parts: int
    events_year: int
    area_m2: float
    flags: list[str]
    deviation: float | None = Field(description="Per cent from the target; null in a grid without households.")
    workers: int
    bbox: Bbox
    center: LonLat
