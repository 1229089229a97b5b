"""What is wrong with a field of a request, which rule does it break and what mends it, in Chinese and English?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Said", "field_words"]


class Said(NamedTuple):
    """A message and its remedy, in English and in Chinese."""

    field: str
    message: str
    remedy: str
    message_zh: str
    remedy_zh: str


LABELS = {
    "target": "目标",
    "minimum": "下限",
    "maximum": "上限",
    "max_moved": "最多换网格户数",
    "max_grids": "最多涉及网格数",
    "style": "侧重",
    "seed": "种子",
    "free": "网格数",
    "seconds": "时限（秒）",
    "stages": "搜索记录",
    "communities": "社区",
    "grids": "网格",
    "lock_grids": "锁定网格",
    "lock_cells": "锁定地块",
    "lock_borders": "锁定边界",
    "revision": "修改步数",
    "kind": "类型",
    "cells": "地块",
    "name": "姓名",
    "reason": "原因",
    "effective": "生效时间",
    "at": "日期",
    "limit": "条数",
    "offset": "起始条",
}
"""What fields are called on the screen."""

RULES: dict[str, tuple[str, str, str, str]] = {
    "greater_than_equal": ("is at least {ge}", "Give {ge} or more.", "不能小于 {ge}", "请填写 {ge} 或更大的数。"),
    "greater_than": ("is above {gt}", "Give more than {gt}.", "必须大于 {gt}", "请填写大于 {gt} 的数。"),
    "less_than_equal": ("is at most {le}", "Give {le} or less.", "不能大于 {le}", "请填写 {le} 或更小的数。"),
    "less_than": ("is below {lt}", "Give less than {lt}.", "必须小于 {lt}", "请填写小于 {lt} 的数。"),
    "literal_error": ("is one of {expected}", "Choose one of these.", "只能是 {expected_zh}", "请从中选择一个。"),
    "missing": ("is needed", "Add it.", "不能缺少", "请补填。"),
    "int_parsing": ("is a whole number", "Give a whole number.", "必须是整数", "请填写整数。"),
    "int_type": ("is a whole number", "Give a whole number.", "必须是整数", "请填写整数。"),
    "int_from_float": ("is a whole number", "Give a whole number.", "必须是整数", "请填写整数。"),
    "float_parsing": ("is a number", "Give a number.", "必须是数字", "请填写数字。"),
    "float_type": ("is a number", "Give a number.", "必须是数字", "请填写数字。"),
    "finite_number": ("is a finite number", "Give a number.", "必须是数字", "请填写数字。"),
    "bool_parsing": ("is true or false", "Give true or false.", "只能是 true 或 false", "请填写 true 或 false。"),
    "bool_type": ("is true or false", "Give true or false.", "只能是 true 或 false", "请填写 true 或 false。"),
    "string_type": ("is a text", "Give a text.", "必须是文字", "请填写文字。"),
    "string_too_short": ("is not empty", "Fill it in.", "不能为空", "请填写。"),
    "string_too_long": (
        "has at most {max_length} characters", "Shorten it.", "不能超过 {max_length} 个字", "请缩短。",
    ),
    "too_short": ("names at least {min_length}", "Name one.", "至少要有 {min_length} 个", "请至少选择一个。"),
    "list_type": ("is a list", "Give a list.", "必须是列表", "请填写列表。"),
    "dict_type": ("is an object", "Give an object.", "必须是对象", "请填写对象。"),
    "extra_forbidden": ("is not known here", "Leave it out.", "不是这里的字段", "请去掉。"),
    "union_tag_invalid": (
        "is one of {expected_tags}", "Choose one of these.", "只能是 {expected_tags}", "请从中选择一个。",
    ),
    "union_tag_not_found": ("says what is asked for", "Add it.", "缺少类型", "请补填。"),
    "json_invalid": ("is JSON", "Send JSON.", "不是有效的 JSON", "请检查格式。"),
}  # fmt: skip
"""By the name of a rule: what the field must be, and what to do, in English and Chinese."""


MEMBERS = ("int", "float", "str", "bool", "constrained-int", "constrained-float", "constrained-str")
"""What pydantic adds to a place where a value may be of several types."""


def field_words(fault: Mapping[str, Any]) -> Said:
    """Say what one fault of pydantic means.

    Examples
    --------
    >>> said = field_words({"type": "greater_than_equal", "loc": ("body", "target"), "input": 0, "ctx": {"ge": 1}})
    >>> said.message, said.message_zh
    ('target is at least 1, but here it is 0.', '目标（target）不能小于 1，现在是 0。')
    """
    place: Sequence[object] = [part for part in fault["loc"] if part not in MEMBERS]
    path = ".".join(str(part) for part in place[1:])
    own = next((str(part) for part in reversed(place) if isinstance(part, str)), "")
    context = dict(fault.get("ctx") or {})
    kind = str(fault["type"])
    if kind == "union_tag_invalid":
        own = str(context.get("discriminator", "'kind'")).strip("'")
    if "expected" in context:
        context["expected_zh"] = str(context["expected"]).replace(" or ", "、").replace(", ", "、").replace("'", "")
        context["expected"] = str(context["expected"]).replace("'", "")
    if "expected_tags" in context:
        context["expected_tags"] = str(context["expected_tags"]).replace("'", "")
    named = f"{LABELS[own]}（{own}）" if own in LABELS else own or "内容"
    rule = RULES.get(kind)
    if rule is None:
        remedy = "Correct it: the interface's description says what it takes."
        return Said(path, f"{own or 'The request'}: {fault['msg']}.", remedy, f"{named}不符合要求。", "请改正后重试。")
    must, remedy, must_zh, remedy_zh = (text.format(**context) for text in rule)
    given = fault.get("input")
    here = isinstance(given, int | float | str) and kind not in {"missing", "extra_forbidden", "json_invalid"}
    shown = str(given)[:40] if given != "" else "''"
    message = f"{own or 'The request'} {must}" + (f", but here it is {shown}." if here else ".")
    return Said(path, message, remedy, f"{named}{must_zh}" + (f"，现在是 {shown}。" if here else "。"), remedy_zh)
