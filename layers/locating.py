"""How is "where is this, and who is responsible?" answered in words that can be copied?

`gis.store.locating` finds and `gis.locate` decides, for one point exactly as for many; here the answer is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from gis.crs import bd09_to_wgs84, gcj02_to_wgs84
from gis.store.answers import locate_points
from gis.store.connect import connect
from layers import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gis.store.answers import Answer
    from gis.store.serve.places import District

__all__ = ["answers", "tell", "to_lonlat"]

LonLat = tuple[float, float]
NOWHERE = (float("nan"), float("nan"))
LEVELS = ("district", "subdistrict", "community")


def to_lonlat(points: Sequence[LonLat | None], crs: str) -> list[LonLat | None]:
    """Bring points of a declared reference system to EPSG:4490 (WGS 84 is the same to some centimetres).

    Parameters
    ----------
    points : sequence of (lon, lat) or None
    crs : {"EPSG:4490", "EPSG:4326", "gcj02", "bd09"}
    """
    undo = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}.get(crs)
    if undo is None:
        return list(points)
    xy = np.array([p or NOWHERE for p in points], float).reshape(-1, 2)
    lon, lat = undo(xy[:, 0], xy[:, 1])
    return [None if p is None else (float(lon[i]), float(lat[i])) for i, p in enumerate(points)]


def answers(
    database_url: str,
    district: District,
    points: Sequence[LonLat | None],
    crs: str,
) -> list[dict[str, Any]]:
    """Answer for every point.

    Parameters
    ----------
    database_url : str
    district : District
        Says the moment and the network.
    points : sequence of (lon, lat) or None
        Degrees in `crs`; None has no place.
    crs : str
        See `to_lonlat`.

    Returns
    -------
    list of dict
        As `api.models.locating.Answer`, in the order of the points.
    """
    lonlat = to_lonlat(points, crs)
    with connect(database_url) as connection:
        found = locate_points(
            connection, district.code, lonlat, at=district.at, network=district.network, level=district.level or 1
        )
    return [tell(answer, place, crs, district.time_zone) for answer, place in zip(found, lonlat, strict=True)]


def tell(answer: Answer, place: LonLat | None, crs: str, time_zone: str) -> dict[str, Any]:
    """Tell one answer, field by field and as a text in both languages."""
    grid = None
    if answer.grid_id is not None:
        grid = {"id": answer.grid_id, "code": answer.grid_code, "name": answer.grid_name, "kind": answer.grid_kind}
    told = {
        "how": answer.how,
        "distance_m": None if answer.distance_m is None else round(answer.distance_m, 2),
        "cell": answer.cell,
        "duty_cell": answer.duty_cell,
        "street": None if answer.street is None else _street(answer.street),
        "by_duty": answer.by_duty,
        "grid": grid,
        "geometric_grid": answer.geometric_grid,
        **{level: _division(getattr(answer, level)) for level in LEVELS},
        "workers": [{name: worker[name] for name in ("name", "phone", "role")} for worker in answer.workers],
        "version": answer.version,
        "valid_from": answer.valid_from,
        "valid_to": answer.valid_to,
        "others": [{"grid_code": code, "distance_m": round(metres, 2)} for code, metres in answer.others],
        "point": None if place is None else {"lon": place[0], "lat": place[1], "crs": crs},
    }
    return told | {"text": {language: _text(told, time_zone, language) for language in PHRASES}}


def _street(street: dict[str, Any]) -> dict[str, Any]:
    named = {name: street[name] for name in ("id", "code", "kind", "name", "cell", "grid", "person")}
    return named | {"street_class": street["class"]}


def _street_words(told: dict[str, Any]) -> dict[str, str]:
    """Name of the street, or of its class, in both languages."""
    street = told["street"]
    if street["name"]:
        return {"zh": street["name"], "en": street["name"]}
    if street["kind"] == "crossing":
        return {"zh": "路口", "en": "crossing"}
    return words.word(words.STREET_CLASSES, street["street_class"] or "")


def _stands_elsewhere(told: dict[str, Any]) -> bool:
    """Whether another grid is responsible than the one the point lies in."""
    here, there = told["geometric_grid"], told["grid"]
    return bool(here and there and here["id"] != there["id"])


def _division(place: tuple[str, str] | None) -> dict[str, str] | None:
    return None if place is None else {"code": place[0], "name": place[1]}


def _chain(told: dict[str, Any]) -> str:
    return " › ".join(told[level]["name"] for level in LEVELS if told[level])


def _since(told: dict[str, Any], time_zone: str) -> str:
    return f"{told['valid_from'].astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M}" if told["valid_from"] else ""


PHRASES = {
    "zh": {
        "point": "坐标：{lon:.6f}, {lat:.6f}（CGCS2000）",
        "chain": "辖区：{}",
        "grid": "网格：{name} {code}",
        "street": "道路：{}",
        "home": "，主责网格 {}",
        "chosen": "（{}指定）",
        "elsewhere": "所在网格：{name} {code}",
        "how": "判定：{}",
        "away": "，距离 {:,.0f} 米",
        "other": "相邻网格：{grid_code}（{distance_m:.2f} 米）",
        "worker": "{}：{} {}",
        "version": "版本：第 {} 版",
        "since": "，自 {} 起",
    },
    "en": {
        "point": "Point: {lon:.6f}, {lat:.6f} (CGCS2000)",
        "chain": "Division: {}",
        "grid": "Grid: {name} {code}",
        "street": "Street: {}",
        "home": ", home grid {}",
        "chosen": " (chosen by {})",
        "elsewhere": "Lies in: {name} {code}",
        "how": "Found: {}",
        "away": ", {:,.0f} m away",
        "other": "Also near: {grid_code} ({distance_m:.2f} m)",
        "worker": "{}: {} {}",
        "version": "Version: {}",
        "since": ", since {}",
    },
}


def _text(told: dict[str, Any], time_zone: str, language: str) -> str:
    """Tell an answer line by line in one language."""
    say = PHRASES[language]
    lines = []
    if told["point"]:
        lines.append(say["point"].format_map(told["point"]))
    if chain := _chain(told):
        lines.append(say["chain"].format(chain))
    if told["grid"]:
        lines.append(say["grid"].format_map(told["grid"]))
    if street := told["street"]:
        chosen = say["chosen"].format(street["person"]) if street["person"] else ""
        home = say["home"].format(street["grid"]["code"]) + chosen if street["grid"] else ""
        lines.append(say["street"].format(_street_words(told)[language]) + home)
    if _stands_elsewhere(told):
        lines.append(say["elsewhere"].format_map(told["geometric_grid"]))
    away = say["away"].format(told["distance_m"]) if told["distance_m"] else ""
    lines.append(say["how"].format(words.HOW[told["how"]][language]) + away)
    lines.extend(say["other"].format_map(other) for other in told["others"])
    lines.extend(
        say["worker"].format(words.word(words.ROLES, w["role"])[language], w["name"], w["phone"] or "").rstrip()
        for w in told["workers"]
    )
    if told["version"] is not None:
        since = _since(told, time_zone)
        lines.append(say["version"].format(told["version"]) + (say["since"].format(since) if since else ""))
    return "\n".join(lines)
