"""How is it told why grids of a plan are off target?"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from api.models.common import Model, Words

__all__ = ["GridReason", "PlanExplanation"]


class GridReason(Model):
    """Why a grid of a plan is off target."""

    key: str
    grid_code: str
    households: float
    load: float = Field(description="What the target is measured in; households where nothing else is said.")
    reason: Literal["oversize_building", "no_set_around_building", "community_total", "unexplained"]
    proof: dict[str, JsonValue] = Field(description="What proves it, to be checked; empty for what is unexplained.")
    words: Words


class PlanExplanation(Model):
    """Which grids of a plan are off target by more than 10 %, and why."""

    revision: int
    grids: int
    within: int = Field(description="Grids within 10 % of the target.")
    excused: int = Field(description="Grids that a proof excuses.")
    unexplained: int = Field(description="Grids off target that none does.")
    counts: dict[str, int] = Field(description="Grids off target by reason.")
    within_unexcused: float = Field(description="Share within 10 % of the grids that no proof excuses.")
    bound: float = Field(description="Share of this plan's grids that no proof excuses.")
    distance: float = Field(description="How far the share within 10 % is from it.")
    must_miss: int = Field(description="Grids off target, at least, in any plan with as many in each piece of ground.")
    ceiling: float = Field(description="Share within 10 % that no such plan surpasses.")
    unit: Words = Field(description="What loads are counted in.")
    words: Words = Field(description="All this in one line.")
    reasons: list[GridReason] = Field(description="One for each grid off target.")
