"""Which kinds of things can be imported, which fields has each, and under which column names do offices send them?"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from gis.ingest import vocabulary as words

__all__ = ["KINDS", "LAT_NAMES", "LON_NAMES", "WKT_NAMES", "Field", "Kind", "fold_name"]

FieldType = Literal["code", "text", "integer", "number", "date", "time", "flag", "word"]


def fold_name(name: str) -> str:
    """Fold a column's name for comparing: half width, lower case, no blanks, dashes or underscores.

    >>> fold_name("Dwelling_Units ")
    'dwellingunits'
    """
    return re.sub(r"[\s_\-./()（）]+", "", unicodedata.normalize("NFKC", str(name))).casefold()


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold_name(word) for word in text.split()))


LON_NAMES = _names("lon lng longitude long x 经度 东经 easting x坐标 wgs84_lon gcj02_lon bd09_lon")
LAT_NAMES = _names("lat latitude y 纬度 北纬 northing y坐标 wgs84_lat gcj02_lat bd09_lat")
WKT_NAMES = _names("wkt geometry geom the_geom shape 几何 图形")


@dataclass(frozen=True)
class Field:
    """One field of a kind.

    Parameters
    ----------
    name : str
        Name in the frame, that of the table's column where there is one.
    type : str
        ``code`` (text that keeps its zeros), ``text``, ``integer`` and ``number`` (both >= 0), ``date``, ``time``,
        ``flag`` (yes or no), ``word`` (one of `words`).
    aliases : str
        Further column names it is known by, best first, Chinese and English, with blanks between.
    required : bool
        A row without it is refused.
    words : mapping of str to (str or None), optional
        What the values mean; None means "not such a thing, leave the row out".
    open_words : bool
        Unknown values are kept as they are (told), not refused.
    by_column : mapping of str to mapping, optional
        Other meanings of the values where they come from the column of that (folded) name.
    """

    name: str
    type: FieldType = "text"
    aliases: str = ""
    required: bool = False
    words: dict[str, str | None] | None = None
    open_words: bool = False
    by_column: dict[str, dict[str, str | None]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, folded, the field's own first."""
        return tuple(dict.fromkeys(fold_name(n) for n in (self.name, *self.aliases.split())))


@dataclass(frozen=True)
class Kind:
    """One kind of thing that files hold.

    Parameters
    ----------
    name : str
    label : dict
        zh and en, for people.
    fields : tuple of Field
    shapes : tuple of str
        Geometry wanted: ``polygon``, ``line``, ``point``; empty where the kind has none.
    shape_needed : bool
        Rows without geometry are refused.
    columns : tuple of str
        Columns of the checked frame, in order; ``geometry`` included.
    raw : bool
        The frame also carries raw_x, raw_y, raw_crs.
    outside : {"error", "note", "leave_out"}
        What happens to single rows far outside the district.
    key : str
        The field by which a row is known again.
    broken : {"mend", "tell"}
        Invalid polygons are mended or refused here, or only told: whoever takes the rows mends them.
    """

    name: str
    label: dict[str, str]
    fields: tuple[Field, ...]
    shapes: tuple[str, ...]
    columns: tuple[str, ...]
    shape_needed: bool = True
    raw: bool = False
    outside: Literal["error", "note", "leave_out"] = "error"
    key: str = "code"
    broken: Literal["mend", "tell"] = "mend"

    def field(self, name: str) -> Field | None:
        """The field of that name (or alias)."""
        key = fold_name(name)
        for entry in self.fields:
            if entry.name == name:
                return entry
        return next((f for f in self.fields if key in f.names), None)


def _name(aliases: str = "") -> Field:
    return Field("name", "text", f"{aliases} 名称 mc title")


_COMMUNITY = "community_id communityid 社区代码 社区编码 社区编号 村社区代码 sqdm sqbm community subzone_id"
_COMPOUND = "compound_id 小区代码 小区编码 小区编号 院落编码 xqdm compound estate_id"
_GRID = "grid_id 网格编码 网格代码 网格编号 单元网格编码 所在单元网格标识码 bgid wgbm grid"
_BUILDING = "building_id building_code lot_id block_id parcel_id 楼栋编码 楼栋代码 楼栋编号 幢编号 建筑编码 jzbm ldbm"
_HOUSEHOLDS = "household_count dwelling_units dwellings units flats 户数 住户数 总户数 居民户数 hs zhs hh"
_PEOPLE = "population residents persons 人口 人数 常住人口 人口数 rk rks"
_AS_OF = "counted_on count_date 统计日期 统计时间 截止日期 数据日期 survey_date"
_ANY_CODE = "编码 代码 编号 id osm_id"
_ADDRESS = Field("address", "text", "地址 详细地址 标准地址 地点 发生地点 事发位置 dz location addr")

