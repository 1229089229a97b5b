"""What is asked of and told about rebalancing the grids of a draft, and about what moves?"""

from __future__ import annotations

from pydantic import Field

from api.models.common import Model, Words
from api.models.proposals import AnswerName, Cell, Key, ProposeEdit, RebalancingScope
from api.models.work import KeepWhole, Maximum, Minimum, Style, Target

__all__ = ["Balance", "MovesRequest", "PlanAnswer", "PlanMove", "PlanMoves", "PlanRebalancings", "RebalancingsRequest"]


class RebalancingsRequest(RebalancingScope):
    """How the grids of a draft are to be made even again."""

    target: Target = None
    minimum: Minimum = None
    maximum: Maximum = None
    style: Style = "balanced"
    seed: int = 1
    keep_whole: KeepWhole = None


class Balance(Model):
    """How even the grids of the communities in scope are."""

    grids: int
    within: int = Field(description="Grids within 10 % of the target.")
    mad: float = Field(description="Mean absolute deviation from the target, households.")
    rms: float = Field(description="Root mean square deviation from the target, households.")


class PlanAnswer(Model):
    """One way to make the grids of a draft even again."""

    name: AnswerName
    moved: float = Field(description="Households, or what the draft balances, that change their grid.")
    buildings: int = Field(description="Buildings that do.")
    touched: int = Field(description="Grids that lose or get cells.")
    workers: int = Field(description="Persons posted to grids who lose or get a building.")
    balance: Balance
    bound: float = Field(description="Households that move at least, for as many grids within 10 % as here.")
    ratio: float | None = Field(description="Moved households as a multiple of the bound; null where that is 0.")
    taking: ProposeEdit | None = Field(description="Payload by which an edit propose takes it; null: nothing moves.")


class PlanRebalancings(Model):
    """Three ways to make the grids of a draft even again."""

    revision: int = Field(description="Of the draft that they were made for.")
    now: Balance
    words: list[Words] = Field(description="What is out of the ordinary.")
    answers: list[PlanAnswer] = Field(description="From the fewest moved households to the best balance.")


class MovesRequest(Model):
    """Cells of a draft that would change their grid."""

    revision: int = Field(ge=0, description="Of the draft that is meant.")
    changes: dict[Key, list[Cell]] = Field(min_length=1, description="Key of a grid -> cells that come to it.")


class PlanMove(Model):
    """A building that changes its grid, or a cell without any."""

    building: str | None
    name: str | None
    address: str | None
    community: str
    households: float
    people: float
    from_grid: str = Field(description="Key of the grid it leaves.")
    to_grid: str
    worker_from: str | None = Field(description="Who is posted to the grid it leaves.")
    worker_to: str | None
    worker_changes: bool
    cell: int
    lon: float
    lat: float


class PlanMoves(Model):
    """What moves where cells of a draft change their grid, one page of it."""

    total: int = Field(description="Rows in all.")
    buildings: int
    households: float
    worker_changes: int = Field(description="Buildings whose worker changes.")
    moves: list[PlanMove]
