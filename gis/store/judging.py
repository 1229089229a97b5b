"""What do the checks say of a stored plan, what does it measure, and may it go on?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gis.checks import run_checks
from gis.clock import local_date
from gis.errors import CheckFailedError, ConflictError
from gis.measures.of_plans import plan_measures
from gis.partition import explain, grid_frame
from gis.partition.barriers import parted
from gis.partition.loads import unit_words
from gis.remarks import Report
from gis.store.copying import fetch_frame
from gis.store.levels import cells_of_level, next_levels
from gis.store.networks import read_level
from gis.store.queries import query
from gis.store.reading import cells_at, read_cells, read_frames
from gis.store.stored_plans import plan_of, with_cell
from gis.store.weighing import rules_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    import geopandas as gpd

    from gis.checks import CheckResult
    from gis.partition.proofs import Explanation
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.stored_plans import PlanHead, StoredPlan

__all__ = [
    "Checked",
    "base_stands",
    "checked",
    "require_base",
    "require_passed",
    "shortened",
    "told",
    "whole_network",
]

CODES_TOLD = 100


@dataclass(frozen=True)
class Checked:
    """A plan's grids as polygons in the metric CRS, the outcome of the checks, and what its measures are made of.

    Parameters
    ----------
    measures : callable
        Computes the measures of the plan's scope.
    explanation : Explanation
        Why grids are off target.
    """

    grids: gpd.GeoDataFrame
    checks: list[CheckResult]
    measures: Callable[[], dict[str, Any]]
    explanation: Explanation


def checked(
    connection: Connection, place: District, stored: StoredPlan, outlines: gpd.GeoDataFrame | None = None
) -> Checked:
    """Give the grids as polygons, what the checks say of them, and what they measure.

    Parameters
    ----------
    outlines : GeoDataFrame, optional
        ``community_id``, geometry: what the grids are to fill; by default the ground of the plan's cells.
    """
    plan, tessellation = stored.plan, stored.tessellation
    hard = plan.settings.get("hard_barriers") or ()
    ground = read_frames(connection, place, at=stored.at, as_of=stored.as_of)
    grids = grid_frame(tessellation, plan)
    buildings = with_cell(ground.buildings, tessellation)
    codes = plan.grids["grid_code"].to_numpy(object)
    links = np.concatenate([plan.links, tessellation.adjacency.pairs[tessellation.adjacency.link]])
    beside = next_levels(connection, stored.of, stored.cells.ids)
    next_to = {f"{name}_code": of for name in ("finer", "coarser") if (of := getattr(beside, name)) is not None}
    checks = run_checks(
        tessellation.communities if outlines is None else outlines,
        grids,
        tessellation.cells.assign(grid_code=codes[plan.grid_of], **next_to),
        buildings,
        [(int(a), int(b)) for a, b in links],
        minimum=float(plan.settings["minimum"]),
        maximum=float(plan.settings["maximum"]),
        barriers=ground.barriers,
        compounds=ground.compounds,
        parts=_parts(connection, place, stored),
        unit=unit_words(tessellation.load),
        passable=parted(tessellation, hard, plan.links)[0].adjacency.pairs if hard else None,
        code_profile=stored.of.level.code_profile,
        division=stored.of.level.division_level,
    )
    waived = _waived(connection, stored)
    checks = [replace(check, waived=waived.get(check.name, frozenset())) for check in checks]
    cut = next(len(check.offenders) for check in checks if check.name == "no_cut_building")
    explanation = explain(tessellation, plan)
    measures = lambda: plan_measures(tessellation, plan, grids=grids, explanation=explanation, cut=cut)  # noqa: E731
    return Checked(grids, checks, measures, explanation)


def _waived(connection: Connection, stored: StoredPlan) -> dict[str, frozenset[str]]:
    """Codes of grids that a failing check is waived for, by check."""
    code_of = dict(zip(stored.keys, stored.plan.grids["grid_code"], strict=True))
    waived: dict[str, frozenset[str]] = {}
    for check, key in connection.execute(query("drafts.waived"), {"plan": stored.id}):
        if key in code_of:
            waived[check] = waived.get(check, frozenset()) | {str(code_of[key])}
    return waived


def whole_network(connection: Connection, place: District, head: PlanHead, at: dt.datetime) -> dict[str, Any] | None:
    """Measure all grids of a plan's network from the last publication (`at`) on; None where cells have no grid."""
    members = fetch_frame(
        connection, query("publishing.network_cells"), {"network": head.network_id, "level": head.level}
    )
    ids = members["cell_id"].to_numpy(np.int64)
    if not np.array_equal(cells_at(connection, place, at), ids):
        return None
    level = read_level(connection, place, head.network, head.level).level
    cells = read_cells(connection, place, as_of=head.as_of, at=at, cells=ids)
    cells = cells_of_level(connection, place, cells, level.division_level)
    keys = members["grid_code"].to_numpy(object)
    codes = {key: key for key in set(keys)}
    none, report = np.empty((0, 2), np.int32), Report("network", place.code)
    # the network as a whole is measured in households, whatever one plan of it balanced
    settings = {name: getattr(level, name) for name in ("target", "minimum", "maximum")}
    settings = settings if rules_of(head.settings) else head.settings
    plan, _ = plan_of(cells, keys, codes, none, settings, report, level.code_profile)
    buildings = read_frames(connection, place, at=at, as_of=head.as_of).buildings
    return plan_measures(cells.tessellation, plan, buildings=with_cell(buildings, cells.tessellation))


