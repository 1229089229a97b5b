"""What is asked of and told about persons, plans, their cells, edits and steps?"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from api.models.common import LonLat, Model, OfNetwork, Words
from api.models.proposals import Cell, Key, ProposeEdit

__all__ = [
    "CellColumns",
    "CheckLine",
    "EdgeColumns",
    "EditRequest",
    "EditResult",
    "GridKey",
    "GridTotals",
    "LeftCell",
    "MergeEdit",
    "MoveEdit",
    "NewGridEdit",
    "NewPerson",
    "OpenRequest",
    "PersonItem",
    "PlanCells",
    "PlanChecks",
    "PlanDetail",
    "PlanItem",
    "PlanPlace",
    "PlanPublishRequest",
    "PlanStep",
    "Published",
    "RebaseResult",
    "RenewEdit",
    "RenumberEdit",
    "ReturnRequest",
    "RevisionRequest",
    "RollbackRequest",
    "SplitEdit",
    "Waiver",
    "WaiverRequest",
]

Status = Literal["draft", "submitted", "approved", "published", "discarded"]
State = Literal["draft", "submitted", "approved", "published", "in_force", "closed", "discarded"]
StepName = Literal["open", "waive", "submit", "approve", "return", "publish", "withdraw", "discard"]

Revision = Annotated[int, Field(ge=0, description="The last revision the client knows; 0 before the first edit.")]


class PersonItem(Model):
    """A person of the list; nobody has proved to be one yet."""

    id: int
    name: str


class NewPerson(Model):
    """A name for the list."""

    name: str = Field(min_length=1, max_length=100)


class PlanPlace(Model):
    """A community of a plan's scope."""

    code: str
    name: str


class PlanItem(Model):
    """A plan in the list."""

    id: int
    network: str = Field(description="Code of its network.")
    level: int = Field(description="Its level of the network.")
    title: str | None
    status: Status = Field(description="As stored.")
    state: State = Field(description="The same; a published plan is in_force from its effective time, then closed.")
    in_force: bool
    scope: list[PlanPlace]
    base_version: int | None = Field(description="Version it was begun on; null for a first plan.")
    version: int | None = Field(description="Version it was published as.")
    effective: dt.datetime | None
    created_by: str
    created_at: dt.datetime
    submitted_by: str | None
    approved_by: str | None
    revision: int = Field(description="Number of its last edit; 0 before the first.")


class PlanStep(Model):
    """One step of a plan's life."""

    name: StepName
    person: str
    verified: bool = Field(description="Whether the person had proved who they are.")
    at: dt.datetime
    reason: str | None


class CheckLine(Model):
    """The outcome of one named check of a plan."""

    name: str
    hard: bool
    passed: bool
    message: Words
    offenders: int = Field(description="How many things offend.")
    codes: list[str] = Field(description="Codes of the first of them.")
    keys: list[str] = Field(description="Keys, in this plan, of the grids among them.")
    waived: list[str] = Field(default=[], description="Keys of the grids among them that a person answers for.")


class PlanChecks(Model):
    """What the checks say of a plan as it is now."""

    revision: int
    passed: bool = Field(description="No hard check failed.")
    checks: list[CheckLine]
    measures: dict[str, JsonValue]


class Waiver(Model):
    """A hard check that does not block for one grid: an island."""

    check_name: str
    grid_key: str
    person: str
    verified: bool
    at: dt.datetime
    reason: str


class Published(Model):
    """What a publication did; the shares of the lineage sum to 1 for each old grid."""

    version: int
    effective: dt.datetime
    published_by: str
    unchanged: int = Field(description="Grids whose cells are the same: they keep their version.")
    opened: list[str] = Field(description="Codes of grids that got a new version.")
    kept_codes: list[str] = Field(description="Those of them that keep a code.")
    new_codes: list[str] = Field(description="Those of them with a code never used before.")
    withdrawn_codes: list[str] = Field(description="Codes that no grid has any more, and none will have again.")
    postings_ended: list[str] = Field(description="Workers whose grid has gone, as 'code name: grid code'.")


class PlanDetail(PlanItem):
    """All that an editor needs to begin, but the cells."""

    as_of: dt.date = Field(description="Date of the household counts.")
    target: int | float = Field(description="Load wanted in a grid.")
    minimum: int | float
    maximum: int | float
    load: str = Field(description="What its grids are measured by: households, or a weighted sum.")
    unit: Words = Field(description="Of this load.")
    keep_whole: str | None = Field(description="What no grid divides: compounds, blocks; null: nothing.")
    hard_barriers: list[str] = Field(description="Classes of lines that no grid crosses.")
    targets: dict[str, float] = Field(
        description="Communities whose grids were divided for another target: the code of each, and its target."
    )
    can_undo: bool
    can_redo: bool
    base_in_force: bool = Field(description="Nothing else was published in its scope since it was begun.")
    next_steps: list[StepName] = Field(description="Steps that its state allows; who may is said when it is tried.")
    default_effective: dt.datetime = Field(
        description="A good moment to publish for: the next local midnight that is free."
    )
    steps: list[PlanStep]
    measures: dict[str, JsonValue] | None = Field(
        description="As computed when it was submitted or published; see /checks for now."
    )
    checks: list[CheckLine] | None = Field(description="Of the last submission or publication; see /checks for now.")
    publication: Published | None
    waivers: list[Waiver]
    renumbered: list[str] = Field(description="Communities whose grids all get new codes, in the order of position.")


class GridKey(Model):
    """A grid of a plan."""

    key: str = Field(description="The code of the grid it was, or new-1 ... for a grid made in the plan.")
    code: str = Field(description="Code it would be published with.")
    name: str
    community: int = Field(description="Index into communities.")


