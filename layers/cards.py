"""What stands on the card of a grid, a building, a part or an event, and in which order?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.errors import NotFoundError
from gis.measures import GRID_FIGURES
from gis.store.serve import things
from layers import words
from layers.districts import counted_on, grid_loads

if TYPE_CHECKING:
    import datetime as dt

    from psycopg import AsyncConnection

    from gis.store.serve.places import District
    from gis.store.serve.rows import Row
    from layers.keeping import Keeper

__all__ = ["building_card", "event_card", "grid_card", "part_card"]

HOUSEHOLDS = words.pair("户", "households")
PEOPLE = words.pair("人", "people")
PERCENT = words.pair("%", "%")
METRES = words.pair("米", "m")
SQUARE_METRES = words.pair("平方米", "m²")


def _figure(
    key: str,
    label: words.Pair,
    value: float | None,
    unit: words.Pair,
    *,
    form: str = "integer",
    estimated: bool = False,
) -> dict[str, Any]:
    return {"key": key, "label": label, "value": value, "unit": unit, "format": form, "estimated": estimated}


def _fact(  # a table of them reads best without names
    key: str, zh: str, en: str, value: Any, form: str = "text", unit: words.Pair | None = None
) -> dict[str, Any]:
    return {"key": key, "label": words.pair(zh, en), "value": value, "format": form, "unit": unit}


def _said(*facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the facts that are known."""
    return [fact for fact in facts if fact["value"] not in (None, "")]


def _grid(row: Row) -> dict[str, Any] | None:
    if row["grid_id"] is None:
        return None
    return {"id": row["grid_id"], "code": row["grid_code"], "name": row["grid_name"]}


def _share(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 1) if whole else None


async def grid_card(connection: AsyncConnection[Any], keeper: Keeper, district: District, code: str) -> dict[str, Any]:
    """Show a grid as it stands at the moment, with its history; one not in force then is told as such.

    Raises
    ------
    NotFoundError
        No grid of that code was ever in force.
    """
    history = [_version(row, district) for row in await things.grid_versions(connection, district, code)]
    row = next((r for r in await grid_loads(connection, keeper, district) if r["code"] == code), None)
    if row is None:
        ended = await things.grid_ended(connection, district, code)
        if ended is None:
            raise NotFoundError(
                f"No grid {code} was ever in force in {district.code}.", "Search for it by a part of its code."
            )
        return _ended_card(ended, district, history)
    counted = await counted_on(connection, keeper, district)
    people = await things.posted(connection, row["id"], district.at)
    households, target = row["households"], district.target or 0
    estimated = row["estimated_households"]
    deviation = _share(households - target, target) if households else None
    rate = _share(row["events_year"], households) if district.event_year else None
    flags = row["flags"]
    return {
        "type": "grid",
        "id": row["id"],
        "code": code,
        "title": row["name"],
        "subtitle": row["community_name"],
        "state": _load_state(households, district),
        "key_figures": [
            _figure(
                "households", dict(GRID_FIGURES["households"].label), households, HOUSEHOLDS, estimated=estimated > 0
            ),
            _figure("deviation", dict(GRID_FIGURES["deviation"].label), deviation, PERCENT, form="percent"),
            _figure(
                "events_per_100_households",
                dict(GRID_FIGURES["events_per_100_households"].label),
                rate,
                dict(GRID_FIGURES["events_per_100_households"].unit),
                form="decimal",
                estimated=estimated > 0,
            ),
        ],
        "facts": _said(
            _fact("kind", "类型", "Kind", words.word(words.GRID_KINDS, row["kind"])),
            _fact("people", "人口", "People", row["people"] if row["people_counted"] else None, "integer"),
            _fact("estimated", "其中估算户数", "Of these, estimated", estimated or None, "integer"),
            _fact("buildings", "楼栋", "Buildings", row["buildings"], "integer"),
            _fact("parts", "部件", "Municipal parts", row["parts"], "integer"),
            _fact(
                "events_year",
                "近一年事件",
                "Events of the last year",
                row["events_year"] if district.event_year else None,
                "integer",
            ),
            _fact("area_m2", "面积", "Area", round(row["area_m2"], 1), "area", SQUARE_METRES),
            _fact(
                "flags",
                "标记",
                "Flags",
                words.pair(
                    *(
                        "、".join(words.word(words.FLAGS, f)["zh"] for f in flags),
                        ", ".join(words.word(words.FLAGS, f)["en"] for f in flags),
                    )
                )
                if flags
                else None,
            ),
            _fact("as_of", "户数日期", "Households as of", str(counted) if counted else None, "date"),
            _fact("version", "版本", "Version", district.version, "integer"),
        ),
        "people": [
            {"name": p["name"], "role": words.word(words.ROLES, p["role"]), "phone": p["phone"]} for p in people
        ],
        "grid": None,
        "history": history,
        "lon": row["center"][0],
        "lat": row["center"][1],
        "bbox": tuple(row["bbox"]),
    }


