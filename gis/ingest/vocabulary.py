"""What do the words mean that offices and OpenStreetMap write in their columns?

Keys are folded (`fold_word`). A value of None says: not such a thing on the ground, leave the row out and tell.
"""

from __future__ import annotations

import re
import unicodedata

from gis.graph import STREET_CLASSES

__all__ = [
    "BARRIER_KIND",
    "BRIDGE",
    "BUILDING_STATE",
    "EVENT_STATE",
    "FLAG",
    "GRADE",
    "GRID_KIND",
    "LANDCOVER",
    "LEVELS",
    "MAJOR_ROAD",
    "MISSING",
    "NON_RESIDENTIAL",
    "OTHER_KIND",
    "PART_CLASS",
    "PART_STATE",
    "RAILWAY",
    "SINGLE_HOME",
    "STREET_CLASS",
    "TUNNEL",
    "WATERWAY",
    "fold_word",
]

Words = dict[str, str | None]

MISSING = frozenset({"", "无", "null", "<null>", "none", "na", "n/a", "nan", "nat", "-", "--", "不详", "未知", "\\n"})
"""What people write into a cell that has nothing to say (parts of an address are 无, never empty)."""


def fold_word(value: object) -> str:
    """Fold a value for looking it up: half width, lower case, blanks and dashes as underscores, 1.0 as 1.

    >>> fold_word("Rail-Active ")
    'rail_active'
    >>> fold_word(2.0)
    '2'
    """
    text = unicodedata.normalize("NFKC", str(value)).strip().casefold()
    return re.sub(r"[\s\-]+", "_", re.sub(r"^(-?\d+)\.0+$", r"\1", text))


def _table(**groups: str | tuple[str, ...]) -> Words:
    """Meaning -> its words, turned round; the meaning itself is one of them."""
    table: Words = {}
    for meaning, names in groups.items():
        for name in (meaning, *(names.split() if isinstance(names, str) else names)):
            table[fold_word(name)] = meaning
    return table


def _none(names: str) -> Words:
    return dict.fromkeys((fold_word(n) for n in names.split()), None)


LEVELS: Words = _table(
    district="county 区 县 区县 区(县) 市辖区 city_boundary",
    subdistrict="street town township 街道 镇 乡 街镇 乡镇 planning_area",
    community="village neighborhood neighbourhood quarter subzone 社区 村 居委会 村委会 村社区",
)

STREET_CLASS: Words = _table(
    expressway="motorway motorway_link trunk trunk_link freeway 快速路 城市快速路 高速 高速公路 高架",
    primary="primary_link arterial major 主干路 主干道 国道 省道",
    secondary="secondary_link minor_arterial 次干路 次干道 县道",
    tertiary="tertiary_link collector 支路 乡道",
    residential="unclassified living_street road local street 街巷 小区路 巷道 村道 居民区道路",
    service="service_road driveway alley parking_aisle busway bus_guideway 内部路 辅路 便道",
    path=(
        "footway pedestrian steps cycleway track bridleway sidewalk footpath crossing 步行街 人行道 人行路 小路 小径"
        " 非机动车道"
    ),
) | _none(
    "proposed construction planned razed abandoned disused platform raceway corridor elevator rest_area services no"
    " 规划 在建 废弃"
)
assert set(STREET_CLASS.values()) - {None} == set(STREET_CLASSES)

OTHER_KIND: Words = _table(
    water="river stream canal drain ditch coastline waterway 河流 河道 运河",
    rail="railway light_rail subway tram 铁路 地铁 轻轨",
)
"""Words met among classes of streets that say it is no street at all: they make the row's kind."""

MAJOR_ROAD: Words = {"": "residential", "0": "residential", "1": "primary", "2": "secondary", "3": "tertiary"}
"""Massachusetts' `major_road`: 1 numbered and parkway routes, 2 other through streets, nothing: the rest."""

RAILWAY: Words = _table(
    rail="light_rail subway tram narrow_gauge funicular monorail preserved spur siding rail_active"
    " 铁路 轻轨 地铁 有轨电车 高铁",
    elevated="rail_active_elev 高架铁路",
) | _none(
    "abandoned disused razed dismantled proposed construction platform station halt crossing level_crossing switch"
    " buffer_stop turntable rail_abandon rail_abandoned miniature 废弃 规划 在建"
)

WATERWAY: Words = _table(
    water="river stream canal drain ditch coastline riverbank dock basin reservoir lake pond tidal_channel 河流 河 河道"
    " 湖泊 水渠 渠 运河 海岸线 水库 pond wetarea retent fwetarea",
) | _none("proposed dam weir lock_gate waterfall fuel boatyard pipeline")

BARRIER_KIND: Words = _table(
    street="road highway 道路 街道 街巷 路",
    water="waterway river coastline stream canal waterlines 水系 水域 河流 水 湖泊",
    rail="railway subway railroad 铁路 轨道 地铁",
    wall="fence hedge city_wall retaining_wall 围墙 墙 栅栏 城墙",
)

