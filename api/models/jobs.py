"""What may be asked of a job, and what is told of it?"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from api.models.common import Model
from api.models.networks import MergeRequest
from api.models.proposals import ProposalsRequest
from api.models.rebalancing import RebalancingsRequest
from api.models.work import Free, ProposeRequest, PublishRequest, RemarkLine, Style, TessellateRequest

__all__ = [
    "EditJob",
    "ImportJob",
    "JobFault",
    "JobItem",
    "JobList",
    "JobRequest",
    "JobState",
    "LoadJob",
    "MergeJob",
    "PlanPublishJob",
    "ProposalsJob",
    "ProposeJob",
    "PublishJob",
    "RebalanceJob",
    "TessellateJob",
    "Upload",
]

JobState = Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]


class ReadingOptions(Model):
    """How files are read; what is absent is found from them."""

    crs: str | None = Field(default=None, description="EPSG code, gcj02 or bd09; wins over what the file says.")
    accept_crs: bool = False
    accept_partial: bool = Field(default=False, description="Take the good rows of a file with bad ones.")
    estimate_households: bool = False
    as_of: dt.date | None = Field(default=None, description="Date of household counts that carry none.")
    time_zone: str | None = None


class ImportJob(ReadingOptions):
    """Import uploaded files of one kind."""

    kind: Literal["import"]
    what: str = Field(description="divisions, compounds, landcover, buildings, barriers, parts, events, grids ...")
    uploads: list[str] = Field(min_length=1, description="Numbers of uploads.")
    level: str | None = Field(default=None, description="Of divisions whose file does not say; of grids: 1, 2 ...")
    effective: dt.date | None = Field(
        default=None,
        description="Divisions and buildings: what the file changes holds from that day on. Grids: their first day.",
    )
    network: str = Field(default="community", description="Of grids: the network they belong to.")
    exact: bool = Field(default=False, description="Of grids: divide cells along their borders.")
    complete: bool = Field(
        default=False, description="Buildings with effective: those the file lacks in its communities are gone."
    )
    columns: dict[str, str] = Field(default_factory=dict, description="Column of the file -> field.")


class LoadJob(ReadingOptions):
    """Load a whole district: import all, make cells, propose, check and publish the first grids."""

    kind: Literal["load"]
    uploads: list[str] = Field(min_length=1, description="Numbers of uploads, one a kind.")
    name: str | None = Field(default=None, description="Name of the district.")
    metric_crs: str | None = None
    target: int = Field(default=200, ge=1)
    minimum: int | None = Field(default=None, ge=0)
    maximum: int | None = Field(default=None, ge=1)
    seed: int = 1
    style: Style = "balanced"
    free: Free = False
    effective: dt.datetime | None = None


class TessellateJob(TessellateRequest):
    """Divide a district into cells."""

    kind: Literal["tessellate"]


class ProposeJob(ProposeRequest):
    """Propose a first plan."""

    kind: Literal["propose"]


class PublishJob(PublishRequest):
    """Check a first plan and put its grids in force."""

    kind: Literal["publish"]


class EditJob(Model):
    """Apply one edit to a draft: worth a job where it computes long."""

    kind: Literal["edit"]
    plan: int
    revision: int = Field(ge=0)
    edit: str = Field(description="move, new_grid, merge, propose, renew ...")
    payload: dict[str, JsonValue] = Field(default_factory=dict)


class ProposalsJob(ProposalsRequest):
    """Divide communities of a draft in three ways; the result holds what the route of the same name answers."""

    kind: Literal["proposals"]
    plan: int


class RebalanceJob(RebalancingsRequest):
    """Make the grids of a draft even again; the result holds what POST /plans/{plan}/rebalancings answers."""

    kind: Literal["rebalance"]
    plan: int


class MergeJob(MergeRequest):
    """Propose one network in place of several; the result holds the plan and what it keeps of each."""

    kind: Literal["merge_networks"]


class PlanPublishJob(Model):
    """Publish an approved plan."""

    kind: Literal["plan_publish"]
    plan: int
    effective: dt.datetime | None = Field(default=None, description="The next local midnight when absent.")


JobRequest = Annotated[
    ImportJob
    | LoadJob
    | TessellateJob
    | ProposeJob
    | PublishJob
    | EditJob
    | ProposalsJob
    | RebalanceJob
    | MergeJob
    | PlanPublishJob,
    Field(discriminator="kind"),
]


class JobFault(Model):
    """Why a job did not do what was asked."""

    message: str
    remedy: str = ""
    message_zh: str | None = Field(default=None, description="The same in Chinese, where there are words for it.")
    remedy_zh: str | None = None
    remarks: list[RemarkLine] = Field(default_factory=list)


class JobItem(Model):
    """A job: what was asked, how far it is, what came of it."""

    id: int
    kind: str
    what: str | None = Field(description="Kind of the files of an import, kind of an edit.")
    district: str
    title: str
    person: str
    verified: bool
    state: JobState
    label: str = Field(description="What it does now.")
    done: int
    total: int = Field(description="0: unknown.")
    attempts: int = Field(description="How often it was begun and ended.")
    created_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    waits_for: int | None = Field(description="Job of the same district that comes first.")
    result: dict[str, JsonValue] | None = Field(description="What the work tells, by kind.")
    fault: JobFault | None


class JobList(Model):
    """Jobs, the newest first, and whether anybody does them."""

    workers: int = Field(description="Workers that are alive; 0: jobs wait until one is started.")
    jobs: list[JobItem]


class Upload(Model):
    """A file handed over, kept until a job has read it."""

    id: str
    name: str
    bytes: int