def _version(row: Row, district: District) -> dict[str, Any]:
    """One version of a code, as `api.models.cards.GridVersion`."""
    begun = row["valid_from"] is None or row["valid_from"] <= district.at
    going = row["valid_to"] is None or row["valid_to"] > district.at
    return row | {"in_force": begun and going}


def _ended_card(row: Row, district: District, history: list[dict[str, Any]]) -> dict[str, Any]:
    """Show a code that is not in force at the moment: where it was, when, and what became of it."""
    over = row["valid_to"] is not None and row["valid_to"] <= district.at
    state = words.pair("已撤销", "Withdrawn") if over else words.pair("尚未生效", "Not yet in force")
    return {
        "type": "grid",
        "id": row["id"],
        "code": row["code"],
        "title": row["name"],
        "subtitle": row["community_name"],
        "state": {"key": "withdrawn" if over else "ahead", "label": state, "tone": "none"},
        "key_figures": [],
        "facts": _said(
            _fact("kind", "类型", "Kind", words.word(words.GRID_KINDS, row["kind"])),
            _fact("valid_from", "生效时间", "In force from", _iso(row["valid_from"]), "datetime"),
            _fact("valid_to", "终止时间", "In force until", _iso(row["valid_to"]), "datetime"),
            _fact("area_m2", "面积", "Area", round(row["area_m2"], 1), "area", SQUARE_METRES),
        ),
        "people": [],
        "grid": None,
        "history": history,
        "lon": row["center"][0],
        "lat": row["center"][1],
        "bbox": tuple(row["bbox"]),
    }


