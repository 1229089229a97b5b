"""Which kinds of things can be imported, which fields has each, and under which column names do offices send them?"""

from __future__ import annotations

from gis.ingest import vocabulary as words
from gis.ingest.fields import LAT_NAMES, LON_NAMES, WKT_NAMES, Field, Kind, fold_name

__all__ = ["KINDS", "LAT_NAMES", "LON_NAMES", "WKT_NAMES", "Field", "Kind", "fold_name"]

_COMMUNITY = (
    "community_id communityid 社区代码 社区编码 社区编号 村社区代码 sqdm sqbm community subzone_id"
    " 社区名称 所属社区 社区"
)
_COMPOUND = "compound_id 小区代码 小区编码 小区编号 院落编码 xqdm compound estate_id"
_GRID = "grid_id 网格编码 网格代码 网格编号 单元网格编码 所在单元网格标识码 bgid wgbm grid"
_BUILDING = "building_id building_code lot_id block_id parcel_id 楼栋编码 楼栋代码 楼栋编号 幢编号 建筑编码 jzbm ldbm"
_HOUSEHOLDS = (
    "household_count dwelling_units dwellings units flats 户数 住户数 总户数 居民户数 hs zhs hh building:flats"
)
_PEOPLE = "population residents persons 人口 人数 常住人口 人口数 rk rks"
_KEY_PERSONS = "key_person_count 重点人员数 重点人员人数 重点人员数量 重点人数 zdrys"
_AS_OF = "counted_on count_date 统计日期 统计时间 截止日期 数据日期 survey_date"
_ANY_CODE = "编码 代码 编号 id osm_id"
_LOCAL = "本地时间，如 2026-03-31 14:05"


def _name(aliases: str, about: str, example: str) -> Field:
    return Field("name", "text", f"{aliases} 名称 mc title", about=about, example=example)


def _address() -> Field:
    aliases = "地址 详细地址 标准地址 地点 发生地点 事发位置 dz location addr"
    return Field("address", "text", aliases, about="详细地址", example="春晖路12号3幢")


def _estimated() -> Field:
    about = "户数为估算值时填“是”"
    return Field("estimated", "flag", "is_estimate 是否估算 估算", words=words.FLAG, about=about, example="否")


def _key_persons() -> Field:
    about = "重点人员数，只填人数，不填姓名"
    return Field("key_persons", "integer", _KEY_PERSONS, private=True, about=about, example="1")


def _community() -> Field:
    return Field("community_code", "code", _COMMUNITY, about="所属社区的代码或名称", example="110101001001")


DIVISIONS = Kind(
    "divisions",
    {"zh": "行政区划", "en": "divisions"},
    (
        Field(
            "code", "code",
            "division_code community_id subdistrict_id district_id 行政区划代码 区划代码 区划编码 社区代码 社区编码"
            f" 街道代码 街道编码 adcode xzqdm sqdm jddm {_ANY_CODE}",
            about="统计用区划代码：区县 6 位，街道 9 位，社区 12 位", example="110101001001",
        ),
        Field(
            "level", "word", "级别 层级 行政级别 division_level", words=words.LEVELS,
            about="不填时按代码位数判断", example="社区",
        ),
        _name("community_name 区划名称 社区名称 街道名称 行政区划名称 xzqmc sqmc", "全称", "春晖社区"),
        Field("name_en", "text", "english_name name:en 英文名 英文名称", about="英文名称", example="Chunhui"),
        Field(
            "parent_code", "code", "parent 上级代码 上级编码 所属街道代码 父级代码 sjdm",
            about="上级区划的代码；不填时按代码或位置判断", example="110101001",
        ),
        Field("successor", "code", "successor_code 继任代码"),
    ),
    ("polygon",),
    ("level", "code", "name", "name_en", "parent_code", "successor", "properties", "geometry"),
)  # fmt: skip

COMPOUNDS = Kind(
    "compounds",
    {"zh": "小区院落", "en": "compounds"},
    (
        Field("code", "code", f"compound_code {_COMPOUND} {_ANY_CODE}", about="唯一编码", example="XQ001"),
        _name("小区名称 院落名称", "小区或院落名称", "春晖里小区"),
    ),
    ("polygon",),
    ("code", "name", "geometry"),
)

LANDCOVER = Kind(
    "landcover",
    {"zh": "土地覆盖", "en": "land cover"},
    (
        Field("code", "code", f"landcover_id landuse_id {_ANY_CODE}", about="唯一编码，可不填", example="DL001"),
        Field(
            "kind", "word", "landuse landcover type class fclass 类型 地类 地类名称 dlmc", required=True,
            words=words.LANDCOVER, open_words=True, about="水域、绿地等类型", example="绿地",
        ),
        _name("", "名称", "春晖公园"),
    ),
    ("polygon",),
    ("code", "kind", "name", "geometry"),
    outside="leave_out",
)  # fmt: skip

