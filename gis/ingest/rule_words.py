"""What does each rule of the reading say, in Chinese, for the list that an office works off?"""

from __future__ import annotations

__all__ = ["rule_words"]

FILL_IN = "请补填，或用 --accept-partial 先导入其他行。"
CORRECT = "请改正，或用 --accept-partial 先导入其他行。"
RULES: dict[str, tuple[str, str]] = {
    "code_missing": ("缺少编码，而其他行有编码", FILL_IN),
    "code_duplicated": ("编码重复", "请给每一行各自的编码。"),
    "code_mangled": ("长编码被表格软件改成了数字", "请把该列设为文本格式，重新填写编码后保存。"),
    "count_contradicts": ("同一楼栋同一日期有不同的户数", "请只保留正确的一行。"),
    "count_repeated": ("同一楼栋同一日期的户数重复，只取一次", ""),
    "geometry_missing": ("没有图形", "请绘制图形，或用 --accept-partial 先导入其他行。"),
    "geometry_type": ("图形类型不符", "请按要求的类型重新绘制。"),
    "polygon_crosses_itself": ("多边形自相交，无法判断原意", "请重新绘制。"),
    "polygon_invalid": ("多边形无效", "请检查图形。"),
    "polygon_mended": ("多边形有小错误，已修复", ""),
    "area_zero": ("面积为零", "请重新绘制。"),
    "line_without_length": ("线长为零，未采用", ""),
    "line_closed": ("闭合的线已作为面", ""),
    "point_taken": ("画成了线或面，已取其上一点", ""),
    "coordinates_impossible": ("坐标不在地球上", "请检查坐标和坐标系（--crs）。"),
    "coordinates_swapped": ("经度与纬度填反", "请对调两者，或用 --accept-partial 先导入其他行。"),
    "coordinates_unreadable": ("坐标无法读取", "请改正该行的坐标。"),
    "coordinates_zero": ("坐标为 0，视为没有坐标", ""),
    "outside_district": ("位于本区县以外", CORRECT),
    "time_missing": ("缺少时间", FILL_IN),
    "time_unreadable": ("时间无法读取", "请写成 2026-03-31 14:05。"),
    "date_unreadable": ("日期无法读取", "请写成 2026-03-31。"),
    "closed_at_unreadable": ("结案时间无法读取，视为未知", "请写成 2026-03-31 14:05。"),
    "closed_before_occurred": ("结案时间早于发生时间，视为未知", "请核对。"),
    "closed_though_open": ("未结案却有结案时间，该时间未采用", "请核对办理状态。"),
    "state_unknown": ("状态不认识，已按默认处理", "请使用模板中的状态。"),
    "class_missing": ("既没有类型代码也没有类型名称", FILL_IN),
    "place_missing": ("既没有网格编码也没有社区", FILL_IN),
    "community_unknown": ("本区县没有这个社区", "请核对社区代码或名称。"),
    "households_unknown": ("没有户数", "可用 --estimate-households 估算。"),
    "kind_missing": ("缺少类型", FILL_IN),
    "grid_mended": ("网格图形有小错误，已修复", ""),
    "grids_overlap": ("与别的网格重叠，重叠处的单位地块归占比大的网格", ""),
    "grid_without_cells": (
        "没有占到任何单位地块",
        "请改正图形，用 --exact 切分单位地块，或用 --accept-partial 先导入其他行。",
    ),
    "unit_split": ("整体保留的单位超过上限，已拆分", ""),
    "hard_barriers": ("沿这些阻隔的边界不连通，桥梁和隧道处除外", ""),
    "time_was_up": ("时限已到，搜索提前结束", "方案的设置中记录了已完成的步骤，可据此得到同样的方案。"),
    "cell_without_grid": ("单位地块不在任何网格内", "请在下一个方案中划入网格。"),
}
"""Rule -> what is wrong, what to do."""

ENDINGS: dict[str, tuple[str, str]] = {
    "_missing": ("缺少必填项", FILL_IN),
    "_unknown": ("填写的内容不认识", "请使用模板中列出的词。"),
    "_not_a_number": ("不是数字", CORRECT),
    "_negative": ("小于 0", CORRECT),
    "_not_whole": ("不是整数", CORRECT),
    "_too_many": ("数值过大", CORRECT),
    "_unreadable": ("无法读取，视为未知", "请核对。"),
    "_not_on_the_ground": ("尚未建成或已不存在，未采用", ""),
}
"""The same for rules that begin with the field's name."""


def rule_words(rule: str) -> tuple[str, str]:
    """What a rule says and what to do about it; empty where there are no words for it.

    Examples
    --------
    >>> rule_words("households_negative")[0]
    '小于 0'
    """
    if rule in RULES:
        return RULES[rule]
    return next((words for ending, words in ENDINGS.items() if rule.endswith(ending)), ("", ""))