def _parts(connection: Connection, place: District, stored: StoredPlan) -> dict[str, int] | None:
    """Parts by grid code; None where the district has none."""
    rows = connection.execute(query("plans.parts_by_cell"), {"district": place.id}).fetchall()
    if not rows:
        return None
    codes = stored.plan.grids["grid_code"].to_numpy(object)[stored.plan.grid_of]
    of = dict(zip(stored.cells.ids.tolist(), codes, strict=True))
    counts: dict[str, int] = {}
    for cell, n in rows:
        if cell in of:
            counts[of[cell]] = counts.get(of[cell], 0) + n
    return counts


def base_stands(connection: Connection, plan_id: int, network: int, level: int = 1) -> bool:
    """Whether a plan's communities and cells go on, and nothing was published, or withdrawn, since it was begun."""
    values = {"plan": plan_id, "network": network, "level": level}
    names = ("plans.published_since", "plans.cells_replaced")
    return all(connection.execute(query(name), values).fetchone() is None for name in names)


def require_base(connection: Connection, place: District, plan: PlanHead) -> None:
    """See that the plan's communities and cells go on, and nothing was published, or withdrawn, since it was begun.

    Raises
    ------
    ConflictError
        Naming the first such community.
    """
    values = {"plan": plan.id, "network": plan.network_id, "level": plan.level}
    other = connection.execute(query("plans.published_since"), values).fetchone()
    if other and other[3] is not None:
        raise ConflictError(
            f"Plan {plan.id} is for community {other[0]}, which ends on {local_date(other[3], place.time_zone)}.",
            "Open a new draft for the communities that take its place.",
        )
    if other:
        raise ConflictError(
            f"Plan {plan.id} was begun on {_version(other[1])}, but in community {other[0]} "
            f"{_version(other[2])} is in force.",
            f"Open a new draft on the version in force (gridkeeper plan open {place.code} ...).",
        )
    replaced = connection.execute(query("plans.cells_replaced"), values).fetchone()
    if replaced:
        raise ConflictError(
            f"Plan {plan.id} stands on cells that another network's publication replaced, or took back: the first is "
            f"{replaced[0]}.",
            f"Begin it anew on the cells that go on (gridkeeper plan rebase {place.code} {plan.id}).",
        )


def _version(base: int | None) -> str:
    return "no version" if base is None else f"version {base}"


ORDER_OF_LEVELS = (
    "Levels are published one after the other and nest at every moment: first the finer one, with its grids divided at "
    "the new borders of the coarser; then the coarser one; then what is to be merged of the finer."
)
"""What to do where a plan changes grids of which the level above or below changes too."""


def require_passed(place: District, checks: list[CheckResult], act: str, remedy: str, plan: int) -> None:
    """Refuse an act when a hard check failed.

    Raises
    ------
    CheckFailedError
    """
    failed = [check for check in checks if check.blocks]
    if any(check.name == "nested" for check in failed):
        remedy = f"{ORDER_OF_LEVELS} {remedy}"
    if failed:
        raise CheckFailedError(
            f"The plan is not {act}: {failed[0].message['en']}"
            + (f" ({len(failed)} hard checks failed)." if len(failed) > 1 else "."),
            remedy.format(district=place.code, plan=plan),
        )


def told(checks: list[CheckResult], stored: StoredPlan) -> list[dict[str, Any]]:
    """Bring the results of checks to JSON, with the codes of all offenders and the keys of those that are grids."""
    key_of = dict(zip(stored.plan.grids["grid_code"], stored.keys, strict=True))
    lines = []
    for check in checks:
        codes = [str(code) for code in check.offenders["code"]]
        lines.append(
            {
                "name": check.name,
                "hard": check.hard,
                "passed": check.passed,
                "message": check.message,
                "offenders": len(codes),
                "codes": codes,
                "keys": [str(key_of[code]) for code in codes if code in key_of],
                "waived": [str(key_of[code]) for code in codes if code in check.waived],
            }
        )
    return lines


def shortened(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave the first 100 offenders of every check that was `told`."""
    return [{**line, **{name: line[name][:CODES_TOLD] for name in ("codes", "keys", "waived")}} for line in lines]
