"""Is a plan fit to be published, and where is it not? One pure function for each named check of ARCHITECTURE rule 8.

Hard checks block publishing, soft ones are told. A check that lacks its input (no barriers, no workers) is not run and
does not appear among the results.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis._offenders import TOLERANCE_M2, Row, mended, offenders, polygons_of
from gis.codes import community_grid_profile
from gis.cuts import cut_buildings
from gis.nesting import several_parents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import geopandas as gpd

__all__ = ["CHECKS", "Check", "CheckResult", "Subject", "run_checks"]

DIVISION_NAMES = {
    "community": ("社区", "community"),
    "subdistrict": ("街道", "subdistrict"),
    "district": ("区县", "district"),
}
LINE_DISTANCE_M = 5.0
LINE_SHARE = 0.5
PARTS_VARIATION = 0.6


@dataclass(frozen=True)
class Subject:
    """What is checked: frames in one metric CRS.

    Parameters
    ----------
    communities : GeoDataFrame
        ``community_id``, geometry: as snapped. Where grids stay inside larger divisions, these.
    grids : GeoDataFrame
        ``grid_code``, ``community_id``, ``households``, geometry; ``flags`` where there are any.
    cells : GeoDataFrame
        ``grid_code``, ``households``, geometry; ``compound_id`` where compounds are kept whole; ``finer_code``,
        ``coarser_code`` (None where there is none) where the network has grids of the level below or above.
    buildings : GeoDataFrame
        ``building_id``, geometry: those that were given a cell.
    links : sequence of (int, int)
        Declared links and those of rule 6, as row positions in `cells`.
    minimum, maximum : float
        Households a grid.
    barriers : GeoDataFrame, optional
        Lines or areas that borders should follow.
    compounds : GeoDataFrame, optional
        Outlines that borders may follow too.
    parts : Mapping, optional
        Municipal parts by grid code.
    staffed : iterable of str, optional
        Codes of the grids that have a worker.
    code_profile : str
        Of communities with a 12-digit code; the others use ``local``.
    division : str
        Level of the divisions in `communities`.
    """

    communities: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    links: Sequence[tuple[int, int]] = ()
    minimum: float = 150.0
    maximum: float = 300.0
    barriers: gpd.GeoDataFrame | None = None
    compounds: gpd.GeoDataFrame | None = None
    parts: Mapping[str, int] | None = None
    staffed: Iterable[str] | None = None
    code_profile: str = "gbt30428_2013"
    division: str = "community"


@dataclass(frozen=True)
class Check:
    """A named rule.

    Parameters
    ----------
    name : str
    hard : bool
        Whether it blocks publishing.
    label : mapping
        ``zh`` and ``en``: what a good plan is.
    find : callable
        Offenders of a `Subject`: a frame of ``code``, ``zh``, ``en``, ``amount``, geometry; None where it cannot run.
    """

    name: str
    hard: bool
    label: Mapping[str, str]
    find: Callable[[Subject], gpd.GeoDataFrame | None] = field(repr=False)


@dataclass(frozen=True)
class CheckResult:
    """What one check found.

    Parameters
    ----------
    name : str
    hard : bool
    passed : bool
    message : dict
        ``zh`` and ``en``: one sentence.
    offenders : GeoDataFrame
        ``code``, ``zh``, ``en`` (what is wrong there), ``amount``, geometry.
    waived : frozenset of str
        Codes among the offenders that a person answers for: islands.
    """

    name: str
    hard: bool
    passed: bool
    message: dict[str, str]
    offenders: gpd.GeoDataFrame
    waived: frozenset[str] = frozenset()

    @property
    def blocks(self) -> bool:
        """Whether a plan cannot be published because of it."""
        return self.hard and not self.passed and not set(self.offenders["code"]) <= self.waived


# ------------------------------------------------------------------------------------------------ hard
def inside_division(s: Subject) -> gpd.GeoDataFrame:
    """Find grids that leave their division by more than 1 m2, or name one that does not exist."""
    zh, en = DIVISION_NAMES[s.division]
    outline = dict(zip(s.communities["community_id"].astype(str), polygons_of(s.communities), strict=True))
    rows: list[Row] = []
    for code, name, polygon in zip(
        s.grids["grid_code"], s.grids["community_id"].astype(str), mended(s.grids), strict=True
    ):
        if name not in outline:
            rows.append((code, f"网格 {code} 的{zh} {name} 不存在", f"grid {code}: no {en} {name}", 0.0, polygon))
            continue
        beyond = shapely.difference(polygon, outline[name])
        area = float(shapely.area(beyond))
        if area > TOLERANCE_M2:
            rows.append(
                (
                    code,
                    f"网格 {code} 超出{zh} {name} {area:.1f} 平方米",
                    f"grid {code} leaves {en} {name} by {area:.1f} m²",
                    area,
                    beyond,
                )
            )
    return offenders(rows, s.grids.crs)


def no_gap(s: Subject) -> gpd.GeoDataFrame:
    """Find ground of a division, above 1 m2, that none of its grids covers."""
    zh, en = DIVISION_NAMES[s.division]
    polygons, of = mended(s.grids), s.grids["community_id"].astype(str).to_numpy(object)
    rows: list[Row] = []
    for name, outline in zip(s.communities["community_id"].astype(str), polygons_of(s.communities), strict=True):
        gap = shapely.difference(outline, shapely.union_all(polygons[of == name]))
        area = float(shapely.area(gap))
        if area > TOLERANCE_M2:
            rows.append(
                (
                    name,
                    f"{zh} {name} 有 {area:.1f} 平方米不属于任何网格",
                    f"{en} {name}: {area:.1f} m² in no grid",
                    area,
                    gap,
                )
            )
    return offenders(rows, s.grids.crs)


def no_overlap(s: Subject) -> gpd.GeoDataFrame:
    """Find pairs of grids that share more than 1 m2."""
    polygons, code = mended(s.grids), s.grids["grid_code"].to_numpy(object)
    rows: list[Row] = []
    if not shapely.coverage_is_valid(polygons):
        a, b = shapely.STRtree(polygons).query(polygons, predicate="intersects")
        a, b = a[a < b], b[a < b]
        shared = shapely.intersection(polygons[a], polygons[b])
        for i in np.flatnonzero(shapely.area(shared) > TOLERANCE_M2):
            x, y, area = code[a[i]], code[b[i]], float(shapely.area(shared[i]))
            rows.append(
                (
                    x,
                    f"网格 {x} 与 {y} 重叠 {area:.1f} 平方米",
                    f"grids {x} and {y} overlap by {area:.1f} m²",
                    area,
                    shared[i],
                )
            )
    return offenders(rows, s.grids.crs)


def no_cut_building(s: Subject) -> gpd.GeoDataFrame:
    """Find buildings cut by a border between grids of one community."""
    return cut_buildings(s.grids, s.buildings)


def contiguous(s: Subject) -> gpd.GeoDataFrame:
    """Find grids whose parts no declared link joins."""
    polygons = polygons_of(s.grids)
    rows: list[Row] = []
    several = np.flatnonzero(shapely.get_num_geometries(polygons) > 1)
    cell_code = s.cells["grid_code"].to_numpy(object)
    inner = shapely.point_on_surface(polygons_of(s.cells)) if len(several) and len(s.links) else None
    for g in several:
        code = s.grids["grid_code"].iloc[g]
        pieces = shapely.get_parts(polygons[g])
        label = np.arange(len(pieces))
        if inner is not None:
            tree = shapely.STRtree(pieces)
            for a, b in s.links:
                if cell_code[a] == code == cell_code[b]:
                    ends = [tree.query(inner[c], predicate="intersects") for c in (a, b)]
                    if all(len(e) for e in ends):
                        label[label == label[ends[1][0]]] = label[ends[0][0]]
        loose = len(np.unique(label))
        if loose > 1:
            rows.append(
                (
                    code,
                    f"网格 {code} 由 {loose} 块互不相连的部分组成",
                    f"grid {code} is made of {loose} unconnected parts",
                    float(loose),
                    polygons[g],
                )
            )
    return offenders(rows, s.grids.crs)


def valid_polygon(s: Subject) -> gpd.GeoDataFrame:
    """Find grids whose geometry is not a valid, non-empty polygon."""
    rows: list[Row] = []
    polygons = polygons_of(s.grids)
    area_like = np.isin(shapely.get_type_id(polygons), (3, 6))
    good = shapely.is_valid(polygons) & ~shapely.is_empty(polygons) & area_like & (shapely.area(polygons) > 0)
    for i in np.flatnonzero(~good):
        code, reason = s.grids["grid_code"].iloc[i], str(shapely.is_valid_reason(polygons[i]))
        rows.append(
            (code, f"网格 {code} 的图形无效：{reason}", f"grid {code} is no valid polygon: {reason}", 0.0, polygons[i])
        )
    return offenders(rows, s.grids.crs)


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


# ------------------------------------------------------------------------------------------------ soft
def households_in_range(s: Subject) -> gpd.GeoDataFrame:
    """Find grids outside [minimum, maximum]; grids of one oversize building and empty ones say so."""
    flags = s.grids["flags"].to_list() if "flags" in s.grids else [[]] * len(s.grids)
    rows: list[Row] = []
    for code, load, flag, polygon in zip(
        s.grids["grid_code"], s.grids["households"], flags, polygons_of(s.grids), strict=True
    ):
        if s.minimum <= load <= s.maximum:
            continue
        zh, en = ("", "")
        if "oversize_building" in flag:
            zh, en = "(单栋超大楼)", " (one oversize building)"
        elif "empty" in flag:
            zh, en = "(无住户社区)", " (community without households)"
        rows.append(
            (code, f"网格 {code} 有 {load:g} 户{zh}", f"grid {code} has {load:g} households{en}", float(load), polygon)
        )
    return offenders(rows, s.grids.crs)


def one_dedicated_unit_whole(s: Subject) -> gpd.GeoDataFrame | None:
    """Find compounds that are divided although their households would fit in one grid."""
    if "compound_id" not in s.cells:
        return None
    cells = s.cells[s.cells["compound_id"].notna() & (s.cells["compound_id"] != "")]
    rows: list[Row] = []
    for name, mine in cells.groupby("compound_id", sort=True):
        count, load = mine["grid_code"].nunique(), float(mine["households"].sum())
        if count > 1 and load <= s.maximum:
            outline = shapely.union_all(polygons_of(mine))
            rows.append(
                (
                    str(name),
                    f"小区 {name}({load:g} 户)被分入 {count} 个网格",
                    f"compound {name} ({load:g} households) is divided among {count} grids",
                    float(count),
                    outline,
                )
            )
    return offenders(rows, s.grids.crs)


def follows_street_line(s: Subject) -> gpd.GeoDataFrame | None:
    """Find grids less than half of whose inner border lies within 5 m of a barrier or compound outline."""
    if s.barriers is None or len(s.barriers) == 0:
        return None
    frames = [s.barriers] + ([s.compounds] if s.compounds is not None and len(s.compounds) else [])
    lines = np.concatenate([polygons_of(f.to_crs(s.grids.crs) if f.crs != s.grids.crs else f) for f in frames])
    lines = np.where(shapely.get_dimensions(lines) == 2, shapely.boundary(lines), lines)
    tree = shapely.STRtree(lines)
    outer = dict(
        zip(s.communities["community_id"].astype(str), shapely.boundary(polygons_of(s.communities)), strict=True)
    )
    rows: list[Row] = []
    for code, name, polygon in zip(
        s.grids["grid_code"], s.grids["community_id"].astype(str), mended(s.grids), strict=True
    ):
        border = shapely.boundary(polygon)
        if name in outer:
            border = shapely.difference(border, shapely.buffer(outer[name], 0.05))
        if shapely.length(border) < 1.0:
            continue
        near = lines[tree.query(border, predicate="dwithin", distance=LINE_DISTANCE_M)]
        zone = shapely.union_all(shapely.buffer(near, LINE_DISTANCE_M))
        share = float(shapely.length(shapely.intersection(border, zone)) / shapely.length(border))
        if share < LINE_SHARE:
            rows.append(
                (
                    code,
                    f"网格 {code} 的内部边界仅 {share:.0%} 沿道路或围界",
                    f"only {share:.0%} of the inner border of grid {code} follows a line",
                    share,
                    polygon,
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
    only: Iterable[str] | None = None,
) -> list[CheckResult]:
    """Run every check that has its input.

    Parameters
    ----------
    communities, grids, cells, buildings, links, minimum, maximum, barriers, compounds, parts, staffed, code_profile
        See `Subject`; `grids` in a metric CRS, other frames are brought to it.
    division : str
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
