"""What does a step of the pipeline hand back?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt

    from gis.checks import CheckResult
    from gis.remarks import Report

__all__ = ["Step"]


@dataclass(frozen=True)
class Step:
    """What one step did, and the names of what it made.

    Parameters
    ----------
    report : Report
        What is worth telling.
    tessellation_id, plan_id, version : int, optional
    effective : datetime, optional
        From when the grids are in force.
    settings : dict
        What makes the plan again.
    measures : dict
        The plan's measures.
    explanation : dict
        Why grids of the plan are off target, as `gis.partition.proofs.Explanation.as_dict`.
    checks : list of CheckResult
    """

    report: Report
    tessellation_id: int | None = None
    plan_id: int | None = None
    version: int | None = None
    effective: dt.datetime | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    measures: dict[str, Any] = field(default_factory=dict)
    explanation: dict[str, Any] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)
