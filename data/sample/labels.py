"""How is everything in the sample district called, and which address has each building?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from data.sample.names import Name, NamePool

if TYPE_CHECKING:
    from data.sample.divisions import Divisions
    from data.sample.plan import CityPlan, Way
    from data.sample.plots import Grounds

__all__ = ["DISTRICT_CODE", "Labels", "label"]

DISTRICT_CODE = "990101"
"""No province has the number 99."""

DISTRICT = Name("霁川区", "Jichuan District")

HALVES = {
    "ns-low": ("南路", "South Road"),
    "ns-high": ("北路", "North Road"),
    "ew-low": ("西路", "West Road"),
    "ew-high": ("东路", "East Road"),
}
ERAS = {
    "slab": [("小区", "Estate"), ("新村", "New Village"), ("花园", "Garden"), ("苑", "Court"), ("里", "Li")],
    "tower": [
        ("府", "Mansions"),
        ("花园", "Garden"),
        ("名邸", "Residence"),
        ("城", "City"),
        ("公馆", "Residence"),
        ("家园", "Home"),
    ],
    "school": [("小学", "Primary School"), ("中学", "Middle School"), ("实验学校", "Experimental School")],
    "campus": [("学院", "College"), ("大学", "University")],
    "hospital": [("医院", "Hospital")],
}
BUILDING_WORDS = ("幢", "栋", "号楼")
NUMERALS = "一二三四五六七八九十"


@dataclass
class Labels:
    """Names by index of road, compound, community, subdistrict; names and addresses by building."""

    district: Name
    subdistricts: list[Name]
    subdistrict_codes: list[str]
    communities: list[Name]
    community_codes: list[str]
    roads: list[Name]
    compounds: list[Name]
    house_names: list[str | None]
    house_addresses: list[str]
    river: Name
    cover_names: list[str | None]


def _roads(city: CityPlan, pool: NamePool, rng: np.random.Generator, river: Name) -> list[Name]:
    """Name each road; the two halves of a main street share a name, lanes of one block are numbered."""
    names: list[Name] = []
    lanes: dict[str, tuple[Name, int]] = {}
    for k, (cls, heading) in enumerate(city.roads):
        if heading in HALVES:
            base = (
                pool.take()
                if heading.endswith("low")
                else Name(names[k - 1].zh[:-2], names[k - 1].en.rsplit(" ", 2)[0])
            )
            names.append(base.with_suffix(*HALVES[heading]))
        elif heading.startswith("bank"):
            side = ("北路", "North Road") if heading.endswith("north") else ("南路", "South Road")
            names.append(Name(f"滨{river.zh[:-1]}{side[0]}", f"{river.en.rsplit(' ', 1)[0]} Bank {side[1]}"))
        elif heading.startswith("lane:"):
            base, count = lanes.get(heading) or (pool.take(), 0)
            lanes[heading] = base, count + 1
            number = NUMERALS[count] if count < 10 else str(count + 1)
            names.append(Name(f"{base.zh}{number}巷", f"{base.en} Lane {count + 1}"))
        elif cls == "expressway":
            names.append(pool.take().with_suffix("快速路", "Expressway"))
        elif cls == "primary":
            names.append(pool.take().with_suffix("大道", "Avenue"))
        elif cls in {"secondary", "tertiary"}:
            names.append(pool.take().with_suffix("路", "Road"))
        else:
            names.append(
                pool.take().with_suffix(
                    *[("街", "Street"), ("路", "Road"), ("巷", "Lane")][int(rng.choice(3, p=[0.4, 0.2, 0.4]))]
                )
            )
    return names


def _divisions(divisions: Divisions, pool: NamePool) -> tuple[list[Name], list[str], list[Name], list[str]]:
    """Name and number subdistricts and communities, north to south, west to east."""
    upper = _reading_order(divisions.subdistrict_polygons)
    names = [pool.take() for _ in upper]
    sub_names: list[Name] = [names[0]] * len(upper)
    sub_codes = [""] * len(upper)
    streets, towns = 0, 0
    for s in upper:
        if divisions.rural_town[s]:
            sub_codes[s] = f"{DISTRICT_CODE}{100 + towns:03d}"
            sub_names[s] = names[s].with_suffix("镇", "Town")
            towns += 1
        else:
            streets += 1
            sub_codes[s] = f"{DISTRICT_CODE}{streets:03d}"
            sub_names[s] = names[s].with_suffix("街道", "Subdistrict")
    count = len(divisions.community_polygons)
    com_names, com_codes = [names[0]] * count, [""] * count
    serial: dict[tuple[int, bool], int] = {}
    for c in _reading_order(divisions.community_polygons):
        s, rural = int(divisions.subdistrict[c]), bool(divisions.rural[c])
        serial[s, rural] = serial.get((s, rural), 0) + 1
        com_codes[c] = f"{sub_codes[s]}{serial[s, rural] + (200 if rural else 0):03d}"
        com_names[c] = pool.take().with_suffix(*(("村", "Village") if rural else ("社区", "Community")))
    return sub_names, sub_codes, com_names, com_codes


def _reading_order(polygons: list[shapely.Geometry]) -> list[int]:
    at = shapely.get_coordinates(shapely.centroid(np.array(polygons)))
    band = max(float(np.sqrt(np.mean(shapely.area(np.array(polygons))))), 1.0)
    return [int(k) for k in np.lexsort((at[:, 0], -np.floor((at[:, 1] - at[:, 1].min()) / band)))]


class _Numbers:
    """House numbers along the roads: odd on one side, even on the other, growing outwards from the middle."""

    def __init__(self, city: CityPlan, ways: list[Way]) -> None:
        self.ways = [
            w
            for w in ways
            if w.kind == "street" and w.road >= 0 and w.cls != "expressway" and not w.bridge and not w.tunnel
        ]
        self.tree = shapely.STRtree([w.geometry for w in self.ways])
        self.city = city
        self.road: list[int] = []
        self.chain: list[float] = []
        self.side: list[int] = []

    def add(self, points: np.ndarray, *, lanes: bool) -> None:
        """Ask for a number on the nearest road for each point."""
        _, near = self.tree.query_nearest(points, all_matches=False)
        for point, w in zip(points, near, strict=True):
            way = self.ways[w]
            if not lanes and way.cls == "path":
                around = self.tree.query(point, predicate="dwithin", distance=400)
                wide = [(self.ways[o].geometry.distance(point), o) for o in around if self.ways[o].cls != "path"]
                way = self.ways[min(wide)[1]] if wide else way
            heading = self.city.roads[way.road][1]
            foot = way.geometry.interpolate(way.geometry.project(point))
            first, last = way.geometry.coords[0], way.geometry.coords[-1]
            upright = heading.startswith("ns") or (
                heading == "local" and abs(last[1] - first[1]) > abs(last[0] - first[0])
            )
            along = foot.y if upright else foot.x
            self.road.append(way.road)
            self.chain.append(-along if heading.endswith("low") else along)
            self.side.append(int(point.x < foot.x) if upright else int(point.y > foot.y))

    def numbers(self) -> np.ndarray:
        """One number for each point asked, unique on its road."""
        road, side, chain = np.array(self.road), np.array(self.side), np.array(self.chain)
        answer = np.zeros(len(road), int)
        start = {r: chain[road == r].min() for r in np.unique(road)}
        last: dict[tuple[int, int], int] = {}
        for k in np.lexsort((chain, side, road)):
            key = int(road[k]), int(side[k])
            wanted = 2 * int((chain[k] - start[road[k]]) // 9) + (1 if side[k] else 2)
            last[key] = max(wanted, last.get(key, -2 + (1 if side[k] else 2)) + 2)
            answer[k] = last[key]
        return answer


def label(city: CityPlan, grounds: Grounds, divisions: Divisions, seed: int) -> Labels:
    """Name and address everything."""
    rng = np.random.default_rng([seed, 15])
    pool = NamePool(rng)
    river = pool.take()
    river = Name(river.zh[0] + "江", river.en[: max(2, len(river.en) // 2)]).with_suffix("", "River")
    subs, sub_codes, coms, com_codes = _divisions(divisions, pool)
    roads = _roads(city, pool, rng, river)
    compounds = []
    for compound in grounds.compounds:
        options = ERAS[compound.era]
        compounds.append(pool.take().with_suffix(*options[int(rng.integers(len(options)))]))
    numbers = _Numbers(city, divisions.ways)
    if grounds.compounds:
        doors = [c.gates[0] if c.gates else c.polygon.representative_point() for c in grounds.compounds]
        numbers.add(np.array(doors), lanes=False)
    houses = grounds.houses
    single = [k for k, h in enumerate(houses) if h.compound < 0 or h.kind == "shop"]
    if single:
        numbers.add(shapely.centroid(np.array([houses[k].polygon for k in single])), lanes=True)
    given = numbers.numbers()
    street = [f"{roads[r].zh}{n}号" for r, n in zip(numbers.road, given, strict=True)]
    gate = street[: len(grounds.compounds)]
    own = dict(zip(single, street[len(grounds.compounds) :], strict=True))
    words = rng.integers(0, 3, len(grounds.compounds))
    serial: dict[int, int] = {}
    names: list[str | None] = []
    addresses: list[str] = []
    landmark: dict[int, str] = {}
    for k, house in enumerate(houses):
        if k in own:
            addresses.append(own[k])
            names.append(_landmark(house.kind, house.block, landmark, pool))
            continue
        c = house.compound
        serial[c] = serial.get(c, 0) + 1
        name = f"{compounds[c].zh}{serial[c]}{BUILDING_WORDS[words[c]]}"
        names.append(name)
        addresses.append(f"{gate[c]}{name}")
    covers = [
        {"park": f"{pool.take().zh}公园", "river": river.zh, "lake": f"{pool.take().zh[0]}湖", "campus": None}.get(
            c.label
        )
        if c.label in {"park", "river", "lake"}
        else None
        for c in grounds.covers
    ]
    return Labels(DISTRICT, subs, sub_codes, coms, com_codes, roads, compounds, names, addresses, river, covers)


def _landmark(kind: str, block: int, known: dict[int, str], pool: NamePool) -> str | None:
    """Name of a mall, an office, a factory: one for each block, numbered by letters afterwards."""
    words = {
        "mall": "广场",
        "office": "大厦",
        "factory": "工业园",
        "apartment": "公寓",
        "station": "站",
        "government": "区政务中心",
    }
    if kind not in words:
        return None
    if kind in {"station", "government"}:
        return ("霁川站" if kind == "station" else DISTRICT.zh[:-1] + "区政务中心") if block not in known else None
    base = known.get(block)
    letter = 0
    if base is None:
        base = pool.take().zh
    else:
        base, _, used = base.partition("|")
        letter = int(used) + 1
    known[block] = f"{base}|{letter}"
    return (
        f"{base}{words[kind]}{chr(65 + letter % 26)}座"
        if kind != "factory"
        else f"{base}{words[kind]}{letter + 1}号厂房"
    )