FLAG: Words = _table(true="1 yes y t 是 有 真", false="0 no n f 否 无 没有 假")
BRIDGE: Words = FLAG | dict.fromkeys(("viaduct", "movable", "cantilever", "covered", "boardwalk", "aqueduct"), "true")
TUNNEL: Words = FLAG | dict.fromkeys(("building_passage", "culvert", "covered", "avalanche_protector"), "true")
GRADE: Words = _table(
    ground="at_grade surface 地面", above="above_grade elevated 高架", below="below_grade underground 地下"
)

LANDCOVER: Words = _table(
    water="pond wetarea retent fwetarea stream basin reservoir wetland lake river riverbank bay harbour dock 水域"
    " 水体 河流 湖泊 水库 坑塘 坑塘水面 河流水面",
    green="grass garden park flowerbed forest wood meadow scrub heath recreation_ground village_green greenfield"
    " orchard allotments cemetery nature_reserve plant_nursery 绿地 公园 林地 草地 farmland"
    " 公园绿地 公园与绿地 广场 耕地",
    campus="school university college hospital kindergarten education 校园 学校 高校 大学 医院",
    built_up="residential commercial retail industrial construction brownfield railway garages 建成区 建设用地 居住用地"
    " 商业用地 工业用地 住宅 城镇住宅用地",
    square="plaza pitch playground parking 停车场 运动场",
)

PART_STATE: Words = _table(
    intact="good ok normal active in_use working 完好 正常 良好 在用",
    damaged="broken defective 破损 损坏",
    missing="lost stolen 丢失 缺失",
    abandoned="disused out_of_use 废弃 停用",
    occupied="占用 被占用",
    removed="移除 拆除",
)

BUILDING_STATE: Words = _table(
    existing="standing in_use built completed 现存 现状 在用 使用中 正常 已建 已建成 建成 竣工"
    " 已竣工 完好 空置 待拆 待拆除",
    demolished="razed removed destroyed 已拆除 已拆 拆除 灭失 已灭失 注销 已注销",
) | _none("planned proposed construction under_construction 规划 拟建 未建 在建 建设中 未竣工")
"""A building that is being built has no households yet: it comes with the file that says it stands."""

EVENT_STATE: Words = _table(
    closed="done resolved completed archived cancelled rejected 已结案 结案 已办结 办结 已完结 完结 已完成 完成 已关闭"
    " 关闭 已归档 归档 作废 已作废 不予受理 已撤销",
    open="new pending assigned in_progress reported accepted verified filed dispatched disposed fed_back checked"
    " suspended extended supervised reopened 处置中 办理中 处理中 待派遣 待处置 待处理 待办 待受理 待核实 待立案"
    " 待核查 待结案 未结案 未办结 未完成 未处理 已上报 上报 已受理 受理 受理中 已核实 已立案 立案 已派遣 派遣 已派单"
    " 派单 已处置 已反馈 反馈 核查中 已核查 返工 回退 延期 挂账 督办 督办中 打开",
)

GRID_KIND: Words = _table(
    basic="community_grid 基础网格 基础 一般网格 居住网格 社区网格",
    dedicated="专属网格 专属",
    rural="village_grid 农村网格 农村",
    unit="unit_grid 单元网格 万米网格 万米单元网格 单元",
    responsibility="管理网格 责任网格 责任",
    service="服务网格 服务",
)

PART_CLASS: dict[str, str] = {
    "water_manhole": "0101", "sewer_manhole": "0102", "manhole": "0102", "storm_manhole": "0103", "storm_drain": "0104",
    "hydrant": "0113", "fire_hydrant": "0113", "street_cabinet": "0115", "utility_pole": "0117", "pole": "0117",
    "street_light": "0118", "street_lamp": "0118", "park_light": "0120", "telephone": "0122", "post_box": "0123",
    "vending_machine": "0125", "fitness_station": "0126", "parking_meter": "0202", "bus_stop": "0203",
    "bus_shelter": "0203", "footbridge": "0205", "underpass": "0206", "traffic_sign": "0209", "traffic_signal": "0210",
    "traffic_signals": "0210", "bike_rack": "0212", "bicycle_parking": "0212", "toilets": "0301", "litter_bin": "0305",
    "litter_barrel": "0305", "waste_basket": "0305", "monitoring_station": "0308", "tree": "0402", "bench": "0407",
}  # fmt: skip
"""English names of public facilities -> type digits of GB/T 30428.2-2013 (from memory: follow, do not cite)."""

_NON_RESIDENTIAL = """
roof commercial retail hotel school public church construction hospital industrial office chapel stadium restaurant
kiosk hangar civic college university barn garage garages railway cathedral pier greenhouse service castle shed parking
toilets warehouse temple mosque supermarket train_station sports_centre kindergarten government transportation
商业 办公 学校 医院 工业 厂房 仓库 宗教 公共 公共设施 车库 停车场 酒店 非住宅 商业用房 办公用房 教学楼 配套
"""
NON_RESIDENTIAL = frozenset(_NON_RESIDENTIAL.split())
SINGLE_HOME = frozenset({"house", "detached", "bungalow", "villa", "single_family", "别墅", "独栋", "独立住宅"})
