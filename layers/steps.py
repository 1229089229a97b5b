"""How are the steps that make grids run for somebody who only wants to read what they did?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gis.cells import CellSettings
from gis.store import pipeline
from gis.store.connect import connect

if TYPE_CHECKING:
    from gis.store.step import Step

__all__ = ["check", "propose", "publish", "tessellate", "told"]


def tessellate(database_url: str, district: str, max_cell_m2: float | None = None) -> dict[str, Any]:
    """Divide a district's communities into cells; its report, as `api.models.StepReport`."""
    settings = CellSettings() if max_cell_m2 is None else CellSettings(max_cell_m2=max_cell_m2)
    with connect(database_url) as connection:
        return told(pipeline.tessellate_district(connection, district, settings=settings))


def propose(database_url: str, district: str, **options: Any) -> dict[str, Any]:
    """Propose a plan over a district's newest cells, as `propose_plan` does; its report and measures."""
    with connect(database_url) as connection:
        return told(pipeline.propose_plan(connection, district, **options))


def check(database_url: str, district: str, **options: Any) -> dict[str, Any]:
    """Run all checks over a plan, as `check_plan` does."""
    with connect(database_url) as connection:
        return told(pipeline.check_plan(connection, district, **options))


def publish(database_url: str, district: str, **options: Any) -> dict[str, Any]:
    """Check a plan and put its grids in force, as `publish_plan` does."""
    with connect(database_url) as connection:
        return told(pipeline.publish_plan(connection, district, **options))


def told(step: Step) -> dict[str, Any]:
    """Tell what a step did, as `api.models.StepReport`."""
    checks = [
        {
            "name": check.name,
            "hard": check.hard,
            "passed": check.passed,
            "message": {"zh": check.message["zh"], "en": check.message["en"]},
            "offenders": len(check.offenders),
        }
        for check in step.checks
    ]
    return {
        **step.report.as_dict(),
        "plan_id": step.plan_id,
        "version": step.version,
        "settings": _plain(step.settings) or None,
        "measures": _plain(step.measures) or None,
        "checks": checks or None,
    }


def _plain(value: Any) -> Any:
    """What JSON can say: numpy's numbers become Python's, NaN becomes null."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
