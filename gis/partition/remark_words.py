"""What does a rebalancing remark, in the words of the screen?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.partition.loads import HOUSEHOLDS

if TYPE_CHECKING:
    from gis.remarks import Remark

__all__ = ["remark_words"]

CHINESE = {
    "nothing_to_move": "没有值得或允许的移动，网格保持原样。",
    "own_grid": "楼栋 {code}（{amount:g} 户）超过上限，单独成为一个网格。",
    "grid_empty": "网格 {code} 没有住户，保持原样。",
    "unit_split": "{code}（{amount:g} 户）超过最多户数，不再整体保留，有方案将其拆分。",
    "new_cells": "{amount:g} 个地块原来没有网格，已归入相邻网格。",
}


def remark_words(remark: Remark) -> dict[str, str]:
    """Give a remark of `gis.partition.rebalance` in Chinese (``zh``) and English (``en``)."""
    said = CHINESE.get(remark.rule)
    if said and remark.rule == "own_grid" and remark.unit != HOUSEHOLDS:
        said = "楼栋 {code}（{amount:g}）超过上限，单独成为一个网格。"
    if said and remark.rule == "unit_split" and remark.unit != HOUSEHOLDS:
        said = "{code}（{amount:g}）超过上限，不再整体保留，有方案将其拆分。"
    return {"zh": said.format(code=remark.code, amount=remark.amount) if said else remark.message, "en": remark.message}
