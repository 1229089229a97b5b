"""In which colours do map, legend and export agree?

Interface neutral, base map pale; figures in one diverging and one sequential ramp whose lightness runs one way (from
the middle, for the diverging one), so that they read without colour vision too. The dark twins begin near the dark
ground. Ramps were interpolated in OKLCH.
"""

from __future__ import annotations

from typing import Any, Literal

__all__ = ["DIVERGING", "SEQUENTIAL", "Theme", "as_dict", "ramp"]

Theme = Literal["light", "dark"]
Ramp = dict[Theme, list[str]]
Shade = dict[Theme, str]

DIVERGING: Ramp = {
    "light": ["#006363", "#4aaaa6", "#b3dedb", "#f3f2ef", "#f2daba", "#db9c5c", "#804813"],
    "dark": ["#5fdbd6", "#379a99", "#2e6262", "#3f3e3c", "#715435", "#b98249", "#fcc270"],
}
"""Teal is below the middle, brown above it (BrBG-like)."""

SEQUENTIAL: dict[int, Ramp] = {
    1: {"light": ["#66d2ba"], "dark": ["#0ca1b2"]},
    2: {"light": ["#a8ebb5", "#1e5ba1"], "dark": ["#1a588f", "#a3e196"]},
    3: {"light": ["#f9f9c3", "#0ea9be", "#202e6d"], "dark": ["#263561", "#0ca1b2", "#f5f59c"]},
    4: {
        "light": ["#f9f9c3", "#66d2ba", "#037cb3", "#202e6d"],
        "dark": ["#263561", "#0577a3", "#57caac", "#f5f59c"],
    },
    5: {
        "light": ["#f9f9c3", "#8fe2b6", "#0ea9be", "#1667a9", "#202e6d"],
        "dark": ["#263561", "#146397", "#0ca1b2", "#86d99e", "#f5f59c"],
    },
    6: {
        "light": ["#f9f9c3", "#a8ebb5", "#45c4bd", "#008cba", "#1e5ba1", "#202e6d"],
        "dark": ["#263561", "#1a588f", "#0087ab", "#39bab4", "#a3e196", "#f5f59c"],
    },
    7: {
        "light": ["#f9f9c3", "#b8edb4", "#66d2ba", "#0ea9be", "#037cb3", "#205399", "#202e6d"],
        "dark": ["#263561", "#1f5188", "#0577a3", "#0ca1b2", "#57caac", "#b2e595", "#f5f59c"],
    },
}
"""From little to much (YlGnBu-like), by number of classes."""

ZERO: Shade = {"light": "#ffffff", "dark": "#24272b"}
NO_DATA: Shade = {"light": "#b9b9b4", "dark": "#5c5f63"}
"""Colour of the hatching of what has no data."""

TINTS: Ramp = {
    "light": ["#f4e5c5", "#d2efd7", "#c5eff9", "#d8e7ff", "#efdefd", "#ffdbda", "#e2ebca", "#c6f1ea"],
    "dark": ["#483b20", "#2c4431", "#1e434c", "#313d55", "#44374f", "#523333", "#3a4125", "#1e4540"],
}
"""Pale fills of grids by their graph colour."""

HEAT: Ramp = {
    "light": ["#f4eaac", "#f9c159", "#f98813", "#e24d16", "#b41724", "#720022"],
    "dark": ["#361e57", "#74247c", "#b4316c", "#ef5a44", "#ff9f30", "#f9e77b"],
}

BASE: dict[str, Shade] = {
    "land": {"light": "#f6f6f3", "dark": "#1b1d20"},
    "water": {"light": "#cfe3ee", "dark": "#1d2f3b"},
    "green": {"light": "#e3efdd", "dark": "#212b22"},
    "campus": {"light": "#efece2", "dark": "#26241f"},
    "built_up": {"light": "#f0efeb", "dark": "#202225"},
    "building": {"light": "#e4e1db", "dark": "#33353a"},
    "building_outline": {"light": "#cfcac2", "dark": "#44474d"},
    "street": {"light": "#ffffff", "dark": "#3a3d42"},
    "street_casing": {"light": "#d9d7d2", "dark": "#25282c"},
    "rail": {"light": "#a9a7a3", "dark": "#5a5d62"},
    "wall": {"light": "#c2b9ad", "dark": "#4c4841"},
    "compound": {"light": "#d8cfc0", "dark": "#3f3b34"},
    "division_line": {"light": "#6b5b7b", "dark": "#b8a8c8"},
    "grid_line": {"light": "#7d8590", "dark": "#868e99"},
    "label": {"light": "#2b2f36", "dark": "#e6e8eb"},
    "halo": {"light": "#ffffff", "dark": "#14161a"},
}

ACCENT: Shade = {"light": "#1f6feb", "dark": "#5b9bff"}


def ramp(kind: Literal["diverging", "sequential"], classes: int) -> Ramp:
    """Colours for so many classes; a diverging figure always has all of its own.

    Examples
    --------
    >>> len(ramp("sequential", 6)["dark"]), len(ramp("diverging", 7)["light"])
    (6, 7)
    """
    return DIVERGING if kind == "diverging" else SEQUENTIAL[max(1, min(7, classes))]


def as_dict() -> dict[str, Any]:
    """Everything, as it is served."""
    return {
        "diverging": DIVERGING,
        "sequential": {str(n): colours for n, colours in SEQUENTIAL.items()},
        "zero": ZERO,
        "no_data": NO_DATA,
        "tints": TINTS,
        "heat": HEAT,
        "base": BASE,
        "accent": ACCENT,
    }
