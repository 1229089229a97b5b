"""What is a grid of a plan called?"""

from __future__ import annotations

__all__ = ["grid_name"]

_NUMERALS = "零一二三四五六七八九"
_CHINA = ("Asia/Shanghai", "Asia/Urumqi")


def grid_name(serial: int, time_zone: str) -> str:
    """Name a grid by its serial alone: 第七网格 where China's clocks go, Grid 7 elsewhere.

    Examples
    --------
    >>> [grid_name(n, "Asia/Shanghai") for n in (7, 12, 305)], grid_name(7, "America/New_York")
    (['第七网格', '第十二网格', '第三百零五网格'], 'Grid 7')
    """
    return f"第{_numeral(serial)}网格" if time_zone in _CHINA else f"Grid {serial}"


def _numeral(n: int) -> str:
    """Write 1..999 as a Chinese numeral."""
    hundreds, tens, ones = n // 100, n // 10 % 10, n % 10
    words = f"{_NUMERALS[hundreds]}百" if hundreds else ""
    if tens:
        words += ("" if tens == 1 and not hundreds else _NUMERALS[tens]) + "十"
    elif hundreds and ones:
        words += "零"
    return words + (_NUMERALS[ones] if ones else "")
