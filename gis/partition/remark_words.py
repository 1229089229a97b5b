"""What does a rebalancing remark, in the words of the screen?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gis.partition.loads import HOUSEHOLDS, Load
from gis.partition.proof_words import UNITS

if TYPE_CHECKING:
    from gis.partition.units import Unit
    from gis.remarks import Remark

__all__ = ["large_words", "remark_words"]

CHINESE = {
    "nothing_to_move": "没有值得或允许的移动，网格保持原样。",
    "own_grid": "楼栋 {code}（{amount:g} 户）超过上限，单独成为一个网格。",
    "grid_empty": "网格 {code} 没有住户，保持原样。",
    "new_cells": "{amount:g} 个地块原来没有网格，已归入相邻网格。",
}


def remark_words(remark: Remark) -> dict[str, str]:
    """Give a remark of `gis.partition.rebalance` in Chinese (``zh``) and English (``en``)."""
    said = CHINESE.get(remark.rule)
    if said and remark.rule == "own_grid" and remark.unit != HOUSEHOLDS:
        said = "楼栋 {code}（{amount:g}）超过上限，单独成为一个网格。"
    own = remark.message_zh or remark.message
    return {"zh": said.format(code=remark.code, amount=remark.amount) if said else own, "en": remark.message}


def large_words(large: Unit, load: str) -> dict[str, str]:
    """Begin a remark on a unit above the maximum: what it is, how much it holds, and that it is too much.

    Parameters
    ----------
    large : Unit
    load : str
        What is balanced, see `gis.partition.loads.Load.parse`.

    Returns
    -------
    dict
        ``zh`` and ``en``, without a full stop.

    Examples
    --------
    >>> import numpy as np
    >>> from gis.partition.units import Unit
    >>> large_words(Unit("C00016", 665.0, np.arange(9), "compounds"), "households")["zh"]
    '小区“C00016”（665 户）超过最多户数'
    >>> large_words(Unit("12", 665.0, np.arange(9), "blocks"), "parts=1")["en"]
    'Block 12 (665 parts) is above the maximum'
    """
    weighed, name = Load.parse(load), UNITS[large.kind]
    over = "超过最多户数" if weighed.plain else "超过上限"
    return {
        "zh": f"{name['zh'].format(large.name)}（{large.load:g} {weighed.unit['zh']}）{over}",
        "en": f"{name['en'].format(large.name)} ({large.load:g} {weighed.unit['en']}) is above the maximum",
    }
