"""Does every grid belong to its division by its code, and to one grid of the next level by its cells?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from gis._offenders import Row, offenders, polygons_of
from gis.checks.subject import DIVISION_NAMES
from gis.codes import community_grid_profile
from gis.nesting import several_parents

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.checks.subject import Subject

__all__ = ["code_matches_parent", "nested"]


def code_matches_parent(s: Subject) -> gpd.GeoDataFrame:
    """Find grid codes that are malformed, given twice, or do not begin with their division's code."""
    zh, _ = DIVISION_NAMES[s.division]
    rows: list[Row] = []
    seen: set[str] = set()
    for code, name, polygon in zip(
        s.grids["grid_code"], s.grids["community_id"].astype(str), polygons_of(s.grids), strict=True
    ):
        faults = community_grid_profile(name, s.code_profile).faults(code, name)
        if code in seen:
            faults.append(f"{code!r} is given twice.")
        seen.add(code)
        if faults:
            rows.append((code, f"网格编码 {code} 与{zh} {name} 不符、格式有误或重复", faults[0], 0.0, polygon))
    return offenders(rows, s.grids.crs)


def nested(s: Subject) -> gpd.GeoDataFrame | None:
    """Find grids of the finer of two levels that do not lie in one grid of the coarser, cell by cell."""
    own = s.cells["grid_code"].to_numpy(object)
    levels = [("finer_code", True), ("coarser_code", False)]
    known = [(s.cells[column].to_numpy(object), below) for column, below in levels if column in s.cells]
    rows: list[Row] = []
    for other, below in known:
        fine, coarse = (other, own) if below else (own, other)
        for code, parents in several_parents(fine, coarse).items():
            zh, en = (", ".join(parent or none for parent in parents[:3]) for none in ("无", "none"))
            rows.append(
                (
                    code,
                    f"网格 {code} 分属 {len(parents)} 个上级网格（{zh}）",
                    f"grid {code} lies in {len(parents)} grids of the level above ({en})",
                    float(len(parents)),
                    shapely.union_all(polygons_of(s.cells)[fine == code]),
                )
            )
    return offenders(rows, s.grids.crs) if known else None
