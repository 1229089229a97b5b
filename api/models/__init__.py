"""What does each answer of the HTTP interface look like? The web client is generated from these."""

from __future__ import annotations

from api.models.cards import Card, Fact, GridRef, KeyFigure, Person, SearchHit
from api.models.common import Health, Problem, ProblemPlace, Words
from api.models.districts import (
    ClassCount,
    DistrictDetail,
    DistrictItem,
    Division,
    GridRow,
    PlanInForce,
    VersionItem,
)
from api.models.figures import Figure, FigureClass, FigureValues, HeatMap, Style
from api.models.jobs import JobItem, JobList, JobRequest, Upload
from api.models.locating import Answer, Answers, PointsToLocate
from api.models.networks import NetworkItem, NetworkLevel
from api.models.plans import (
    CheckLine,
    EditRequest,
    EditResult,
    NewPerson,
    OpenRequest,
    PersonItem,
    PlanCells,
    PlanChecks,
    PlanDetail,
    PlanItem,
    PlanPublishRequest,
    RebaseResult,
    ReturnRequest,
    RevisionRequest,
    RollbackRequest,
    WaiverRequest,
)
from api.models.work import CheckOutcome, CheckRequest, ProposeRequest, PublishRequest, StepReport, TessellateRequest

__all__ = [
    "Answer",
    "Answers",
    "Card",
    "CheckLine",
    "CheckOutcome",
    "CheckRequest",
    "ClassCount",
    "DistrictDetail",
    "DistrictItem",
    "Division",
    "EditRequest",
    "EditResult",
    "Fact",
    "Figure",
    "FigureClass",
    "FigureValues",
    "GridRef",
    "GridRow",
    "Health",
    "HeatMap",
    "JobItem",
    "JobList",
    "JobRequest",
    "KeyFigure",
    "NetworkItem",
    "NetworkLevel",
    "NewPerson",
    "OpenRequest",
    "Person",
    "PersonItem",
    "PlanCells",
    "PlanChecks",
    "PlanDetail",
    "PlanInForce",
    "PlanItem",
    "PlanPublishRequest",
    "PointsToLocate",
    "Problem",
    "ProblemPlace",
    "ProposeRequest",
    "PublishRequest",
    "RebaseResult",
    "ReturnRequest",
    "RevisionRequest",
    "RollbackRequest",
    "SearchHit",
    "StepReport",
    "Style",
    "TessellateRequest",
    "Upload",
    "VersionItem",
    "WaiverRequest",
    "Words",
]
