"""What does each figure of a grid say, and how is it computed?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gis.measures.measure import HOUSEHOLDS_UNIT, PERCENT, SQUARE_METRES, Basis, Measure, text

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GRID_FIGURES", "GridFigure", "grid_figure", "polsby_popper"]


@dataclass(frozen=True)
class GridFigure(Measure):
    """A figure of every grid.

    Parameters
    ----------
    needs : tuple of str
        Names of the arrays (one value a grid) or numbers that `formula` takes, of: ``households``, ``people``,
        ``parts``, ``events`` (of the last year), ``area_m2``, ``perimeter_m``, ``target``.
    formula : callable
        Of the arrays in `needs`, in that order; NaN where the figure does not exist.
    """

    needs: tuple[str, ...] = ()
    formula: Callable[..., np.ndarray] = np.asarray

    @property
    def bases(self) -> tuple[Basis, ...]:
        """The bases it can be told on, the usual one first: only what happens at a time has a grid of its own time."""
        return ("as_of", "then") if "events" in self.needs else ("as_of",)


def _as_is(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, float)


def _ratio(top: np.ndarray, bottom: np.ndarray, factor: float) -> np.ndarray:
    """Give ``factor * top / bottom``, NaN where `bottom` is 0: no denominator, no figure."""
    top, bottom = np.asarray(top, float), np.asarray(bottom, float)
    out = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    np.divide(factor * top, bottom, out=out, where=bottom > 0)
    return out


def _deviation(households: np.ndarray, target: float | np.ndarray) -> np.ndarray:
    return _ratio(np.asarray(households, float) - target, np.asarray(target, float), 100.0)


def _events_rate(events: np.ndarray, households: np.ndarray) -> np.ndarray:
    return _ratio(events, households, 100.0)


def polsby_popper(area: np.ndarray, perimeter: np.ndarray) -> np.ndarray:
    """Compactness ``4 pi area / perimeter^2`` (Polsby and Popper 1991); holes count in the perimeter.

    Parameters
    ----------
    area, perimeter : ndarray
        m2 and m.

    Returns
    -------
    ndarray
        1 for a circle, towards 0 for a ribbon.
    """
    ratio: np.ndarray = 4.0 * np.pi * np.asarray(area) / np.maximum(np.asarray(perimeter), 1e-9) ** 2
    return ratio


GRID_FIGURES: dict[str, GridFigure] = {
    f.key: f
    for f in (
        GridFigure(
            "deviation",
            text("户数偏差", "Deviation from target"),
            PERCENT,
            text(
                "网格户数与目标户数之差，占目标户数的百分比。负值为偏少，正值为偏多；±10% 以内视为达标。",
                "Households of the grid minus the target, as a percentage of the target. Negative: too few, positive: "
                "too many; within ±10% is on target.",
            ),
            "diverging",
            needs=("households", "target"),
            formula=_deviation,
        ),
        GridFigure(
            "households",
            text("户数", "Households"),
            HOUSEHOLDS_UNIT,
            text(
                "网格内各楼栋户数之和，取所示日期前最近一次登记的数。含估算户数时另行标明。",
                "Sum over the buildings of the grid, each with its latest count not after the date shown. Estimated "
                "counts are marked as such.",
            ),
            needs=("households",),
            formula=_as_is,
        ),
        GridFigure(
            "people",
            text("人口", "People"),
            text("人", "people"),
            text(
                "网格内各楼栋登记人数之和，取所示日期前最近一次登记的数。",
                "Sum of the registered people over the buildings of the grid, each with its latest count not after the "
                "date shown.",
            ),
            needs=("people",),
            formula=_as_is,
        ),
        GridFigure(
            "parts",
            text("部件数", "Municipal parts"),
            text("件", "parts"),
            text(
                "位于网格内的城市部件(井盖、路灯、行道树等)的数量。",
                "Number of municipal parts (manholes, street lamps, street trees and so on) that lie in the grid.",
            ),
            needs=("parts",),
            formula=_as_is,
        ),
        GridFigure(
            "events",
            text("近一年事件", "Events of the year"),
            text("件", "events"),
            text(
                "截至所示日期一年内落在该网格的事件数，无坐标的不计。",
                "Number of events of the year up to the date shown that lie in the grid; those without a place are not "
                "counted.",
            ),
            needs=("events",),
            formula=_as_is,
        ),
        GridFigure(
            "events_per_100_households",
            text("百户事件数", "Events per 100 households"),
            text("件/百户", "per 100 households"),
            text(
                "截至所示日期一年内落在该网格的事件数 ÷ 网格户数 × 100。无住户的网格不计算。",
                "Events of the year up to the date shown that lie in the grid, divided by its households, times 100. "
                "Not defined without households.",
            ),
            needs=("events", "households"),
            formula=_events_rate,
        ),
        GridFigure(
            "area_m2",
            text("面积", "Area"),
            SQUARE_METRES,
            text(
                "网格多边形的面积，按当地平面坐标系计算。",
                "Area of the grid's polygon, in the metric CRS of the place.",
            ),
            needs=("area_m2",),
            formula=_as_is,
        ),
        GridFigure(
            "compactness",
            text("紧凑度", "Compactness"),
            text("0–1", "0–1"),
            text(
                "4π × 面积 ÷ 周长²（Polsby–Popper 指数），洞的边界计入周长。圆为 1，狭长或曲折的网格接近 0。",
                "4π × area ÷ perimeter² (Polsby-Popper), holes counting in the perimeter. A circle has 1; a long or "
                "winding grid comes close to 0.",
            ),
            needs=("area_m2", "perimeter_m"),
            formula=polsby_popper,
        ),
    )
}
"""Figures of a grid that a map can show, by key."""


def grid_figure(key: str, **arrays: Any) -> np.ndarray:
    """Compute one grid figure.

    Parameters
    ----------
    key : str
        Of `GRID_FIGURES`.
    **arrays
        At least those the figure needs; others are ignored.

    Returns
    -------
    ndarray of float64
        One value a grid; NaN where it is not defined.

    Examples
    --------
    >>> grid_figure("deviation", households=[180, 230], target=200).tolist()
    [-10.0, 15.0]
    """
    figure = GRID_FIGURES[key]
    return figure.formula(*(np.asarray(arrays[name], float) for name in figure.needs))
