"""Which checks are there, and what do all of them say of a plan?

Hard checks block publishing, soft ones are told. A check that lacks its input (no barriers, no workers) is not run and
does not appear among the results.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import shapely

from gis import _offenders, cuts, nesting, tiling
from gis.checks.belonging import code_matches_parent, nested
from gis.checks.ground import (
    contiguous,
    crosses_no_barrier,
    inside_division,
    no_cut_building,
    no_gap,
    no_overlap,
    valid_polygon,
)
from gis.checks.lines import follows_street_line
from gis.checks.load import grid_without_worker, households_in_range, one_dedicated_unit_whole, parts_balance
from gis.checks.subject import Check, CheckResult, Subject
from gis.measures.measure import HOUSEHOLDS_UNIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd
    import numpy as np

__all__ = ["CHECKS", "EDITION", "run_checks"]


def _edition() -> str:
    """Digest of the rules as they are written, and of the engine that computes them."""
    files = sorted(Path(__file__).parent.glob("*.py")) + [
        Path(str(m.__file__)) for m in (_offenders, cuts, nesting, tiling)
    ]
    rules = b"".join(file.read_bytes() for file in files)
    return sha256(rules + shapely.geos_version_string.encode()).hexdigest()


EDITION = _edition()
"""Results of another edition say nothing about this one."""

CHECKS: dict[str, Check] = {
    c.name: c
    for c in (
        Check(
            "inside_division", True, {"zh": "网格不出区划", "en": "Grids stay inside their division"}, inside_division
        ),
        Check("no_gap", True, {"zh": "无缝隙", "en": "No gaps"}, no_gap),
        Check("no_overlap", True, {"zh": "无重叠", "en": "No overlaps"}, no_overlap),
        Check("no_cut_building", True, {"zh": "不切割楼栋", "en": "No building is cut"}, no_cut_building),
        Check("contiguous", True, {"zh": "网格连片", "en": "Grids are connected"}, contiguous),
        Check("valid_polygon", True, {"zh": "图形有效", "en": "Polygons are valid"}, valid_polygon),
        Check(
            "code_matches_parent",
            True,
            {"zh": "编码与区划一致", "en": "Codes match their division"},
            code_matches_parent,
        ),
        Check("nested", True, {"zh": "上下级网格嵌套", "en": "Grids of one level lie in grids of the next"}, nested),
        Check(
            "households_in_range", False, {"zh": "户数在范围内", "en": "Households within range"}, households_in_range
        ),
        Check(
            "one_dedicated_unit_whole",
            False,
            {"zh": "小区不拆分", "en": "Compounds are kept whole"},
            one_dedicated_unit_whole,
        ),
        Check("follows_street_line", False, {"zh": "边界沿道路", "en": "Borders follow streets"}, follows_street_line),
        Check(
            "crosses_no_barrier",
            False,
            {"zh": "不跨硬阻隔", "en": "No grid crosses a hard barrier"},
            crosses_no_barrier,
        ),
        Check("parts_balance", False, {"zh": "部件数均衡", "en": "Parts are spread evenly"}, parts_balance),
        Check(
            "grid_without_worker", False, {"zh": "网格有人负责", "en": "Every grid has a worker"}, grid_without_worker
        ),
    )
}
"""Every check by name, hard ones first."""


def run_checks(
    communities: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    cells: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    links: Sequence[tuple[int, int]] = (),
    *,
    minimum: float = 150.0,
    maximum: float = 300.0,
    barriers: gpd.GeoDataFrame | None = None,
    compounds: gpd.GeoDataFrame | None = None,
    parts: Mapping[str, int] | None = None,
    staffed: Iterable[str] | None = None,
    code_profile: str = "gbt30428_2013",
    division: str = "community",
    unit: Mapping[str, str] = HOUSEHOLDS_UNIT,
    passable: np.ndarray | None = None,
    only: Iterable[str] | None = None,
) -> list[CheckResult]:
    """Run every check that has its input.

    Parameters
    ----------
    communities, grids, cells, buildings, links, minimum, maximum, barriers, compounds, parts, staffed, code_profile
        See `Subject`; `grids` in a metric CRS, other frames are brought to it.
    division, unit, passable
        See `Subject`.
    only : iterable of str, optional
        Names of the checks to run.

    Returns
    -------
    list of CheckResult
        In the order of `CHECKS`.
    """
    crs = grids.crs
    communities, cells, buildings = (
        f.to_crs(crs) if crs is not None and f.crs is not None and f.crs != crs else f
        for f in (communities, cells, buildings)
    )
    subject = Subject(
        communities,
        grids,
        cells,
        buildings,
        [(int(a), int(b)) for a, b in links],
        minimum,
        maximum,
        barriers,
        compounds,
        parts,
        staffed,
        code_profile,
        division,
        unit,
        passable,
    )
    wanted = list(CHECKS) if only is None else [name for name in CHECKS if name in set(only)]
    results = []
    for name in wanted:
        check = CHECKS[name]
        offenders = check.find(subject)
        if offenders is None:
            continue
        count = len(offenders)
        message = {"zh": f"{check.label['zh']}：通过", "en": f"{check.label['en']}: passed"}
        if count:
            more = {"zh": " 等" if count > 1 else "", "en": f" and {count - 1} more" if count > 1 else ""}
            message = {
                "zh": f"{check.label['zh']}：{count} 处不符，{offenders['zh'].iloc[0]}{more['zh']}",
                "en": f"{check.label['en']}: {count} place(s), {offenders['en'].iloc[0]}{more['en']}",
            }
        results.append(CheckResult(name, check.hard, count == 0, message, offenders))
    return results
