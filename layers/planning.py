"""How is a plan told to somebody who draws it, checks it or puts it in force?

Each function opens a connection of its own and works in one transaction; the routes run it in a worker thread.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely

from gis.clock import next_local_midnight
from gis.codes import community_grid_profile
from gis.graph import FOLLOWS
from gis.partition import explain
from gis.plans import count_parts, grid_name, new_key, next_steps, state_of
from gis.progress import Progress, quiet
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.copying import plain
from gis.store.districts import district_of
from gis.store.judging import base_stands, checked, told
from gis.store.lives import life_of
from gis.store.locating import NETWORK
from gis.store.plan_cells import read_plan_cells, read_plan_shapes
from gis.store.stored_plans import read_plan
from gis.store.versions import default_effective
from gis.store.weighing import load_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from gis.clock import Clock
    from gis.plans import Actor, Draft
    from gis.store.connect import Connection
    from gis.store.districts import District
    from gis.store.plan_cells import PlanCells

__all__ = [
    "StepName",
    "add_person",
    "cells",
    "checks",
    "detail",
    "edit",
    "explanation",
    "items",
    "open_plan",
    "persons",
    "plan_grids",
    "proposals",
    "rebase",
    "roll_back",
    "shapes",
    "step",
    "told_detail",
    "waive",
]

StepName = Literal["submit", "approve", "return", "discard", "publish", "withdraw"]

SHOWN_AS = ("submitted", "approved", "published")
OWN = (
    "id", "network", "level", "title", "status", "base_version", "version", "effective", "created_by", "created_at",
    "revision",
)  # fmt: skip
DIGITS_AREA, DIGITS_PLACE = 2, 7


def persons(database_url: str) -> list[dict[str, Any]]:
    """List the persons, as `api.models.PersonItem`."""
    with connect(database_url) as connection:
        return [{"id": number, "name": name} for number, name in pipeline.list_persons(connection)]


def add_person(database_url: str, name: str, clock: Clock) -> dict[str, Any]:
    """Put a name on the list."""
    with connect(database_url) as connection:
        number, known = pipeline.add_person(connection, name, clock=clock)
    return {"id": number, "name": known}


def items(
    database_url: str, district: str, clock: Clock, *, network: str = NETWORK, level: int = 1
) -> list[dict[str, Any]]:
    """List the plans of a network level of a district, as `api.models.PlanItem`, the newest first."""
    now = clock()
    with connect(database_url) as connection:
        rows = pipeline.read_lives(connection, district_of(connection, district), now, network=network, level=level)
    return [_item(row, now) for row in rows]


def detail(database_url: str, district: str, plan: int, clock: Clock) -> dict[str, Any]:
    """Tell all of a plan but its cells, as `api.models.PlanDetail`."""
    with connect(database_url) as connection:
        return told_detail(connection, district, plan, clock())


def open_plan(
    database_url: str,
    district: str,
    person: Actor,
    clock: Clock,
    *,
    communities: Sequence[str],
    title: str | None = None,
    network: str = NETWORK,
    level: int = 1,
) -> dict[str, Any]:
    """Open a draft of a network level; it is told as `detail` does."""
    of: dict[str, Any] = {"network": network, "level": level}
    with connect(database_url) as connection:
        plan = pipeline.open_draft(connection, district, communities, person, title=title, clock=clock, **of)
        return told_detail(connection, district, plan, clock())


def edit(
    database_url: str,
    district: str,
    plan: int,
    person: Actor,
    clock: Clock,
    *,
    revision: int,
    kind: str,
    payload: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Apply one edit, as `api.models.EditResult`."""
    with connect(database_url) as connection:
        done = pipeline.edit_draft(
            connection, district, plan, person, revision=revision, kind=kind, payload=payload, clock=clock
        )
    return {
        "revision": done.revision,
        "grids": done.grids,
        "changed": {"cell_id": done.cells.tolist(), "grid": done.keys.tolist()},
        "remade": done.remade,
        "can_undo": done.can_undo,
        "can_redo": done.can_redo,
        "next_key": done.next_key,
    }


