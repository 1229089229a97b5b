"""What are the things of the store called on the screen, in Chinese and English?"""

from __future__ import annotations

__all__ = ["BUILDING_KINDS", "FLAGS", "GRID_KINDS", "HOW", "PART_STATES", "ROLES", "Pair", "pair", "word"]

Pair = dict[str, str]
"""``zh`` and ``en``."""


def pair(zh: str, en: str) -> Pair:
    """Give words in both languages."""
    return {"zh": zh, "en": en}


def word(table: dict[str, Pair], key: str) -> Pair:
    """Words of a key; an unknown one stands for itself."""
    return table.get(key) or pair(key, key)


GRID_KINDS = {
    "basic": pair("基础网格", "Basic grid"),
    "dedicated": pair("专属网格", "Dedicated grid"),
    "rural": pair("农村网格", "Rural grid"),
    "unit": pair("单元网格", "Unit grid"),
    "responsibility": pair("责任网格", "Responsibility grid"),
    "service": pair("服务网格", "Service grid"),
}

BUILDING_KINDS = {
    "apartment": pair("公寓", "Flats"),
    "apartments": pair("公寓", "Flats"),
    "church": pair("宗教场所", "Church"),
    "commercial": pair("商业", "Commercial"),
    "construction": pair("在建", "Under construction"),
    "courtyard": pair("院落平房", "Courtyard house"),
    "factory": pair("厂房", "Factory"),
    "flats": pair("多层住宅", "Block of flats"),
    "government": pair("机关办公", "Government office"),
    "hospital": pair("医院", "Hospital"),
    "hotel": pair("宾馆", "Hotel"),
    "house": pair("独立住宅", "House"),
    "mall": pair("商场", "Shopping centre"),
    "mixed": pair("商住", "Mixed use"),
    "office": pair("办公", "Office"),
    "pavilion": pair("亭廊", "Pavilion"),
    "public": pair("公共建筑", "Public building"),
    "residential": pair("住宅", "Residential"),
    "retail": pair("零售商业", "Retail"),
    "roof": pair("棚顶", "Roof"),
    "school": pair("学校", "School"),
    "shop": pair("商铺", "Shop"),
    "slab": pair("板式住宅", "Slab block"),
    "station": pair("车站", "Station"),
    "tower": pair("塔式住宅", "Tower block"),
    "village": pair("村居", "Village house"),
}
"""Uses of a building met in the sample and in OpenStreetMap; others are shown as the source has them."""

FLAGS = {
    "oversize_building": pair("单栋超过上限", "One building above the maximum"),
    "empty": pair("无住户", "No households"),
    "linked": pair("含连通链接", "Connected by a link"),
    "unit_split": pair("含被拆分的小区", "Part of a compound too large to be kept whole"),
}

STREET_CLASSES = {
    "expressway": pair("快速路", "Expressway"),
    "primary": pair("主干路", "Primary street"),
    "secondary": pair("次干路", "Secondary street"),
    "tertiary": pair("支路", "Tertiary street"),
    "residential": pair("街巷", "Residential street"),
    "service": pair("内部道路", "Service road"),
    "path": pair("步行道", "Path"),
    "": pair("道路", "Street"),
}

HOW = {
    "inside": pair("在网格内", "Inside the grid"),
    "border": pair("在网格边界上（1 米内有相邻网格）", "On a border (another grid within 1 m)"),
    "street": pair("在道路上", "On a street"),
    "near": pair("在网格外，取最近网格", "Outside, nearest grid taken"),
    "outside": pair("不在任何网格范围内", "Not in or near any grid"),
    "unlocated": pair("无坐标", "Without coordinates"),
}

ROLES = {
    "grid_worker": pair("网格员", "Grid worker"),
    "grid_head": pair("网格长", "Grid head"),
}

PART_STATES = {
    "intact": pair("完好", "Intact"),
    "damaged": pair("破损", "Damaged"),
    "missing": pair("丢失", "Missing"),
    "abandoned": pair("废弃", "Abandoned"),
    "occupied": pair("占用", "Occupied"),
    "removed": pair("移除", "Removed"),
}

PART_TONES = {"intact": "good", "damaged": "warn", "missing": "bad", "abandoned": "none", "occupied": "warn"}
"""Tone in which a part's state is shown; ``none`` for others."""
