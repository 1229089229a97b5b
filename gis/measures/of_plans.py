"""What does each measure of a whole plan say, and how is it computed?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from gis.cuts import cut_buildings
from gis.graph import FOLLOWS
from gis.measures.measure import (
    GRIDS_UNIT,
    HOUSEHOLDS_UNIT,
    PERCENT,
    SQUARE_METRES,
    TOLERANCE,
    Measure,
    on_target,
    text,
)
from gis.measures.of_grids import polsby_popper
from gis.partition.explaining import explain
from gis.partition.loads import unit_words
from gis.partition.plan import grid_frame
from gis.tiling import tiles_exactly

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.graph import Tessellation
    from gis.partition.plan import Plan
    from gis.partition.proofs import Explanation

__all__ = ["PLAN_MEASURES", "plan_measures", "within"]

PLAN_MEASURES: dict[str, Measure] = {
    m.key: m
    for m in (
        Measure(
            "grids", text("网格数", "Grids"), GRIDS_UNIT, text("方案中的网格总数。", "Number of grids in the plan.")
        ),
        Measure(
            "households",
            text("总户数", "Households"),
            HOUSEHOLDS_UNIT,
            text("全部网格户数之和。", "Households of all grids."),
        ),
        Measure(
            "estimated_households",
            text("其中估算户数", "Of these, estimated"),
            HOUSEHOLDS_UNIT,
            text("由估算得出、尚未登记核实的户数。", "Households that were estimated and not yet counted."),
        ),
        Measure(
            "within_10",
            text("±10% 达标率", "Within ±10%"),
            PERCENT,
            text(
                "户数与目标相差不超过 10% 的网格所占比例。",
                "Share of grids whose households differ from the target by at most 10%.",
            ),
        ),
        Measure(
            "ceiling_within_10",
            text("±10% 达标率上限", "Ceiling of within ±10%"),
            PERCENT,
            text(
                "已证明：楼栋不拆分、网格连片且不出社区、各片网格数不变时，任何方案的 ±10% 达标率都不超过此值。",
                "Proved: with no building divided, every grid connected and inside its community, and as many grids in "
                "each piece of a community, no plan has a larger share within ±10%.",
            ),
        ),
        Measure(
            "excused_grids",
            text("已证明不能达标的网格数", "Cannot be within ±10%, proved"),
            GRIDS_UNIT,
            text(
                "不在 ±10% 以内、且有证明的网格数：含超大楼栋；含某栋楼的任何连片范围都不在 ±10% 以内；"
                "或社区总户数与网格数决定至少有若干个不能达标（只计这若干个）。",
                "Grids outside ±10% for which there is a proof: a building alone is too large; no connected ground "
                "around a building of the grid is within ±10%; or the community's total and number of grids make at "
                "least so many miss (only so many count).",
            ),
        ),
        Measure(
            "unexplained_grids",
            text("原因不明的未达标网格数", "Off target, unexplained"),
            GRIDS_UNIT,
            text(
                "不在 ±10% 以内、又没有证明的网格数：再次划分或手工调整也许能达标。",
                "Grids outside ±10% without such a proof: another division or a hand may bring them within.",
            ),
        ),
        Measure(
            "within_10_unexcused",
            text("可达标网格的 ±10% 达标率", "Within ±10% of those that could be"),
            PERCENT,
            text(
                "除去已证明不能达标的网格后，±10% 以内的网格所占比例。",
                "Share within ±10% of the grids that no proof excuses.",
            ),
        ),
        Measure(
            "within_20",
            text("±20% 达标率", "Within ±20%"),
            PERCENT,
            text(
                "户数与目标相差不超过 20% 的网格所占比例。",
                "Share of grids whose households differ from the target by at most 20%.",
            ),
        ),
        Measure(
            "mad",
            text("平均绝对偏差", "Mean absolute deviation"),
            HOUSEHOLDS_UNIT,
            text("各网格户数与目标之差的绝对值的平均。", "Mean over the grids of |households - target|."),
        ),
        Measure(
            "rms",
            text("均方根偏差", "Root mean square deviation"),
            HOUSEHOLDS_UNIT,
            text(
                "各网格户数与目标之差的平方的平均再开方；个别悬殊的网格会使它明显增大。",
                "Root of the mean of (households - target)²; single grids that are far off weigh heavily.",
            ),
        ),
        Measure(
            "households_min",
            text("最少户数", "Least"),
            HOUSEHOLDS_UNIT,
            text("户数最少的网格的户数。", "Households of the grid with the fewest."),
        ),
        Measure(
            "households_median",
            text("户数中位数", "Median"),
            HOUSEHOLDS_UNIT,
            text("各网格户数的中位数。", "Median of the grids' households."),
        ),
        Measure(
            "households_max",
            text("最多户数", "Most"),
            HOUSEHOLDS_UNIT,
            text("户数最多的网格的户数。", "Households of the grid with the most."),
        ),
        Measure(
            "oversize_buildings",
            text("超大楼栋网格数", "Grids of one oversize building"),
            GRIDS_UNIT,
            text(
                "单栋户数超过上限、因而独自成为一个网格的楼栋数。",
                "Buildings above the maximum, each a grid by itself since a building is never divided.",
            ),
        ),
        Measure(
            "empty_grids",
            text("无住户网格数", "Grids without households"),
            GRIDS_UNIT,
            text("没有任何住户的网格数。", "Number of grids that hold no household."),
        ),
        Measure(
            "multipart_grids",
            text("不连片网格数", "Grids in several parts"),
            GRIDS_UNIT,
            text(
                "由不相连的几块组成的网格数；只有经声明的连通（桥、涵、渡口）或过小的飞地才允许。",
                "Grids made of separate pieces; allowed only by a declared link (bridge, underpass, ferry) or for a "
                "part of a community too small for a grid.",
            ),
        ),
        Measure(
            "polsby_popper_mean",
            text("平均紧凑度", "Mean compactness"),
            text("0–1", "0–1"),
            text(
                "各网格 4π × 面积 ÷ 周长² 的平均，圆为 1。",
                "Mean over the grids of 4π × area ÷ perimeter² (Polsby-Popper); a circle has 1.",
            ),
        ),
        Measure(
            "polsby_popper_p10",
            text("紧凑度第 10 百分位", "Compactness, 10th percentile"),
            text("0–1", "0–1"),
            text(
                "最不紧凑的十分之一网格的紧凑度上界。",
                "Value that the least compact tenth of the grids stays below.",
            ),
        ),
        Measure(
            "inner_border_m",
            text("内部边界长度", "Inner border"),
            text("米", "m"),
            text(
                "同一社区内网格之间的边界总长(每条只计一次)。",
                "Length of the borders between grids of one community, each counted once.",
            ),
        ),
        Measure(
            "border_follows",
            text("内部边界走向构成", "What the inner border follows"),
            PERCENT,
            text(
                "内部边界沿道路、水系、铁路、小区围界等(5 米以内)的长度占比。",
                "Share of the inner border by what it runs along within 5 m: street, water, rail, compound outline.",
            ),
        ),
        Measure(
            "border_on_feature",
            text("沿线率", "Inner border along something"),
            PERCENT,
            text(
                "内部边界中沿道路、水系、铁路或小区围界(5 米以内)的部分所占比例。",
                "Share of the inner border that runs along a street, water, rail or compound outline within 5 m.",
            ),
        ),
        Measure(
            "gap_m2",
            text("缝隙面积", "Gaps"),
            SQUARE_METRES,
            text("社区范围内不属于任何网格的面积。", "Area of the communities that no grid covers."),
        ),
        Measure(
            "overlap_m2",
            text("重叠面积", "Overlaps"),
            SQUARE_METRES,
            text("同时属于两个及以上网格的面积。", "Area that more than one grid covers."),
        ),
        Measure(
            "cut_buildings",
            text("被切割楼栋数", "Buildings cut"),
            text("栋", "buildings"),
            text(
                "被网格边界切开的楼栋数；被社区边界切开的另计，不在此列。",
                "Buildings that a border between grids cuts; those cut by a community's border are listed apart.",
            ),
        ),
        Measure(
            "snapped_m2",
            text("边界归整面积", "Area moved by snapping"),
            SQUARE_METRES,
            text(
                "为使相邻社区边界完全重合而移动的面积。",
                "Area that changed sides when neighbouring communities' borders were made to coincide.",
            ),
        ),
    )
}
"""Measures of a whole plan, by key. Shares are given as fractions of 1; a screen shows them as percentages."""


def within(households: np.ndarray, target: float, tolerance: float) -> float:
    """Share of grids whose households differ from `target` by at most ``tolerance * target``; NaN without grids."""
    if len(households) == 0:
        return float("nan")
    return float(on_target(households, target, tolerance).mean())


def _tiling(polygons: np.ndarray, community_of: np.ndarray, communities: gpd.GeoDataFrame) -> tuple[float, float]:
    """Area that no grid covers and area that several cover, in m2, community by community."""
    gap = overlap = 0.0
    for name, outline in zip(communities["community_id"].astype(str), communities.geometry.values, strict=True):
        mine = polygons[community_of == name]
        if tiles_exactly(mine, outline):
            continue
        union = shapely.union_all(mine)
        gap += float(shapely.area(shapely.difference(outline, union)))
        overlap += max(0.0, float(shapely.area(mine).sum() - shapely.area(union)))
    return gap, overlap


def _of_load(text: str, load: np.ndarray) -> dict[str, Any]:
    """Say what is balanced, and how much of it grids have."""
    least, middle, most = float(load.min()), float(np.median(load)), float(load.max())
    sums = {"load_total": float(load.sum()), "load_min": least, "load_median": middle, "load_max": most}
    return {"load": text, "load_unit": dict(unit_words(text)), **sums}


def plan_measures(
    tessellation: Tessellation,
    plan: Plan,
    *,
    grids: gpd.GeoDataFrame | None = None,
    explanation: Explanation | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    cut: int | None = None,
) -> dict[str, Any]:
    """Compute every measure of a plan.

    Parameters
    ----------
    tessellation : Tessellation
    plan : Plan
    grids : GeoDataFrame, optional
        Result of `gis.partition.grid_frame`, where it is at hand already.
    explanation : Explanation, optional
        Result of `gis.partition.explain`, likewise.
    buildings : GeoDataFrame, optional
        Footprints (``building_id``, geometry) in any CRS.
    cut : int, optional
        How many of them are cut, where that is known already; without either `cut_buildings` is None.

    Returns
    -------
    dict
        One entry for each key of `PLAN_MEASURES`, the plan's ``target``, ``minimum``, ``maximum``, and ``reasons``: the
        number of grids outside ±10% by reason. Where another load than households is balanced, what is said of the
        target is said of that: ``load`` (as it is written), ``load_unit`` and ``load_total``, ``load_min``,
        ``load_median``, ``load_max``.
    """
    grids = grid_frame(tessellation, plan) if grids is None else grids
    explanation = explain(tessellation, plan) if explanation is None else explanation
    target = float(plan.settings["target"])
    polygons = np.asarray(grids.geometry.values, object)
    community_of = grids["community_id"].to_numpy(object).astype(str)
    people = grids["households"].to_numpy(float)
    load = grids["load"].to_numpy(float) if "load" in grids else people
    compact = polsby_popper(shapely.area(polygons), shapely.length(polygons))

    adjacency = tessellation.adjacency
    parted = plan.grid_of[adjacency.pairs[:, 0]] != plan.grid_of[adjacency.pairs[:, 1]]
    metres = np.bincount(adjacency.follows[parted], adjacency.length[parted], len(FOLLOWS))
    border = float(metres.sum())
    follows = {name: float(m / border) for name, m in zip(FOLLOWS, metres, strict=True) if m > 0}

    gap, overlap = _tiling(polygons, community_of, tessellation.communities)
    estimated = tessellation.building_cell.get("estimated")
    counts = tessellation.building_cell["households"]
    parts = shapely.get_num_geometries(polygons)
    flags = grids["flags"].to_list()
    return {
        "target": target,
        "minimum": float(plan.settings["minimum"]),
        "maximum": float(plan.settings["maximum"]),
        **explanation.measures,
        "households": float(people.sum()),
        "estimated_households": 0.0 if estimated is None else float(counts[estimated.astype(bool)].sum()),
        "within_10": within(load, target, TOLERANCE),
        "within_20": within(load, target, 2 * TOLERANCE),
        "mad": float(np.abs(load - target).mean()),
        "rms": float(np.sqrt(((load - target) ** 2).mean())),
        "households_min": float(people.min()),
        "households_median": float(np.median(people)),
        "households_max": float(people.max()),
        **(_of_load(tessellation.load, load) if "load" in grids else {}),
        "oversize_buildings": sum("oversize_building" in f for f in flags),
        "empty_grids": int((people == 0).sum()),
        "multipart_grids": int((parts > 1).sum()),
        "polsby_popper_mean": float(compact.mean()),
        "polsby_popper_p10": float(np.percentile(compact, 10)),
        "inner_border_m": border,
        "border_follows": follows,
        "border_on_feature": 1.0 - follows.get("none", 0.0) if border else float("nan"),
        "gap_m2": gap,
        "overlap_m2": overlap,
        "cut_buildings": len(cut_buildings(grids, buildings)) if cut is None and buildings is not None else cut,
        "snapped_m2": tessellation.report.counts.get("snapped_m2"),
    }