class EdgeColumns(Model):
    """Pairs of cells that touch or are linked; each pair once, a < b."""

    a: list[int] = Field(description="Index into the cells.")
    b: list[int]
    length_m: list[float]
    follows: list[int] = Field(description="Index into follows_names: what the shared border runs along.")
    link: list[bool] = Field(description="Connected by declaration or rule, not by 1 m of border.")


class CellColumns(Model):
    """Cells in columns of one length, ordered by cell_id."""

    cell_id: list[int]
    community: list[int] = Field(description="Index into communities.")
    households: list[float]
    people: list[float]
    area_m2: list[float]
    x: list[float] = Field(description="Longitude of a point inside, degrees EPSG:4490.")
    y: list[float] = Field(description="Latitude of the same point.")
    building_id: list[int | None] = Field(description="Building whose share of the block the cell is.")
    grid: list[int] = Field(description="Index into grids.")
    base: list[str | None] = Field(description="Key of the grid it was in when the plan was begun; null: in none.")


class PlanCells(Model):
    """The cells of a plan with the grid of each; their shapes are at cells.geojson, by the same index."""

    revision: int
    cells: CellColumns
    grids: list[GridKey]
    communities: list[PlanPlace]
    edges: EdgeColumns
    follows_names: list[str]
    load: list[float] | None = Field(description="Of each cell, what is balanced; null where that is households.")
    next_key: str = Field(description="A key that no grid of the plan has: for the next new grid.")


class OpenRequest(OfNetwork):
    """A draft to be opened from the grids in force."""

    communities: list[str] = Field(
        min_length=1, max_length=1000, description="Codes of communities (what the grids of the level stay inside)."
    )
    title: str | None = Field(default=None, max_length=200)


class MoveEdit(Model):
    """Move cells to a grid of their community."""

    cells: list[Cell] = Field(min_length=1)
    to: Key


class NewGridEdit(Model):
    """Make a grid of cells of one community."""

    cells: list[Cell] = Field(min_length=1)
    key: Key = Field(description="new-1, new-2 ...: one that no grid of the plan has.")


class MergeEdit(Model):
    """Give all cells of one grid to another of its community."""

    from_: Key = Field(alias="from")
    into: Key


class RenumberEdit(Model):
    """Number the grids of communities anew by position; no code that was used comes back."""

    communities: list[str] = Field(min_length=1)


class RenewEdit(Model):
    """Make the cells of the plan's communities anew where the ground has changed; nothing needs to be said."""


class SplitEdit(Model):
    """Split a cell along a line that cuts no building."""

    cell: Cell
    line: list[LonLat] = Field(
        min_length=2, max_length=1000, description="Longitude and latitude of its points, EPSG:4490; through the cell."
    )


class _Edit(Model):
    revision: Revision


class Move(_Edit):
    """A move."""

    kind: Literal["move"]
    payload: MoveEdit


class NewGrid(_Edit):
    """A new grid."""

    kind: Literal["new_grid"]
    payload: NewGridEdit


class Merge(_Edit):
    """A merger."""

    kind: Literal["merge"]
    payload: MergeEdit


class Propose(_Edit):
    """A proposal."""

    kind: Literal["propose"]
    payload: ProposeEdit


class Renumber(_Edit):
    """New numbers."""

    kind: Literal["renumber"]
    payload: RenumberEdit


class Renew(_Edit):
    """New cells where the ground has changed."""

    kind: Literal["renew"]
    payload: RenewEdit


class Split(_Edit):
    """A split of a cell."""

    kind: Literal["split"]
    payload: SplitEdit


EditRequest = Annotated[Move | NewGrid | Merge | Propose | Renumber | Renew | Split, Field(discriminator="kind")]


class RevisionRequest(_Edit):
    """Undo or redo, from what the client knows."""


class GridTotals(Model):
    """A grid that an edit touched, as it is after it; no cells: it is gone."""

    key: str
    households: float
    cells: int
    parts: int = Field(description="Connected components; 1 is a grid in one piece.")


class Changed(Model):
    """Cells whose grid changed, in columns."""

    cell_id: list[int]
    grid: list[str] = Field(description="Key of the grid each belongs to now; empty where other cells took its place.")


class EditResult(Model):
    """What an edit, an undo or a redo did."""

    revision: int
    grids: list[GridTotals]
    changed: Changed
    remade: bool = Field(description="Cells came or went: read the cells again.")
    can_undo: bool
    can_redo: bool
    next_key: str


class ReturnRequest(Model):
    """Why a plan goes back to be a draft."""

    reason: str = Field(min_length=1, max_length=2000)


class PlanPublishRequest(Model):
    """From when the plan is in force."""

    effective: dt.datetime | None = Field(
        default=None, description="Now or later; the next local midnight when absent. Local time where it has no zone."
    )


class WaiverRequest(Model):
    """For which grid a hard check is not to block, and why."""

    check: str = Field(min_length=1, max_length=100)
    grid: Key
    reason: str = Field(min_length=1, max_length=2000)


class LeftCell(Model):
    """A cell that a rebase left as it is in force."""

    cell: int
    wanted: str = Field(description="Its grid in the old draft.")
    stays: str = Field(description="Its grid in force.")


class RebaseResult(Model):
    """A draft on the version in force, with the edits of the old one; the old one is discarded."""

    plan: PlanDetail
    taken: int = Field(description="Cells moved again.")
    left: list[LeftCell]
    gone: int = Field(description="Cells of the old draft that are not there any more.")


class RollbackRequest(Model):
    """Which version's grids to go back to."""

    version: int = Field(ge=1)
    communities: list[str] | None = Field(default=None, description="All that have changed since when absent.")
