"""What does a page about a district begin with, at the moment asked for: totals, divisions, grids, plan, versions?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gis.measures import TOLERANCE
from gis.measures.of_plans import PLAN_MEASURES
from gis.store.serve import places

if TYPE_CHECKING:
    import datetime as dt

    from psycopg import AsyncConnection

    from gis.store.serve.places import District
    from gis.store.serve.rows import Row
    from layers.keeping import Keeper

__all__ = ["counted_on", "detail", "division_totals", "grid_loads", "grid_rows", "households", "items", "versions"]

NOWHERE = (0.0, 0.0, 0.0, 0.0)
SUMS = ("households", "estimated_households", "people", "parts", "events_year")
ROW = (
    "id", "code", "name", "kind", "division_id", "community_name", "households", "estimated_households", "people",
    "buildings", "parts", "events_year", "area_m2", "flags", "workers",
)  # fmt: skip

ATTRIBUTION = {
    "zh": "底图与统计：本系统自有数据（CGCS2000）",
    "en": "Map and figures: this system's own data (CGCS2000)",
}


async def items(connection: AsyncConnection[Any], keeper: Keeper, now: dt.datetime) -> list[dict[str, Any]]:
    """List all districts, as `api.models.DistrictItem`."""
    found = [await places.district(connection, code, now) for code in await places.district_codes(connection)]
    return [await _item(connection, keeper, district) for district in found]


async def detail(connection: AsyncConnection[Any], keeper: Keeper, district: District) -> dict[str, Any]:
    """Tell all of one district, as `api.models.DistrictDetail`."""
    held = await keeper.get((district.id, district.content, "detail"), lambda: _detail(connection, keeper, district))
    return held | {"at": district.at, "ahead": district.ahead}


async def versions(connection: AsyncConnection[Any], district: District) -> list[dict[str, Any]]:
    """List the publications of the network and level, the newest first, as `api.models.VersionItem`."""
    found = await places.versions(connection, district)
    return [{**row, "ahead": row["effective"] > district.at} for row in found]


async def grid_loads(connection: AsyncConnection[Any], keeper: Keeper, district: District) -> list[Row]:
    """Grids in force with their loads, by code; kept while nothing is written to the district."""
    return await keeper.get((district.id, district.content, "loads"), lambda: places.grids(connection, district))


async def counted_on(connection: AsyncConnection[Any], keeper: Keeper, district: District) -> dt.date | None:
    """Date of the newest household counts up to the moment."""
    return await keeper.get(
        (district.id, district.content, "counted_on"), lambda: places.counted_on(connection, district)
    )


async def households(connection: AsyncConnection[Any], keeper: Keeper, district: District) -> dict[int, int]:
    """Households of the grids in force, by id."""
    return {row["id"]: row["households"] for row in await grid_loads(connection, keeper, district)}


async def grid_rows(connection: AsyncConnection[Any], keeper: Keeper, district: District) -> list[dict[str, Any]]:
    """List the grids in force, as `api.models.GridRow`."""
    loads = await grid_loads(connection, keeper, district)
    target = district.target or 0
    return [
        {
            **{name: row[name] for name in ROW},
            "serial": row["code"][-district.serial_digits :],
            "deviation": round(100 * (row["households"] - target) / target, 1)
            if target and row["households"]
            else None,
            "bbox": tuple(row["bbox"]),
            "center": tuple(row["center"]),
        }
        for row in loads
    ]


def division_totals(divisions: list[Row], loads: list[Row], district: District) -> dict[int, dict[str, int]]:
    """Sum the grids over each division and all that it lies in.

    Parameters
    ----------
    divisions : list of dict
        ``id`` and ``parent_id``.
    loads : list of dict
        Grids with ``division_id`` and their loads.
    district : District
        Gives target, minimum and maximum.

    Returns
    -------
    dict
        `api.models.districts.DivisionTotals` by division id; all of them, also those without grids.
    """
    parent = {row["id"]: row["parent_id"] for row in divisions}
    totals: dict[int, dict[str, int]] = {
        row["id"]: dict.fromkeys((*SUMS, "grids", "within_10", "grids_over", "grids_under"), 0) for row in divisions
    }
    target, low, high = (float(v or 0) for v in (district.target, district.minimum, district.maximum))
    for row in loads:
        households = row["households"]
        add = {name: row[name] for name in SUMS} | {
            "grids": 1,
            "within_10": int(abs(households - target) <= TOLERANCE * target + 1e-9),
            "grids_over": int(households > high),
            "grids_under": int(households < low),
        }
        at = row["division_id"]
        while at in totals:
            for name, amount in add.items():
                totals[at][name] += amount
            at = parent[at]
    return totals


async def _item(connection: AsyncConnection[Any], keeper: Keeper, district: District) -> dict[str, Any]:
    async def make() -> dict[str, Any]:
        return {
            "bbox": await places.extent(connection, district) or NOWHERE,
            "counts": await places.counts(connection, district),
            "as_of": await counted_on(connection, keeper, district),
        }

    held = await keeper.get((district.id, district.content, "item"), make)
    own = ("code", "name", "name_en", "time_zone", "version", "effective")
    return {name: getattr(district, name) for name in own} | held


async def _detail(connection: AsyncConnection[Any], keeper: Keeper, district: District) -> dict[str, Any]:
    divisions = await places.divisions(connection, district)
    loads = await grid_loads(connection, keeper, district)
    totals = division_totals(divisions, loads, district)
    if not loads or district.division_level != "community":  # what lies in a community is known without its grids
        known = division_totals(divisions, await places.community_loads(connection, district), district)
        level_of = {row["id"]: row["level"] for row in divisions}
        for number, total in totals.items():
            if not loads or level_of[number] == "community":
                total.update({name: known[number][name] for name in SUMS})
    return {
        **await _item(connection, keeper, district),
        "divisions": [
            {**row, "bbox": tuple(row["bbox"]), "center": tuple(row["center"]), "totals": totals[row["id"]]}
            for row in divisions
        ],
        "layers": district.versions,
        "network": district.network,
        "level": district.level,
        "event_classes": await places.class_counts(connection, district, "event"),
        "part_classes": await places.class_counts(connection, district, "part"),
        "event_period": await places.event_period(connection, district),
        "event_year": district.event_year,
        "plan": await _plan(connection, district),
        "crs_note": district.crs_note,
        "attribution": ATTRIBUTION,
    }


async def _plan(connection: AsyncConnection[Any], district: District) -> dict[str, Any] | None:
    """Tell of the plan in force, with the measures that were written down with it."""
    if district.version is None:
        return None
    written = await places.plan_report(connection, district)
    report = (written or {}).get("report", {})
    measures = dict(report.get("network_measures") or report.get("measures") or {})
    return {
        "version": district.version,
        "effective": district.effective,
        "target": district.target,
        "minimum": district.minimum,
        "maximum": district.maximum,
        "measures": {key: _finite(measures.get(key)) for key in PLAN_MEASURES},
    }


def _finite(value: Any) -> Any:
    """What JSON can say: NaN becomes null."""
    return None if isinstance(value, float) and not np.isfinite(value) else value