def _iso(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _load_state(households: int, district: District) -> dict[str, Any] | None:
    """Say whether a grid's load lies within its bounds."""
    if district.minimum is None or district.maximum is None:
        return None
    if not households:
        return {"key": "empty", "label": words.FLAGS["empty"], "tone": "none"}
    if households > district.maximum:
        return {"key": "over", "label": words.pair("超过上限", "Above the maximum"), "tone": "warn"}
    if households < district.minimum:
        return {"key": "under", "label": words.pair("低于下限", "Below the minimum"), "tone": "warn"}
    return {"key": "within", "label": words.pair("户数达标", "Within bounds"), "tone": "good"}


async def _people_of(connection: AsyncConnection[Any], district: District, row: Row) -> list[dict[str, Any]]:
    if row["grid_id"] is None:
        return []
    posted = await things.posted(connection, row["grid_id"], district.at)
    return [{"name": p["name"], "role": words.word(words.ROLES, p["role"]), "phone": p["phone"]} for p in posted]


async def _read(connection: AsyncConnection[Any], district: District, kind: things.Kind, number: int) -> Row:
    row = await things.thing(connection, district, kind, number)
    if row is None:
        raise NotFoundError(
            f"District {district.code} has no {kind} {number} at {district.at:%Y-%m-%d %H:%M %Z}.",
            "It may have been imported anew, or it is of another time: ask for another date.",
        )
    return row


async def building_card(connection: AsyncConnection[Any], district: District, number: int) -> dict[str, Any]:
    """Show a building.

    Raises
    ------
    NotFoundError
        The district has none of that id.
    """
    row = await _read(connection, district, "building", number)
    estimated = bool(row["estimated"])
    footprint = round(row["footprint_m2"], 1) if row["dimension"] == 2 else None
    return {
        "type": "building",
        "id": number,
        "code": row["code"],
        "title": row["name"] or row["address"] or row["code"],
        "subtitle": row["address"] if row["name"] else None,
        "state": None,
        "key_figures": [
            _figure("households", words.pair("户数", "Households"), row["households"], HOUSEHOLDS, estimated=estimated),
            _figure("people", words.pair("人口", "People"), row["people"], PEOPLE, estimated=estimated),
            _figure("floors", words.pair("层数", "Floors"), row["floors"], words.pair("层", "floors")),
        ],
        "facts": _said(
            _fact("kind", "用途", "Use", words.word(words.BUILDING_KINDS, row["kind"]) if row["kind"] else None),
            _fact("community", "社区", "Community", row["community_name"]),
            _fact("compound", "小区", "Compound", row["compound_name"]),
            _fact("footprint_m2", "占地面积", "Footprint", footprint, "area", SQUARE_METRES),
            _fact("as_of", "户数日期", "Households as of", str(row["as_of"]) if row["as_of"] else None, "date"),
            _fact("source", "户数来源", "Source of the count", row["source"]),
        ),
        "people": await _people_of(connection, district, row),
        "grid": _grid(row),
        "lon": row["lon"],
        "lat": row["lat"],
        "bbox": tuple(row["bbox"]),
    }


def _located(row: Row) -> list[dict[str, Any]]:
    """How a part or an event was given its grid."""
    far = row["distance_m"] or None
    return [
        _fact("how", "落格", "Located", words.word(words.HOW, row["how"]) if row["how"] else None),
        _fact("distance_m", "距网格", "Distance to the grid", round(far, 1) if far else None, "metres", METRES),
        _fact("community", "社区", "Community", row["community_name"]),
    ]


async def _of_place(connection: AsyncConnection[Any], district: District, row: Row) -> dict[str, Any]:
    """Where a part or an event is, and who answers for it."""
    people = await _people_of(connection, district, row)
    return {"people": people, "grid": _grid(row), "lon": row["lon"], "lat": row["lat"], "bbox": None}


async def part_card(connection: AsyncConnection[Any], district: District, number: int) -> dict[str, Any]:
    """Show a municipal part.

    Raises
    ------
    NotFoundError
        The district has none of that id.
    """
    row = await _read(connection, district, "part", number)
    return {
        "type": "part",
        "id": number,
        "code": row["code"],
        "title": row["name"] or row["class_name"],
        "subtitle": row["class_name"] if row["name"] else None,
        "state": {
            "key": row["state"],
            "label": words.word(words.PART_STATES, row["state"]),
            "tone": words.PART_TONES.get(row["state"], "none"),
        },
        "key_figures": [],
        "facts": _said(
            _fact("class", "类别代码", "Class", row["class"], "code"),
            _fact("class_name", "类别", "Class name", row["class_name"]),
            *_located(row),
            _fact("raw_crs", "原始坐标系", "Source CRS", row["raw_crs"]),
        ),
        **await _of_place(connection, district, row),
    }


async def event_card(connection: AsyncConnection[Any], district: District, number: int) -> dict[str, Any]:
    """Show an event.

    Raises
    ------
    NotFoundError
        The district has none of that id.
    """
    row = await _read(connection, district, "event", number)
    return {
        "type": "event",
        "id": number,
        "code": row["code"],
        "title": row["class_name"],
        "subtitle": row["address"],
        "state": None,
        "key_figures": [],
        "facts": _said(
            _fact("occurred_at", "发生时间", "Time", row["occurred_at"].isoformat(), "datetime"),
            _fact("class", "类别代码", "Class", row["class"], "code"),
            _fact("source", "来源", "Source", row["source"]),
            _fact("address", "地址", "Address", row["address"]),
            _fact("description", "描述", "Description", row["description"]),
            _fact("then_code", "事发时网格", "Grid at its own time", row["then_code"], "code"),
            *_located(row),
            _fact("raw_crs", "原始坐标系", "Source CRS", row["raw_crs"]),
        ),
        **await _of_place(connection, district, row),
    }
