"""What does each answer of the HTTP interface look like? The web client is generated from these."""

from __future__ import annotations

from api.models.cards import Card, Fact, GridRef, KeyFigure, Person, SearchHit
from api.models.common import Health, Problem, ProblemPlace, Words
from api.models.districts import ClassCount, DistrictDetail, DistrictItem, Division, GridRow, PlanInForce
from api.models.figures import Figure, FigureClass, FigureValues, HeatMap, Style
from api.models.locating import Answer, Answers, PointsToLocate
from api.models.work import CheckOutcome, CheckRequest, ProposeRequest, PublishRequest, StepReport, TessellateRequest

__all__ = [
    "Answer",
    "Answers",
    "Card",
    "CheckOutcome",
    "CheckRequest",
    "ClassCount",
    "DistrictDetail",
    "DistrictItem",
    "Division",
    "Fact",
    "Figure",
    "FigureClass",
    "FigureValues",
    "GridRef",
    "GridRow",
    "Health",
    "HeatMap",
    "KeyFigure",
    "Person",
    "PlanInForce",
    "PointsToLocate",
    "Problem",
    "ProblemPlace",
    "ProposeRequest",
    "PublishRequest",
    "SearchHit",
    "StepReport",
    "Style",
    "TessellateRequest",
    "Words",
]
