"""When are two ways of writing one address the same?"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["fold_address", "fold_code"]

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3}
_TENS = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = "零〇一二三四五六七八九十百千两壹贰叁"

# A Chinese numeral counts something only before one of these words; elsewhere it is part of a name (五一路, 三元里).
_COUNTED = "幢|栋|号|座|单元|层|楼|室|房|弄|巷|组|期|门|网格"
_NUMERAL_BEFORE = re.compile(f"[{_NUMERAL}]+(?={_COUNTED})")
_BUILDING = re.compile(r"(?<=[0-9a-z])(?:号|栋|座|幢)楼|(?<=[0-9])#楼?|(?<=[0-9a-z])[栋座]")
_SHORT_UNIT = re.compile(r"(?<![0-9a-z-])([0-9]+)(?:-|幢)([0-9]+)-([0-9]+)室?(?![0-9-])")
_ROOM = re.compile(r"(?<=[0-9])房(?![a-z一-鿿])")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－～~"), "-")
_NOISE = re.compile(r"[\s,，.。、;；:：'\"“”‘’()（）\[\]【】·•/\\|_]+")
_LEADING_ZERO = re.compile(r"(?<![0-9.])0+(?=[0-9]+(?:幢|单元|层|室|号))")


def _numeral(text: str) -> str:
    """Digits of a Chinese numeral: 三 -> 3, 十二 -> 12, 二〇三 -> 203, 一百零五 -> 105."""
    if not any(c in _TENS for c in text):
        return "".join(str(_DIGITS[c]) for c in text)
    total = 0
    pending: int | None = None
    for c in text:
        if c in _TENS:
            total += (1 if pending is None else pending) * _TENS[c]
            pending = None
        else:
            pending = _DIGITS[c]
    return str(total + (pending or 0))


def _fold_once(key: str) -> str:
    key = _NUMERAL_BEFORE.sub(lambda m: _numeral(m.group()), key)
    key = _BUILDING.sub("幢", key)
    key = _SHORT_UNIT.sub(r"\1幢\2单元\3室", key)
    key = _ROOM.sub("室", key)
    return _LEADING_ZERO.sub("", key)


def fold_address(text: str | None) -> str:
    """Fold one address or name into the key that searching compares.

    Full-width digits and letters become half width, 幢, 栋, 号楼, 座 and ``#`` become 幢, Chinese numerals that count
    something become digits, ``3-2-501`` becomes 3幢2单元501室, letters lower case, blanks and punctuation go.

    Parameters
    ----------
    text : str or None
        An address, a building's or a division's name, as people wrote it.

    Returns
    -------
    str
        The key; empty where nothing was given. ``fold_address(fold_address(x)) == fold_address(x)``.

    Examples
    --------
    >>> fold_address("建国北路５８６号 三号楼２单元501室")
    '建国北路586号3幢2单元501室'
    >>> fold_address("建国北路586号3栋二单元501室") == fold_address("建国北路586号3座2单元501室")
    True
    """
    if not text:
        return ""
    key = _NOISE.sub("", unicodedata.normalize("NFKC", text).lower().translate(_DASHES))
    while (folded := _fold_once(key)) != key:  # each round shortens the key or fixes one word of it
        key = folded
    return key


def fold_code(text: str | None) -> str:
    """Fold a code as typed: half width, no blanks or dashes between, upper case.

    Examples
    --------
    >>> fold_code(" ９９０１０３ 004 005-007")
    '990103004005007'
    """
    if not text:
        return ""
    return re.sub(r"[\s\-_.]+", "", unicodedata.normalize("NFKC", text).translate(_DASHES)).upper()