BUILDINGS = Kind(
    "buildings",
    {"zh": "楼栋", "en": "buildings"},
    (
        Field("code", "code", f"{_BUILDING} {_ANY_CODE}", about="唯一编码，每次报送保持不变", example="LD000123"),
        _name("building_name 楼栋名称 楼名 建筑名称 幢名称 jzmc", "楼栋名称", "春晖里3号楼"),
        _address(),
        Field("street", "text", "road addr:street 道路 街路巷 路名"),
        Field("house_number", "text", "housenumber addr:housenumber blk_no block_no 门牌号 门牌 楼号 幢号"),
        Field(
            "kind", "text", "use_tag use usage building building_use 用途 房屋用途 建筑类型 类型",
            about="住宅、商业、办公、学校等", example="住宅",
        ),
        Field(
            "floors", "number", "levels storeys building:levels 层数 楼层数 总层数 楼层 cs",
            about="地上层数", example="6",
        ),
        Field("height_m", "number", "height building_height 高度 建筑高度", about="建筑高度，单位米", example="18.5"),
        _community(),
        Field("compound_code", "code", _COMPOUND, about="所属小区的编码", example="XQ001"),
        Field("households", "integer", _HOUSEHOLDS, about="住户数；没有住户填 0，不清楚不填", example="48"),
        Field("households_estimated", "number", "households_est est_households estimated_households 估算户数 预估户数"),
        Field("people", "integer", _PEOPLE, about="居住人口", example="132"),
        _key_persons(),
        _estimated(),
        Field("as_of", "date", _AS_OF, about="户数的统计日期", example="2026-03-31"),
        Field(
            "state", "word", "building_state 楼栋状态 建筑状态 房屋状态 使用状态 状态 status",
            words=words.BUILDING_STATE, open_words=True, about="不填为现存", example="现存",
        ),
    ),
    ("polygon", "point"),
    (
        *("code", "name", "address", "address_key", "kind", "floors", "community_code", "compound_code"),
        *("households", "people", "key_persons", "estimated", "as_of", "state", "geometry"),
    ),
    raw=True,
)  # fmt: skip

BARRIERS = Kind(
    "barriers",
    {"zh": "道路、水系、铁路、围墙", "en": "barriers"},
    (
        Field(
            "code", "code", f"barrier_id street_id road_id segment_id 道路编码 路段编码 {_ANY_CODE}",
            about="唯一编码，可不填", example="DL0001",
        ),
        Field(
            "kind", "word", "barrier_kind 类别 阻隔类型 barrier", words=words.BARRIER_KIND,
            about="道路、水系、铁路或围墙", example="道路",
        ),
        Field(
            "class", "word", "highway road_class street_class fclass major_road cls 道路等级 道路类型 等级 dldj",
            words=words.STREET_CLASS | words.OTHER_KIND, by_column={"majorroad": words.MAJOR_ROAD},
            about="道路的等级", example="支路",
        ),
        Field("railway", "word", "rail_type 铁路类型", words=words.RAILWAY, open_words=True),
        Field("waterway", "word", "water_type 水系类型", words=words.WATERWAY, open_words=True),
        Field("type", "text"),
        _name("street_name road_name 道路名称 路名 水系名称 dlmc", "名称", "春晖路"),
        Field(
            "width_m", "number", "width carriageway_width 路宽 宽度 路面宽度 dlkd",
            about="路面宽度，单位米", example="12",
        ),
        Field("bridge", "flag", "is_bridge 是否桥梁 桥", words=words.BRIDGE, about="桥梁填“是”", example="否"),
        Field("tunnel", "flag", "is_tunnel 是否隧道 隧道", words=words.TUNNEL, about="隧道填“是”", example="否"),
        Field("grade", "word", words=words.GRADE, open_words=True),
    ),
    ("line", "polygon"),
    ("code", "kind", "class", "name", "width_m", "bridge", "tunnel", "geometry"),
    outside="leave_out",
)  # fmt: skip

PARTS = Kind(
    "parts",
    {"zh": "城市部件", "en": "municipal parts"},
    (
        Field(
            "code", "code", f"part_code part_id asset_id objid 部件编码 部件代码 部件标识码 标识码 {_ANY_CODE}",
            about="部件标识码，16 位或 17 位，或自编的唯一编码", example="1101010118000001",
        ),
        Field(
            "class", "code", "class_code type_code 部件类型代码 小类代码 类型代码 部件类别代码",
            about="小类代码；编码为标准标识码时可不填", example="0118",
        ),
        Field(
            "class_name", "text",
            "asset_type part_type type category 部件类型 部件名称类型 小类名称 小类 类型 objname",
            about="小类名称；代码和名称至少填一项", example="路灯",
        ),
        _name("part_name 部件名称", "部件名称", "春晖路路灯1号"),
        Field(
            "state", "word", "status part_state objstate 部件状态 状态", words=words.PART_STATE,
            about="不填为完好", example="完好",
        ),
    ),
    ("point",),
    ("code", "class", "class_name", "name", "state", "geometry"),
    raw=True,
)  # fmt: skip