DIVISIONS = Kind(
    "divisions",
    {"zh": "行政区划", "en": "divisions"},
    (
        Field(
            "code",
            "code",
            "division_code community_id subdistrict_id district_id 行政区划代码 区划代码 区划编码 社区代码 社区编码"
            f" 街道代码 街道编码 adcode xzqdm sqdm jddm {_ANY_CODE}",
        ),
        Field("level", "word", "级别 层级 行政级别 division_level", words=words.LEVELS),
        _name("community_name 社区名称 街道名称 区划名称 行政区划名称 xzqmc sqmc"),
        Field("name_en", "text", "english_name name:en 英文名 英文名称"),
        Field("parent_code", "code", "parent 上级代码 上级编码 所属街道代码 父级代码 sjdm"),
        Field("successor", "code", "successor_code 继任代码"),
    ),
    ("polygon",),
    ("level", "code", "name", "name_en", "parent_code", "successor", "properties", "geometry"),
)

COMPOUNDS = Kind(
    "compounds",
    {"zh": "小区院落", "en": "compounds"},
    (Field("code", "code", f"compound_code {_COMPOUND} {_ANY_CODE}"), _name("小区名称 院落名称")),
    ("polygon",),
    ("code", "name", "geometry"),
)

LANDCOVER = Kind(
    "landcover",
    {"zh": "土地覆盖", "en": "land cover"},
    (
        Field("code", "code", f"landcover_id landuse_id {_ANY_CODE}"),
        Field(
            "kind",
            "word",
            "landuse landcover type class fclass 类型 地类 地类名称 dlmc",
            required=True,
            words=words.LANDCOVER,
            open_words=True,
        ),
        _name(),
    ),
    ("polygon",),
    ("code", "kind", "name", "geometry"),
    outside="leave_out",
)

BUILDINGS = Kind(
    "buildings",
    {"zh": "楼栋", "en": "buildings"},
    (
        Field("code", "code", f"{_BUILDING} {_ANY_CODE}"),
        _name("building_name 楼栋名称 楼名 建筑名称 幢名称 jzmc"),
        _ADDRESS,
        Field("street", "text", "road addr:street 道路 街路巷 路名"),
        Field("house_number", "text", "housenumber addr:housenumber blk_no block_no 门牌号 门牌 楼号 幢号"),
        Field("kind", "text", "use_tag use usage building building_use 类型 用途 房屋用途 建筑类型"),
        Field("floors", "number", "levels storeys building:levels 楼层 层数 楼层数 总层数 cs"),
        Field("height_m", "number", "height building_height 高度 建筑高度"),
        Field("community_code", "code", _COMMUNITY),
        Field("compound_code", "code", _COMPOUND),
        Field("households", "integer", _HOUSEHOLDS),
        Field("households_estimated", "number", "households_est est_households estimated_households 估算户数 预估户数"),
        Field("people", "integer", _PEOPLE),
        Field("estimated", "flag", "is_estimate 是否估算 估算", words=words.FLAG),
        Field("as_of", "date", _AS_OF),
        Field(
            "state",
            "word",
            "building_state 楼栋状态 建筑状态 房屋状态 使用状态 状态 status",
            words=words.BUILDING_STATE,
            open_words=True,
        ),
    ),
    ("polygon", "point"),
    (
        *("code", "name", "address", "address_key", "kind", "floors", "community_code", "compound_code"),
        *("households", "people", "estimated", "as_of", "state", "geometry"),
    ),
    raw=True,
)

BARRIERS = Kind(
    "barriers",
    {"zh": "道路、水系、铁路、围墙", "en": "barriers"},
    (
        Field("code", "code", f"barrier_id street_id road_id segment_id 道路编码 路段编码 {_ANY_CODE}"),
        Field("kind", "word", "barrier_kind 类别 阻隔类型 barrier", words=words.BARRIER_KIND),
        Field(
            "class",
            "word",
            "highway road_class street_class fclass major_road cls 道路等级 道路类型 等级 dldj",
            words=words.STREET_CLASS | words.OTHER_KIND,
            by_column={"majorroad": words.MAJOR_ROAD},
        ),
        Field("railway", "word", "rail_type 铁路类型", words=words.RAILWAY, open_words=True),
        Field("waterway", "word", "water_type 水系类型", words=words.WATERWAY, open_words=True),
        Field("type", "text"),
        _name("street_name road_name 道路名称 路名 水系名称 dlmc"),
        Field("width_m", "number", "width carriageway_width 路宽 宽度 路面宽度 dlkd"),
        Field("bridge", "flag", "is_bridge 桥 是否桥梁", words=words.BRIDGE),
        Field("tunnel", "flag", "is_tunnel 隧道 是否隧道", words=words.TUNNEL),
        Field("grade", "word", words=words.GRADE, open_words=True),
    ),
    ("line", "polygon"),
    ("code", "kind", "class", "name", "width_m", "bridge", "tunnel", "geometry"),
    outside="leave_out",
)

