"""Has every grid a load that one person can carry, and a person to carry it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis._offenders import Row, offenders, polygons_of

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.checks.subject import Subject

__all__ = ["grid_without_worker", "households_in_range", "one_dedicated_unit_whole", "parts_balance"]

PARTS_VARIATION = 0.6


def households_in_range(s: Subject) -> gpd.GeoDataFrame:
    """Find grids whose load is outside [minimum, maximum]; those of one oversize building and empty ones say so."""
    loads = s.grids["load" if "load" in s.grids else "households"]
    flags = s.grids["flags"].to_list() if "flags" in s.grids else [[]] * len(s.grids)
    rows: list[Row] = []
    for code, load, flag, polygon in zip(s.grids["grid_code"], loads, flags, polygons_of(s.grids), strict=True):
        if s.minimum <= load <= s.maximum:
            continue
        zh, en = ("", "")
        if "oversize_building" in flag:
            zh, en = "(单栋超大楼)", " (one oversize building)"
        elif "empty" in flag:
            zh, en = "(无住户社区)", " (community without households)"
        rows.append(
            (
                code,
                f"网格 {code} 有 {load:g} {s.unit['zh']}{zh}",
                f"grid {code} has {load:g} {s.unit['en']}{en}",
                float(load),
                polygon,
            )
        )
    return offenders(rows, s.grids.crs)


def one_dedicated_unit_whole(s: Subject) -> gpd.GeoDataFrame | None:
    """Find compounds that are divided although what they hold would fit in one grid."""
    if "compound_id" not in s.cells:
        return None
    cells = s.cells[s.cells["compound_id"].notna() & (s.cells["compound_id"] != "")]
    rows: list[Row] = []
    for name, mine in cells.groupby("compound_id", sort=True):
        count, load = mine["grid_code"].nunique(), float(mine["load" if "load" in mine else "households"].sum())
        if count > 1 and load <= s.maximum:
            outline = shapely.union_all(polygons_of(mine))
            rows.append(
                (
                    str(name),
                    f"小区 {name}（{load:g} {s.unit['zh']}）被分入 {count} 个网格",
                    f"compound {name} ({load:g} {s.unit['en']}) is divided among {count} grids",
                    float(count),
                    outline,
                )
            )
    return offenders(rows, s.grids.crs)


def parts_balance(s: Subject) -> gpd.GeoDataFrame | None:
    """Find the grids farthest from the mean number of parts, where the coefficient of variation exceeds 0.6."""
    if s.parts is None:
        return None
    count = np.array([float(s.parts.get(code, 0)) for code in s.grids["grid_code"]])
    mean, spread = (count.mean(), count.std()) if len(count) else (0.0, 0.0)
    rows: list[Row] = []
    if mean > 0 and spread / mean > PARTS_VARIATION:
        for i in np.flatnonzero(np.abs(count - mean) >= spread):
            code = s.grids["grid_code"].iloc[i]
            rows.append(
                (
                    code,
                    f"网格 {code} 有 {count[i]:g} 个部件，平均 {mean:.0f} 个",
                    f"grid {code} has {count[i]:g} parts, the mean is {mean:.0f}",
                    count[i],
                    polygons_of(s.grids)[i],
                )
            )
    return offenders(rows, s.grids.crs)


def grid_without_worker(s: Subject) -> gpd.GeoDataFrame | None:
    """Find grids that nobody answers for."""
    if s.staffed is None:
        return None
    staffed = set(s.staffed)
    rows: list[Row] = [
        (code, f"网格 {code} 没有网格员", f"grid {code} has no worker", 0.0, polygon)
        for code, polygon in zip(s.grids["grid_code"], polygons_of(s.grids), strict=True)
        if code not in staffed
    ]
    return offenders(rows, s.grids.crs)
