"""What happened in the district in a year: which events, when, where, and who reported them?

Days follow the week and the seasons, hours the kind of event; some places are hot spots; most events lie on streets,
some are reported twice, a few have an address only, and a few lie just outside the district.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from data.sample.things import along_streets

if TYPE_CHECKING:
    from data.sample.labels import Labels
    from data.sample.plan import CityPlan, Way
    from data.sample.plots import Grounds

__all__ = ["EVENTS_A_HOUSEHOLD", "LAST_DAY", "make_events"]

EVENTS_A_HOUSEHOLD = 0.34
LAST_DAY = date(2026, 10, 31)
BEIJING = timezone(timedelta(hours=8))

FLAT = (1.0,) * 12
SUMMER = (0.5, 0.5, 0.7, 0.9, 1.2, 1.6, 1.9, 1.8, 1.3, 0.9, 0.6, 0.5)
RAIN = (0.2, 0.3, 0.6, 1.0, 1.6, 3.0, 3.2, 2.0, 0.9, 0.5, 0.3, 0.2)
SNOW = (5.0, 3.5, 0.6, 0, 0, 0, 0, 0, 0, 0, 0.3, 2.0)
AUTUMN = (0.8, 0.6, 0.6, 0.7, 0.8, 0.9, 0.8, 0.9, 1.2, 1.8, 2.2, 1.2)
WORKS = (0.5, 0.3, 1.0, 1.2, 1.2, 1.1, 1.0, 1.1, 1.3, 1.4, 1.3, 0.8)

DAY = (
    0.1,
    0.1,
    0.1,
    0.1,
    0.1,
    0.3,
    1.0,
    2.2,
    4.2,
    5.5,
    5.0,
    3.4,
    2.0,
    2.6,
    4.2,
    4.6,
    3.8,
    2.4,
    1.5,
    1.1,
    0.8,
    0.5,
    0.3,
    0.2,
)
EVENING = (
    0.6,
    0.3,
    0.1,
    0.1,
    0.1,
    0.3,
    1.0,
    1.4,
    1.2,
    1.2,
    1.4,
    2.0,
    1.8,
    1.2,
    1.2,
    1.6,
    2.4,
    3.8,
    5.2,
    6.0,
    5.6,
    4.0,
    2.2,
    1.2,
)
NIGHT = (
    4.0,
    3.4,
    2.2,
    1.6,
    1.4,
    2.0,
    2.2,
    1.6,
    1.2,
    1.2,
    1.2,
    1.2,
    1.6,
    1.4,
    1.0,
    1.0,
    1.0,
    1.2,
    1.6,
    2.6,
    4.2,
    5.2,
    5.4,
    5.0,
)
RUSH = (
    0.2,
    0.1,
    0.1,
    0.1,
    0.2,
    0.6,
    1.8,
    5.0,
    5.6,
    3.2,
    2.4,
    2.6,
    2.4,
    2.2,
    2.4,
    3.0,
    4.6,
    5.4,
    4.2,
    2.8,
    1.8,
    1.2,
    0.7,
    0.3,
)

WEEK = (1.08, 1.05, 1.03, 1.02, 1.08, 0.88, 0.80)
"""Monday to Sunday."""

SOURCES = ("巡查上报", "12345热线", "市民随手拍", "视频识别", "传感器", "领导交办")
SOURCE_ODDS = (0.56, 0.19, 0.16, 0.06, 0.02, 0.01)


@dataclass(frozen=True)
class _Kind:
    share: float
    where: str
    hours: tuple[float, ...]
    months: tuple[float, ...]
    words: tuple[str, ...]


KINDS: dict[str, _Kind] = {
    "0101": _Kind(1.5, "compound", DAY, WORKS, ("楼顶私搭棚屋", "院内加建砖房")),
    "0102": _Kind(15, "street", DAY, SUMMER, ("路边有暴露垃圾", "人行道上散落生活垃圾", "垃圾箱旁堆放垃圾袋")),
    "0103": _Kind(4, "street", DAY, WORKS, ("路边积存装修垃圾", "空地堆放渣土")),
    "0104": _Kind(7, "street", DAY, AUTUMN, ("路面不洁，落叶未清扫", "路面有油污")),
    "0105": _Kind(1.2, "river", DAY, SUMMER, ("河面有漂浮物", "水面有油膜")),
    "0106": _Kind(2.6, "green", DAY, SUMMER, ("绿地内有白色垃圾", "绿化带黄土裸露")),
    "0107": _Kind(0.6, "street", DAY, FLAT, ("路边有长期停放的废弃车辆",)),
    "0108": _Kind(1.5, "compound", DAY, FLAT, ("楼下丢弃旧沙发", "路口堆放废旧家具")),
    "0109": _Kind(0.4, "street", DAY, FLAT, ("行道树上缠挂塑料袋",)),
    "0110": _Kind(4, "street", DAY, FLAT, ("路面坑洼破损", "人行道地砖松动")),
    "0112": _Kind(1.4, "street", NIGHT, WORKS, ("渣土车遗撒", "路面遗撒混凝土")),
    "0113": _Kind(0.5, "street", DAY, FLAT, ("沿街外立面污损",)),
    "0115": _Kind(0.6, "edge", EVENING, AUTUMN, ("焚烧落叶", "露天焚烧秸秆")),
    "0116": _Kind(1.4, "hot", EVENING, FLAT, ("餐馆油烟扰民",)),
    "0117": _Kind(0.3, "street", DAY, SUMMER, ("路面有动物尸体",)),
    "0201": _Kind(6, "street", DAY, FLAT, ("电线杆上张贴小广告", "楼道口喷涂小广告")),
    "0203": _Kind(2, "hot", DAY, FLAT, ("店铺将灯箱摆放在人行道",)),
    "0204": _Kind(0.6, "hot", RUSH, FLAT, ("路口散发传单",)),
    "0205": _Kind(0.5, "hot", DAY, FLAT, ("店招破损有坠落隐患",)),
    "0301": _Kind(2.2, "site", NIGHT, WORKS, ("工地夜间施工噪声扰民",)),
    "0302": _Kind(1.4, "site", DAY, WORKS, ("工地未覆盖，扬尘明显",)),
    "0304": _Kind(1, "street", DAY, WORKS, ("围挡占用人行道",)),
    "0305": _Kind(0.3, "street", NIGHT, WORKS, ("无证开挖路面",)),
    "0401": _Kind(0.15, "street", DAY, RAIN, ("路面塌陷，需设围挡",)),
    "0402": _Kind(0.5, "street", NIGHT, SNOW, ("自来水管破裂，路面大量涌水",)),
    "0404": _Kind(2.2, "street", DAY, RAIN, ("下水道堵塞，污水外溢", "井盖下沉异响")),
    "0406": _Kind(1.4, "street", DAY, RAIN, ("低洼路段积水，车辆难以通行",)),
    "0407": _Kind(0.8, "street", RUSH, SNOW, ("桥面结冰", "人行道积雪未清")),
    "0408": _Kind(0.6, "street", DAY, RAIN, ("线缆垂落影响通行",)),
    "0501": _Kind(8, "hot", EVENING, SUMMER, ("流动摊贩占道经营", "校门口有流动摊点")),
    "0503": _Kind(0.5, "street", DAY, FLAT, ("占道收购废品",)),
    "0504": _Kind(8, "hot", EVENING, SUMMER, ("店外经营，桌椅占道", "店铺出店摆放货物")),
    "0505": _Kind(10, "street", RUSH, FLAT, ("机动车占用人行道停放", "车辆停放堵塞消防通道")),
    "0506": _Kind(9, "hot", RUSH, FLAT, ("共享单车乱停放", "电动自行车占用盲道")),
    "0507": _Kind(3, "compound", DAY, FLAT, ("楼道口堆放杂物", "门前乱堆物料")),
    "0508": _Kind(1.2, "hot", EVENING, SUMMER, ("商铺音响噪声扰民",)),
    "0510": _Kind(1, "hot", EVENING, SUMMER, ("露天烧烤，烟气扰民",)),
    "0511": _Kind(1, "street", DAY, SUMMER, ("树间拉绳晾晒衣物",)),
}


def _times(rng: np.random.Generator, kind: _Kind, days: list[date], busy: np.ndarray, count: int) -> np.ndarray:
    """Seconds since the first midnight, sorted by nothing."""
    weight = busy * np.array([kind.months[d.month - 1] for d in days])
    day = rng.choice(len(days), count, p=weight / weight.sum())
    hour = rng.choice(24, count, p=np.array(kind.hours) / sum(kind.hours))
    return day * 86_400 + hour * 3_600 + rng.integers(0, 3_600, count)


def _days(rng: np.random.Generator) -> tuple[list[date], np.ndarray]:
    days = [LAST_DAY - timedelta(days=k) for k in range(364, -1, -1)]
    busy = np.array([WEEK[d.weekday()] for d in days]) * rng.gamma(60, 1 / 60, len(days))
    for k, d in enumerate(days):
        if (d.month, d.day) in {(10, k) for k in range(1, 8)} or d in SPRING_FESTIVAL:
            busy[k] *= 0.55
    return days, busy


SPRING_FESTIVAL = {date(2026, 2, 16) + timedelta(days=k) for k in range(8)}


class _Places:
    """Gives points for each sort of place."""

    def __init__(
        self, rng: np.random.Generator, city: CityPlan, grounds: Grounds, ways: list[Way], homes: np.ndarray
    ) -> None:
        self.rng, self.city = rng, city
        self.streets = [w for w in ways if w.kind == "street" and w.cls != "path"]
        self.houses = np.array([h.polygon for h in grounds.houses])
        self.homes = homes
        by_use = {
            u: [b.polygon for b in city.blocks if b.use == u] for u in ("green", "park", "industry", "village", "farm")
        }
        self.greens = np.array([c.polygon for c in grounds.covers if c.kind == "green" and c.label != "track"])
        self.edge = np.array(by_use["village"] + by_use["farm"] + by_use["industry"] or [city.outline])
        magnets = [
            h.polygon.centroid for h in grounds.houses if h.kind in {"mall", "station", "school", "hospital", "office"}
        ]
        magnets += [
            c.gates[0] for c in grounds.compounds if c.gates and c.era in {"school", "campus", "hospital", "tower"}
        ]
        count = int(np.clip(len(grounds.houses) / 90, 3, 400))
        anchors = [magnets[k] for k in rng.permutation(len(magnets))[:count]]
        while len(anchors) < count:
            anchors.append(grounds.houses[int(rng.integers(len(grounds.houses)))].polygon.centroid)
        lines = [w for w in self.streets if w.cls != "expressway"]
        tree = shapely.STRtree([w.geometry for w in lines])
        near = tree.query_nearest(np.array(anchors), all_matches=False)[1]
        self.spots = np.array(
            [lines[k].geometry.interpolate(lines[k].geometry.project(a)) for a, k in zip(anchors, near, strict=True)]
        )
        self.spot_weight = 1 / (np.arange(count) + 1.5) ** 0.8
        self.spot_lines = np.array([lines[k].geometry for k in near])
        sites = rng.permutation(len(city.blocks))[: max(2, len(city.blocks) // 30)]
        self.sites = np.array(
            [city.blocks[k].polygon for k in sites if city.blocks[k].zone != "river"] or [city.outline]
        )

    def give(self, where: str, count: int) -> np.ndarray:
        """Points, shape (count, 2)."""
        rng = self.rng
        if where == "street":
            density = max(int(count * 1.5), 4)
            xy, _ = along_streets(
                rng,
                self.streets,
                density,
                ("primary", "secondary", "tertiary", "residential", "service"),
                "road",
                even=False,
            )
            xy = rng.permutation(xy)
        elif where == "hot":
            k = rng.choice(len(self.spots), count * 2, p=self.spot_weight / self.spot_weight.sum())
            at = shapely.line_locate_point(self.spot_lines[k], self.spots[k]) + rng.normal(0, 32, len(k))
            on = shapely.get_coordinates(shapely.line_interpolate_point(self.spot_lines[k], np.maximum(at, 0)))
            xy = on + rng.normal(0, 5, on.shape)
        elif where == "compound":
            p = (self.homes + 1.0) / (self.homes + 1.0).sum()
            k = rng.choice(len(self.houses), count * 2, p=p)
            box = shapely.bounds(self.houses[k])
            grow = rng.uniform(3, 9, (len(k), 1))
            side = rng.integers(0, 2, len(k)).astype(bool)
            xy = box[:, :2] + rng.random((len(k), 2)) * (box[:, 2:] - box[:, :2])
            xy[:, 1] = np.where(side, box[:, 1] - grow[:, 0], box[:, 3] + grow[:, 0])
        elif where == "river" and not self.city.bank.is_empty:
            xy = self._in(np.array([self.city.bank.intersection(self.city.outline)]), count * 2)
        elif where == "green" and len(self.greens):
            xy = self._in(self.greens, count * 2)
        else:
            xy = self._in(self.edge if where == "edge" else self.sites, count * 2)
        xy = xy[shapely.contains_xy(self.city.outline, xy[:, 0], xy[:, 1])][:count]
        return xy if len(xy) == count else np.vstack([xy, self._in(np.array([self.city.outline]), count - len(xy))])

    def _in(self, polygons: np.ndarray, count: int) -> np.ndarray:
        area = shapely.area(polygons)
        found = np.empty((0, 2))
        while len(found) < count:
            k = self.rng.choice(len(polygons), count * 5, p=area / area.sum())
            box = shapely.bounds(polygons[k])
            xy = box[:, :2] + self.rng.random((len(k), 2)) * (box[:, 2:] - box[:, :2])
            found = np.vstack([found, xy[shapely.contains_xy(polygons[k], xy[:, 0], xy[:, 1])]])
        return found[:count]


def make_events(
    city: CityPlan,
    grounds: Grounds,
    ways: list[Way],
    labels: Labels,
    homes: np.ndarray,
    classes: dict[str, str],
    seed: int,
) -> dict[str, Any]:
    """Columns of a year of events that ends on `LAST_DAY`, in order of time.

    x and y are NaN where only an address is known.

    Parameters
    ----------
    homes : ndarray
        Households of each building.
    classes : dict
        Name of each event class.
    """
    rng = np.random.default_rng([seed, 18])
    days, busy = _days(rng)
    places = _Places(rng, city, grounds, ways, homes)
    total = max(60, round(homes.sum() * EVENTS_A_HOUSEHOLD))
    share = sum(k.share for k in KINDS.values())
    points, seconds, kinds, words = [], [], [], []
    for cls, kind in KINDS.items():
        count = max(1, round(total * kind.share / share))
        points.append(places.give(kind.where, count))
        seconds.append(_times(rng, kind, days, busy, count))
        kinds += [cls] * count
        words += [kind.words[k] for k in rng.integers(0, len(kind.words), count)]
    xy, when = np.vstack(points), np.concatenate(seconds)
    # the same thing told again some hours later, a few metres away
    again = rng.choice(len(xy), max(2, len(xy) // 40), replace=False)
    xy = np.vstack([xy, xy[again] + rng.normal(0, 4, (len(again), 2))])
    when = np.concatenate([when, np.minimum(when[again] + rng.integers(1_200, 90_000, len(again)), 365 * 86_400 - 1)])
    kinds += [kinds[k] for k in again]
    words += [words[k] for k in again]
    beyond = rng.choice(len(xy), max(2, len(xy) // 250), replace=False)
    xy[beyond] = _beyond(rng, city, len(beyond))
    order = np.lexsort((np.arange(len(when)), when))
    xy, when = xy[order], when[order]
    near = shapely.STRtree(shapely.centroid(np.array([h.polygon for h in grounds.houses]))).query_nearest(
        shapely.points(xy), all_matches=False
    )[1]
    lost = np.zeros(len(xy), bool)
    lost[rng.choice(len(xy), max(2, len(xy) // 150), replace=False)] = True
    source = rng.choice(SOURCES, len(xy), p=SOURCE_ODDS)
    first = datetime(days[0].year, days[0].month, days[0].day, tzinfo=BEIJING)
    moments = [first + timedelta(seconds=int(s)) for s in when]
    serial: dict[str, int] = {}
    codes = []
    for moment in moments:
        day = moment.strftime("%Y%m%d")
        serial[day] = serial.get(day, 0) + 1
        codes.append(f"JC{day}{serial[day]:04d}")
    address = [labels.house_addresses[k] for k in near]
    xy[lost] = np.nan
    return {
        "code": codes,
        "class": [kinds[k] for k in order],
        "class_name": [classes[kinds[k]] for k in order],
        "source": source.tolist(),
        "occurred_at": [m.isoformat() for m in moments],
        "address": [a if s else f"{a}附近" for a, s in zip(address, lost, strict=True)],
        "description": [f"{a}附近{words[k]}" for a, k in zip(address, order, strict=True)],
        "x": xy[:, 0],
        "y": xy[:, 1],
    }


def _beyond(rng: np.random.Generator, city: CityPlan, count: int) -> np.ndarray:
    """Points 8 to 420 m outside the district."""
    ring = city.outline.exterior
    found: list[tuple[float, float]] = []
    while len(found) < count:
        foot = ring.interpolate(rng.uniform(0, ring.length))
        away, heading = rng.uniform(8, 420), rng.uniform(0, 2 * np.pi)
        point = shapely.Point(foot.x + away * np.cos(heading), foot.y + away * np.sin(heading))
        if not city.outline.contains(point) and city.outline.distance(point) > 5:
            found.append((point.x, point.y))
    return np.array(found)
