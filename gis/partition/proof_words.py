"""How is the reason told for which a grid is off target? In a sentence for the screen, in Chinese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gis.measures.measure import HOUSEHOLDS_UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["plan_words", "proof_words"]

WORDS: dict[str, dict[str, str]] = {
    "oversize_building": {
        "zh": "单栋楼就有 {load} {zh}，超过 {high} {zh}；楼栋不可拆分。",
        "en": "One building alone has {load} {en}, more than {high}; a building is never divided.",
    },
    "oversize_ground": {
        "zh": "单个地块就有 {load} {zh}，超过 {high} {zh}；地块不可拆分。",
        "en": "One cell alone has {load} {en}, more than {high}; a division takes cells whole.",
    },
    "oversize_unit": {
        "zh": "{kept}整体就有 {load} {zh}，超过 {high} {zh}；按设定不拆分。",
        "en": "{kept} alone has {load} {en}, more than {high}; it is kept whole, as was asked.",
    },
    "no_set_around_building": {
        "zh": "有一栋 {load} {zh}的楼，含它的任何连片范围都不在 {low}–{high} {zh}之间{nearest}。",
        "en": "It holds a building of {load} {en}; no connected ground around it has {low} to {high}{nearest}.",
    },
    "no_set_around_ground": {
        "zh": "有一个 {load} {zh}的地块，含它的任何连片范围都不在 {low}–{high} {zh}之间{nearest}。",
        "en": "It holds a cell of {load} {en}; no connected ground around it has {low} to {high}{nearest}.",
    },
    "no_set_around_unit": {
        "zh": "整体保留的{kept}有 {load} {zh}，含它的任何连片范围都不在 {low}–{high} {zh}之间{nearest}。",
        "en": "{kept}, kept whole, has {load} {en}; no connected ground around it has {low} to {high}{nearest}.",
    },
    "community_total": {
        "zh": "{place}共 {total} {zh}，分为 {grids} 个网格{held}：至少 {least} 个不能达标。",
        "en": "{place} has {total} {en} in {grids} {grid}{held}: at least {least} cannot be on target.",
    },
    "unexplained": {
        "zh": "没有证明不能达标；可再次自动划分或手工调整。",
        "en": "Nothing proves that it could not be on target; divide again or move cells by hand.",
    },
}

NEAREST = {
    2: {"zh": "，最接近的是 {0} {zh}和 {1} {zh}", "en": ", the nearest have {0} and {1}"},
    1: {"zh": "，最接近的是 {0} {zh}", "en": ", the nearest has {0}"},
    0: {"zh": "", "en": ""},
}
PLACE = {
    True: {"zh": "本社区", "en": "The community"},
    False: {"zh": "社区的这一片", "en": "This part of the community"},
}
HELD = {"zh": "，其中 {held} {zh}在无法达标的楼栋里", "en": ", {held} of them in buildings that fit no grid on target"}

OF_UNITS = {"oversize_building": "oversize_unit", "no_set_around_building": "no_set_around_unit"}
"""What is said where a unit that is kept whole takes the place of a building."""
OF_GROUND = {"oversize_building": "oversize_ground", "no_set_around_building": "no_set_around_ground"}
"""The same where the cell has no building: parts and events lie on open ground too."""


UNITS = {"compounds": {"zh": "小区“{0}”", "en": "Compound {0}"}, "blocks": {"zh": "街区“{0}”", "en": "Block {0}"}}
"""What a unit is called, by what is kept whole (`gis.partition.units.KEPT`)."""


def proof_words(
    kind: str, proof: Mapping[str, Any], unit: Mapping[str, str] = HOUSEHOLDS_UNIT, keep_whole: str | None = None
) -> dict[str, str]:
    """Say a reason in words.

    Parameters
    ----------
    kind : str
        Of `gis.partition.proofs.REASONS`.
    proof : mapping
        Fields of the proof.
    unit : mapping
        ``zh`` and ``en``: what loads are counted in.
    keep_whole : str, optional
        What kind of unit a proof names, if it names one.

    Returns
    -------
    dict
        ``zh`` and ``en``.

    Examples
    --------
    >>> proof_words("oversize_building", {"cell": 7, "load": 260.0, "high": 220.0})["en"]
    'One building alone has 260 households, more than 220; a building is never divided.'
    """
    values = {name: _number(value) for name, value in proof.items() if isinstance(value, int | float)}
    near = [values[name] for name in ("below", "above") if proof.get(name) is not None]
    told = {}
    kept = proof.get("kept")
    bare = "building_id" in proof and proof["building_id"] is None
    said = OF_UNITS[kind] if kept is not None else OF_GROUND.get(kind, kind) if bare else kind
    for language, sentence in WORDS[said].items():
        words = {
            **unit,
            "kept": UNITS[keep_whole][language].format(kept) if keep_whole else kept,
            "nearest": NEAREST[len(near)][language].format(*near, **unit),
            "place": PLACE[bool(proof.get("whole", True))][language],
            "grid": "grid" if proof.get("grids") == 1 else "grids",
            "held": HELD[language].format(**values, **unit) if proof.get("held") else "",
        }
        told[language] = sentence.format(**{**values, **words})
    return told


def plan_words(measures: Mapping[str, Any]) -> dict[str, str]:
    """Say in one line how many grids are on target and how many cannot be, and the bound that follows.

    Parameters
    ----------
    measures : mapping
        Of `gis.measures.of_plans.plan_measures`.

    Returns
    -------
    dict
        ``zh`` and ``en``; empty for measures that were written down before there were proofs.

    Examples
    --------
    >>> shares = {"within_10": 0.83, "ceiling_within_10": 0.925}
    >>> plan_words({"grids": 1500, "excused_grids": 150, "unexplained_grids": 105, **shares})["en"]
    '1,245 of 1,500 grids within ±10 %; 150 cannot be (proved), 105 unexplained; bound 90.0 %, for any plan 92.5 %'
    """
    if measures.get("excused_grids") is None or not measures.get("grids"):
        return {}
    grids, excused, unexplained = (int(measures[name]) for name in ("grids", "excused_grids", "unexplained_grids"))
    within = grids - excused - unexplained
    bound, ceiling = (f"{100 * x:.1f}" for x in (1 - excused / grids, measures["ceiling_within_10"]))
    beyond = {"zh": "", "en": ""}
    if bound != ceiling:
        beyond = {"zh": f"，任何方案不超过 {ceiling}%", "en": f", for any plan {ceiling} %"}
    return {
        "zh": (
            f"{grids:,} 个网格中 {within:,} 个在 ±10% 以内；{excused:,} 个已证明不能达标，{unexplained:,} 个原因不明；"
            f"上限 {bound}%{beyond['zh']}"
        ),
        "en": (
            f"{within:,} of {grids:,} grids within ±10 %; {excused:,} cannot be (proved), "
            f"{unexplained:,} unexplained; bound {bound} %{beyond['en']}"
        ),
    }


def _number(value: float) -> str:
    value = round(float(value), 1)
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.1f}"