def proposals(
    database_url: str,
    district: str,
    plan: int,
    clock: Clock,
    *,
    asked: Mapping[str, Any],
    each: Callable[[dict[str, Any]], None] | None = None,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Divide communities of a draft in several ways, as `api.models.PlanProposals`; nothing is written.

    `each` gets what there is whenever a proposal is ready.
    """

    def tell(made: dict[str, Any]) -> None:
        if each is not None:
            each(plain(made))

    options: dict[str, Any] = {"each": tell, "clock": clock, "progress": progress}
    with connect(database_url) as connection:
        return dict(plain(pipeline.compare_proposals(connection, district, plan, asked, **options)))


def step(
    database_url: str,
    district: str,
    plan: int,
    person: Actor,
    clock: Clock,
    *,
    name: StepName,
    reason: str | None = None,
    effective: dt.datetime | None = None,
) -> dict[str, Any]:
    """Let a plan take a step of its life; it is told as `detail` does."""
    with connect(database_url) as connection:
        if effective is not None and effective.tzinfo is None:
            zone = district_of(connection, district).time_zone
            effective = effective.replace(tzinfo=ZoneInfo(zone))
        pipeline.take_step(connection, district, plan, person, name, reason=reason, effective=effective, clock=clock)
        return told_detail(connection, district, plan, clock())


def roll_back(
    database_url: str,
    district: str,
    person: Actor,
    clock: Clock,
    *,
    version: int,
    communities: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Submit a plan with the grids of an earlier version; it is told as `detail` does."""
    with connect(database_url) as connection:
        plan = pipeline.roll_back(connection, district, version, person, communities=communities, clock=clock)
        return told_detail(connection, district, plan, clock())


def waive(
    database_url: str,
    district: str,
    plan: int,
    person: Actor,
    clock: Clock,
    *,
    check: str,
    grid: str,
    reason: str,
) -> dict[str, Any]:
    """Let a check not block a draft for one grid; the plan is told as `detail` does."""
    with connect(database_url) as connection:
        pipeline.waive(connection, district, plan, person, check, grid, reason, clock=clock)
        return told_detail(connection, district, plan, clock())


def rebase(database_url: str, district: str, plan: int, person: Actor, clock: Clock) -> dict[str, Any]:
    """Begin a stale draft anew, as `api.models.RebaseResult`."""
    with connect(database_url) as connection:
        done = pipeline.rebase_draft(connection, district, plan, person, clock=clock)
        fresh = told_detail(connection, district, done.plan_id, clock())
    return {"plan": fresh, "taken": done.taken, "left": done.left, "gone": done.gone}


def checks(database_url: str, district: str, plan: int, clock: Clock) -> dict[str, Any]:
    """Run all checks over a plan as it is now, as `api.models.PlanChecks`; nothing is written."""
    with connect(database_url) as connection, connection.transaction():
        place = district_of(connection, district)
        row = pipeline.read_life(connection, place, plan, clock())
        stored = read_plan(connection, place, plan, now=clock())
        found = checked(connection, place, stored)
        lines = told(found.checks, stored)
        return {
            "revision": row["revision"],
            "passed": not any(check.blocks for check in found.checks),
            "checks": lines,
            "measures": plain(found.measures()),
        }


def explanation(database_url: str, district: str, plan: int, clock: Clock) -> dict[str, Any]:
    """Say of a plan as it is now why grids are off target, as `api.models.PlanExplanation`.

    The target is that of the level; where all of a draft was divided for another one, that.
    """
    with connect(database_url) as connection, connection.transaction():
        place = district_of(connection, district)
        row = pipeline.read_life(connection, place, plan, clock())
        stored = read_plan(connection, place, plan, now=clock())
        draft = None if row["base_version"] is None else pipeline.read_draft(connection, plan)[0]
    aims = set() if draft is None else {draft.targets.get(code) for code in set(draft.community[draft.present])}
    own = aims.pop() if len(aims) == 1 else None
    made = stored.plan if own is None else replace(stored.plan, settings=stored.plan.settings | own._asdict())
    found = explain(stored.tessellation, made)
    why = found.as_dict(stored.tessellation, made, stored.cells.ids)
    for line, reason in zip(why["reasons"], found.reasons, strict=True):
        line["key"] = str(stored.keys[reason.grid])
    return {"revision": row["revision"], **why}


def told_detail(connection: Connection, district: str, plan: int, now: dt.datetime) -> dict[str, Any]:
    """Tell all of a plan but its cells, on a connection."""
    with connection.transaction():
        place = district_of(connection, district)
        row = pipeline.read_life(connection, place, plan, now)
        first = row["base_version"] is None
        draft = None if first else pipeline.read_draft(connection, plan)[0]
        steps, waivers = pipeline.read_steps(connection, plan), pipeline.read_waivers(connection, plan)
        midnight, last = default_effective(connection, place, plan, row["network_id"], now, row["level"])
        stands = base_stands(connection, plan, row["network_id"], row["level"])
    life, settings = life_of(row), row["settings"]
    open_to = next_steps(life, now)
    return {
        **_item(row, now),
        "as_of": row["as_of"],
        **{name: settings[name] for name in ("target", "minimum", "maximum")},
        "load": load_of(settings).text,
        "unit": dict(load_of(settings).unit),
        "keep_whole": settings.get("keep_whole") or None,
        "hard_barriers": settings.get("hard_barriers") or [],
        "targets": {} if draft is None or draft.divided else _other_targets(draft, settings["target"]),
        "can_undo": bool(draft and draft.undoable) and row["status"] == "draft",
        "can_redo": bool(draft and draft.redoable) and row["status"] == "draft",
        "base_in_force": stands or row["version"] is not None,
        "next_steps": [name for name in open_to if not (first and name == "submit")],
        "default_effective": midnight
        if last is None or midnight > last[1]
        else next_local_midnight(last[1], place.time_zone),
        "steps": steps,
        "measures": plain(row["measures"]) if row["measures"] else None,
        "checks": row["checks"],
        "publication": _publication(row),
        "waivers": waivers,
        "renumbered": sorted(draft.renumbered) if draft else [],
    }


def _other_targets(draft: Draft, usual: float) -> dict[str, float]:
    """Communities of a draft that were divided for another target than that of the level."""
    return {code: aim.target for code, aim in sorted(draft.targets.items()) if aim.target != usual}


def _item(row: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
    state, status = state_of(life_of(dict(row)), now), row["status"]
    return {
        **{name: row[name] for name in OWN},
        "state": state,
        "in_force": state == "in_force",
        "scope": [{"code": code, "name": name} for code, name in row["scope"]],
        "submitted_by": row["submitted_by"] if status in SHOWN_AS else None,
        "approved_by": row["approved_by"] if status in SHOWN_AS[1:] else None,
    }


def _publication(row: Mapping[str, Any]) -> dict[str, Any] | None:
    report = row["published"]
    if row["version"] is None or not report:
        return None
    names = ("unchanged", "opened", "kept_codes", "new_codes", "withdrawn_codes", "postings_ended")
    own = {"version": row["version"], "effective": row["effective"], "published_by": row["published_by"]}
    return own | {name: report[name] for name in names}


# ------------------------------------------------------------------------------------------------ cells
def cells(database_url: str, district: str, plan: int, clock: Clock) -> dict[str, Any]:
    """Give the cells of a plan in columns, as `api.models.PlanCells`."""
    with connect(database_url) as connection:
        place = district_of(connection, district)
        return _columns(place, read_plan_cells(connection, place, plan, clock()))


def _columns(place: District, plan: PlanCells) -> dict[str, Any]:
    table = plan.cells
    points = shapely.point_on_surface(np.asarray(table.geometry.array, object))
    communities = [code for code, _ in plan.scope]
    keys, grid = np.unique(table["grid_code"].to_numpy(object).astype(str), return_inverse=True)
    community = np.searchsorted(communities, table["community"].to_numpy(object).astype(str))
    home = community[np.unique(grid, return_index=True)[1]]
    return {
        "revision": plan.revision,
        "cells": {
            "cell_id": table["cell_id"].tolist(),
            "community": community.tolist(),
            "households": table["households"].tolist(),
            "people": table["people"].tolist(),
            "area_m2": table["area_m2"].round(DIGITS_AREA).tolist(),
            "x": shapely.get_x(points).round(DIGITS_PLACE).tolist(),
            "y": shapely.get_y(points).round(DIGITS_PLACE).tolist(),
            "building_id": [None if pd.isna(v) else int(v) for v in table["building_id"]],
            "grid": grid.tolist(),
            "base": [None if pd.isna(v) else str(v) for v in table["base_code"]],
        },
        "grids": [
            {
                "key": key,
                "code": plan.codes[key],
                "name": _name(plan.codes[key], communities[home[i]], place.time_zone),
                "community": int(home[i]),
            }
            for i, key in enumerate(keys.tolist())
        ],
        "communities": [{"code": code, "name": name} for code, name in plan.scope],
        "edges": {
            "a": plan.pairs[:, 0].tolist(),
            "b": plan.pairs[:, 1].tolist(),
            "length_m": plan.length_m.round(DIGITS_AREA).tolist(),
            "follows": plan.follows.tolist(),
            "link": plan.link.tolist(),
        },
        "follows_names": list(FOLLOWS),
        "load": table["load"].tolist() if "load" in table else None,
        "next_key": new_key(keys),
    }


def plan_grids(connection: Connection, district: str, plan: int, now: dt.datetime) -> list[dict[str, Any]]:
    """List the grids of a plan by their codes: ``key``, ``code``, ``households``, ``cells``, ``parts``.

    With ``load`` where the plan balances something else than households.
    """
    read = read_plan_cells(connection, district_of(connection, district), plan, now)
    keys, grid = np.unique(read.cells["grid_code"].to_numpy(object).astype(str), return_inverse=True)
    households = np.bincount(grid, read.cells["households"].to_numpy(float), len(keys))
    cells, parts = np.bincount(grid, minlength=len(keys)), count_parts(grid, read.pairs, len(keys))
    rows = [
        {
            "key": str(key),
            "code": read.codes[str(key)],
            "households": float(households[i]),
            "cells": int(cells[i]),
            "parts": int(parts[i]),
        }
        for i, key in enumerate(keys)
    ]
    if "load" in read.cells:
        for row, load in zip(rows, np.bincount(grid, read.cells["load"].to_numpy(float), len(keys)), strict=True):
            row["load"] = float(load)
    return sorted(rows, key=lambda row: row["code"])


def _name(code: str, community: str, time_zone: str) -> str:
    return grid_name(int(community_grid_profile(community).parse(code)["serial"]), time_zone)


def shapes(database_url: str, district: str, plan: int, clock: Clock) -> str:
    """Give the polygons of a plan's cells as a GeoJSON FeatureCollection; ids are positions in the columns."""
    with connect(database_url) as connection:
        found = read_plan_shapes(connection, district_of(connection, district), plan, clock())
    features = (f'{{"type":"Feature","id":{i},"properties":{{}},"geometry":{shape}}}' for i, shape in enumerate(found))
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'
