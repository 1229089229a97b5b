"""What is asked of and told about proposals: ways to divide communities of a draft anew; and how is one taken?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.models.common import Model, Words
from api.models.work import (
    Free,
    HardBarriers,
    KeepOld,
    KeepWhole,
    LoadText,
    Maximum,
    Minimum,
    Seconds,
    Stages,
    Style,
    Target,
)

__all__ = [
    "AnswerName",
    "Cell",
    "KeptFigures",
    "Key",
    "PlanProposal",
    "PlanProposals",
    "ProposalFigures",
    "ProposalsRequest",
    "ProposeEdit",
    "RebalancingScope",
    "TakenAnswer",
]

Cell = Annotated[int, Field(ge=1, description="Number of a cell, as in cell_id.")]
Key = Annotated[
    str,
    Field(min_length=1, max_length=100, description="Key of a grid in this plan: a code of the base, or new-1 ..."),
]


class ProposalsRequest(Model):
    """Which communities are to be divided, and what the divisions are to be like."""

    communities: list[str] = Field(min_length=1)
    grids: list[Key] | None = Field(default=None, description="Keys: of these communities only these grids.")
    seed: int = 1
    style: Style | None = Field(default=None, description="Of all proposals; each has another when absent.")
    target: Target = None
    minimum: Minimum = None
    maximum: Maximum = None
    free: Free = False
    load: LoadText = None
    keep_whole: KeepWhole = None
    hard_barriers: HardBarriers = None
    keep_old: KeepOld = None
    lock_grids: list[Key] | None = Field(default=None, description="With keep_old: grids of the base that stay as is.")
    seconds: Seconds = None


class RebalancingScope(Model):
    """What a rebalancing may change, and how much."""

    communities: list[str] = Field(default=[], description="All of the plan when neither these nor grids are named.")
    grids: list[Key] = Field(default=[], description="Keys of grids that may change.")
    neighbours: bool = Field(default=False, description="Also the grids beside those named.")
    lock_grids: list[Key] = Field(default=[], description="Nothing leaves or enters them.")
    lock_cells: list[Cell] = Field(default=[], description="They stay in their grid.")
    lock_borders: list[tuple[Key, Key]] = Field(default=[], description="Pairs of grids between which nothing moves.")
    max_moved: float | None = Field(default=None, ge=0, description="Households that move at most.")
    max_grids: int | None = Field(default=None, ge=0, description="Grids that lose or get cells at most.")


AnswerName = Literal["fewest_moved", "between", "best_balance"]


class TakenAnswer(RebalancingScope):
    """Which answer of which rebalancing an edit takes."""

    answer: AnswerName


class ProposeEdit(ProposalsRequest):
    """Let the partitioner divide communities of the plan anew, or take a proposal or an answer as it is."""

    stages: Stages = None
    assignment: dict[Key, list[Cell]] | None = Field(default=None, description="Of a proposal: every cell once.")
    changes: dict[Key, list[Cell]] | None = Field(
        default=None, description="Of an answer of a rebalancing: the cells that come to a grid; the others stay."
    )
    rebalance: TakenAnswer | None = None


class ProposalFigures(Model):
    """Measures of the communities as one proposal divides them."""

    grids: int
    within_10: float
    within_20: float
    mad: float
    polsby_popper_mean: float
    polsby_popper_p10: float
    border_on_feature: float | None = Field(description="Null where no two grids meet.")
    excused_grids: int
    unexplained_grids: int


class KeptFigures(Model):
    """What a proposal keeps of the grids that the communities had when the plan was begun."""

    grids: int
    whole: int = Field(description="Those of them that lie in one new grid.")
    apart: float = Field(description="Households outside the new grid that holds most of their old one.")
    border_kept: float = Field(description="Share of the old borders that are borders still.")
    border_followed: float = Field(description="Share of the new borders that were borders before.")


class PlanProposal(Model):
    """One way to divide communities of a draft."""

    style: Style
    seed: int
    target: float
    minimum: float
    maximum: float
    free: bool
    load: str = Field(description="What it balances.")
    unit: Words = Field(description="Unit of target and limits, and of the mean deviation.")
    keep_whole: KeepWhole = None
    hard_barriers: HardBarriers = None
    keep_old: KeepOld = None
    lock_grids: list[Key] = Field(default=[])
    stages: Stages = Field(default=None, description="How far its search went, where the limit cut it.")
    figures: ProposalFigures
    apart: list[float] = Field(description="Share of households in different grids than in each proposal before it.")
    changed: float = Field(description="Share of households in different grids than in the draft.")
    kept: KeptFigures
    reasons: Words
    assignment: dict[str, list[int]] = Field(description="Key of each grid -> its cells.")
    loads: dict[str, float] = Field(description="Key of each grid -> what it holds of what is balanced.")


class PlanProposals(Model):
    """Ways to divide communities of a draft that really differ."""

    revision: int = Field(description="Of the draft that they were made for.")
    communities: list[str]
    words: Words | None = Field(description="Why there are fewer than three.")
    proposals: list[PlanProposal]
