"""What is asked of and answered by the steps that make grids?"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from api.models.common import Model, OfNetwork, Words

__all__ = [
    "CheckOutcome",
    "CheckRequest",
    "Free",
    "HardBarriers",
    "KeepOld",
    "KeepWhole",
    "LoadText",
    "Maximum",
    "Minimum",
    "ProposeRequest",
    "PublishRequest",
    "RemarkLine",
    "Seconds",
    "Stages",
    "StepReport",
    "Style",
    "Target",
    "TessellateRequest",
]


Style = Annotated[Literal["balanced", "compact", "street-true"], Field(description="What counts most in a division.")]
Free = Annotated[bool, Field(description="As many grids as fit best inside the limits, not households / target.")]

Seconds = Annotated[
    float | None,
    Field(gt=0, description="Wall clock of the search, at most; what it cut is recorded as stages."),
]
Stages = Annotated[
    dict[str, list[tuple[int, int]]] | None,
    Field(description="Of a plan that a limit cut: by community, grids and stages of each piece; makes it again."),
]
KeepOld = Annotated[
    Literal["loosely", "mostly", "strictly"] | None,
    Field(description="How dear it is to divide a grid that is there now; absent: grids are made from nothing."),
]


LoadText = Annotated[
    str | None,
    Field(
        max_length=300,
        description="What is balanced: households, or a weighted sum of households, people, parts, parts:CLASS, events "
        "(of a year), key_persons and area (km2), e.g. households=1,parts=0.05,events=0.2. Target and limits are in "
        "its units; without them there are as many grids as of households.",
    ),
]
KeepWhole = Annotated[
    Literal["", "compounds", "blocks"] | None,
    Field(description="What no grid divides unless it is above the maximum; empty: nothing."),
]
HardBarriers = Annotated[
    list[str] | None,
    Field(description="Classes of lines that no grid crosses but by bridge or tunnel: water, rail, expressway ..."),
]
Target = Annotated[int | float | None, Field(gt=0, description="Load wanted in a grid; that of the level when absent.")]
Minimum = Annotated[int | float | None, Field(ge=0, description="0.75 of the target when that alone is given.")]
Maximum = Annotated[int | float | None, Field(gt=0, description="1.5 of the target when that alone is given.")]


class TessellateRequest(Model):
    """Settings of the cells."""

    max_cell_m2: float | None = Field(default=None, gt=0, description="Largest empty cell, m2; 50,000 when absent.")


class ProposeRequest(OfNetwork):
    """Settings of a proposal."""

    target: Target = None
    minimum: Minimum = None
    maximum: Maximum = None
    seed: int = 1
    style: Style = "balanced"
    free: Free = False
    load: LoadText = None
    keep_whole: KeepWhole = None
    hard_barriers: HardBarriers = None
    seconds: Seconds = None
    stages: Stages = None


class CheckRequest(OfNetwork):
    """Which plan to check."""

    plan_id: int | None = Field(default=None, description="The newest draft when absent.")


class PublishRequest(OfNetwork):
    """Which plan to publish, and from when."""

    plan_id: int | None = Field(default=None, description="The newest draft when absent.")
    effective: dt.datetime | None = Field(default=None, description="At once when absent (first publication).")


class RemarkLine(Model):
    """One thing told about one place."""

    severity: str
    rule: str
    message: str
    row: int | None = None
    field: str | None = None
    code: str | None = None
    remedy: str | None = None
    message_zh: str | None = Field(default=None, description="The rule in Chinese, in what jobs tell.")
    remedy_zh: str | None = None
    amount: float | None = None
    unit: str | None = None
    lon: float | None = None
    lat: float | None = None


class CheckOutcome(Model):
    """The outcome of one named check."""

    name: str
    hard: bool
    passed: bool
    message: Words
    offenders: int = Field(description="How many things offend.")


class StepReport(Model):
    """What a step did."""

    title: str
    source: str
    counts: dict[str, float]
    tally: dict[str, int]
    remarks: list[RemarkLine]
    plan_id: int | None = None
    version: int | None = None
    settings: dict[str, JsonValue] | None = Field(default=None, description="What makes the plan again.")
    measures: dict[str, JsonValue] | None = None
    checks: list[CheckOutcome] | None = None