PARTS = Kind(
    "parts",
    {"zh": "城市部件", "en": "municipal parts"},
    (
        Field("code", "code", f"part_code part_id asset_id objid 部件编码 部件代码 部件标识码 标识码 {_ANY_CODE}"),
        Field("class", "code", "class_code type_code 部件类型代码 小类代码 类型代码 部件类别代码"),
        Field(
            "class_name",
            "text",
            "asset_type part_type type category 部件类型 部件名称类型 小类名称 小类 类型 objname",
        ),
        _name("part_name 部件名称"),
        Field("state", "word", "status part_state objstate 部件状态 状态", words=words.PART_STATE),
    ),
    ("point",),
    ("code", "class", "class_name", "name", "state", "geometry"),
    raw=True,
)

EVENTS = Kind(
    "events",
    {"zh": "事件", "en": "events"},
    (
        Field(
            "code",
            "code",
            f"event_code event_id case_id case_no 事件编号 事件编码 案件编号 案卷编号 工单编号 任务号 {_ANY_CODE}",
        ),
        Field("class", "code", "class_code type_code 事件类型代码 小类代码 类型代码"),
        Field(
            "class_name",
            "text",
            "category event_type type 事件类型 事件类别 小类名称 小类 问题类型 类型 类别",
        ),
        Field("source", "text", "event_source channel 来源 事件来源 问题来源 上报渠道"),
        Field(
            "occurred_at",
            "time",
            "occurred datetime date_time time timestamp reported_at created_at 发生时间 事发时间 上报时间 受理时间 时间"
            " date 日期",
            required=True,
        ),
        _ADDRESS,
        Field("description", "text", "desc content details 问题描述 事件描述 描述 内容"),
        Field(
            "state",
            "word",
            "event_state case_state 办理状态 案件状态 事件状态 处置状态 状态 status",
            words=words.EVENT_STATE,
            open_words=True,
        ),
        Field("closed_at", "time", "closed closing_time closed_date 结案时间 办结时间 关闭时间"),
    ),
    ("point",),
    (
        *("code", "class", "class_name", "source", "occurred_at", "address", "description", "state", "closed_at"),
        "geometry",
    ),
    shape_needed=False,
    raw=True,
    outside="note",
)

HOUSEHOLDS = Kind(
    "households",
    {"zh": "户数", "en": "household counts"},
    (
        Field("building_code", "code", f"{_BUILDING} {_ANY_CODE} code", required=True),
        Field("households", "integer", _HOUSEHOLDS, required=True),
        Field("people", "integer", _PEOPLE),
        Field("as_of", "date", f"{_AS_OF} date 日期"),
        Field("estimated", "flag", "is_estimate 是否估算 估算", words=words.FLAG),
    ),
    (),
    ("building_code", "households", "people", "as_of", "estimated"),
    shape_needed=False,
    outside="note",
    key="building_code",
)

GRIDS = Kind(
    "grids",
    {"zh": "网格", "en": "grids"},
    (
        Field("code", "code", f"grid_code {_GRID} {_ANY_CODE}", required=True),
        _name("grid_name 网格名称 wgmc"),
        Field("kind", "word", "grid_kind 网格类型 网格类别 类型 类别 wglx type", words=words.GRID_KIND),
        Field("community_code", "code", _COMMUNITY),
    ),
    ("polygon",),
    ("code", "name", "kind", "community_code", "geometry"),
    outside="leave_out",
    broken="tell",
)

WORKERS = Kind(
    "workers",
    {"zh": "网格员", "en": "grid workers"},
    (
        Field("code", "code", f"worker_id worker_code staff_no 工号 网格员编号 人员编号 {_ANY_CODE}"),
        Field("name", "text", "worker_name 姓名 网格员姓名 网格员 xm", required=True),
        Field("phone", "code", "mobile telephone tel 电话 手机 手机号 联系电话 联系方式"),
        Field("community_code", "code", _COMMUNITY),
        Field("grid_code", "code", _GRID),
    ),
    (),
    ("code", "name", "phone", "community_code", "grid_code"),
    shape_needed=False,
    outside="note",
)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (*(DIVISIONS, COMPOUNDS, LANDCOVER, BUILDINGS, HOUSEHOLDS, BARRIERS, GRIDS, PARTS, EVENTS, WORKERS),)
}
"""Every kind by name, in the order in which a district is loaded."""