EVENTS = Kind(
    "events",
    {"zh": "事件", "en": "events"},
    (
        Field(
            "code", "code",
            f"event_code event_id case_id case_no 事件编号 事件编码 案件编号 案卷编号 工单编号 任务号 {_ANY_CODE}",
            about="唯一编号", example="SJ20260331001",
        ),
        Field(
            "class", "code", "class_code type_code 事件类型代码 小类代码 类型代码", about="小类代码", example="0101"
        ),
        Field(
            "class_name", "text",
            "category event_type type 事件类型 事件类别 案件类型 案卷类型 小类名称 小类 问题类型 类型 类别",
            about="小类名称；代码和名称至少填一项", example="暴露垃圾",
        ),
        Field(
            "source", "text", "event_source channel 来源 事件来源 问题来源 上报渠道",
            about="上报渠道", example="12345热线",
        ),
        Field(
            "occurred_at", "time",
            "occurred datetime date_time time timestamp reported_at created_at 发生时间 事发时间 上报时间 受理时间 时间"
            " date 日期",
            required=True, about=_LOCAL, example="2026-03-31 14:05",
        ),
        _address(),
        Field(
            "description", "text", "desc content details 问题描述 事件描述 描述 内容",
            about="事件描述", example="路边有垃圾堆放",
        ),
        Field(
            "state", "word", "event_state case_state 办理状态 案件状态 事件状态 处置状态 状态 status",
            words=words.EVENT_STATE, open_words=True, about="不填为已结案", example="处置中",
        ),
        Field(
            "closed_at", "time", "closed closing_time closed_date 结案时间 办结时间 关闭时间",
            about=f"已结案的填；{_LOCAL}", example="",
        ),
    ),
    ("point",),
    (
        *("code", "class", "class_name", "source", "occurred_at", "address", "description", "state", "closed_at"),
        "geometry",
    ),
    shape_needed=False,
    raw=True,
    outside="note",
)  # fmt: skip

HOUSEHOLDS = Kind(
    "households",
    {"zh": "户数", "en": "household counts"},
    (
        Field(
            "building_code", "code", f"{_BUILDING} {_ANY_CODE} code", required=True,
            about="楼栋数据中的编码", example="LD000123",
        ),
        Field("households", "integer", _HOUSEHOLDS, required=True, about="住户数", example="48"),
        Field("people", "integer", _PEOPLE, about="居住人口", example="132"),
        _key_persons(),
        Field("as_of", "date", f"{_AS_OF} date 日期", about="统计日期；不填为导入当天", example="2026-03-31"),
        _estimated(),
    ),
    (),
    ("building_code", "households", "people", "key_persons", "as_of", "estimated"),
    shape_needed=False,
    outside="note",
    key="building_code",
)  # fmt: skip

GRIDS = Kind(
    "grids",
    {"zh": "网格", "en": "grids"},
    (
        Field(
            "code", "code", f"grid_code {_GRID} {_ANY_CODE}", required=True,
            about="网格编码", example="110101001001001",
        ),
        _name("grid_name 网格名称 wgmc", "网格名称", "第一网格"),
        Field(
            "kind", "word", "grid_kind 网格类型 网格类别 类型 类别 wglx type", words=words.GRID_KIND,
            about="不填按网格体系的规定", example="基础网格",
        ),
        _community(),
    ),
    ("polygon",),
    ("code", "name", "kind", "community_code", "geometry"),
    outside="leave_out",
    broken="tell",
)  # fmt: skip

WORKERS = Kind(
    "workers",
    {"zh": "网格员", "en": "grid workers"},
    (
        Field(
            "code", "code", f"worker_id worker_code staff_no 工号 网格员编号 人员编号 {_ANY_CODE}",
            about="唯一编号", example="0001",
        ),
        Field(
            "name", "text", "worker_name 姓名 网格员姓名 网格员 xm", required=True, about="姓名", example="张某某"
        ),
        Field(
            "phone", "code", "mobile telephone tel 电话 手机 手机号 联系电话 联系方式",
            about="联系电话", example="000-00000000",
        ),
        _community(),
        Field("grid_code", "code", _GRID, about="负责的网格；网格和社区至少填一项", example="110101001001001"),
    ),
    (),
    ("code", "name", "phone", "community_code", "grid_code"),
    shape_needed=False,
    outside="note",
)  # fmt: skip

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (*(DIVISIONS, COMPOUNDS, LANDCOVER, BUILDINGS, HOUSEHOLDS, BARRIERS, GRIDS, PARTS, EVENTS, WORKERS),)
}
"""Every kind by name, in the order in which a district is loaded."""
