"""What is told of old grids that became sets of cells: place by place, what lies elsewhere now than it was drawn?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gis.plans.matching import Match, Mended
    from gis.remarks import Report

__all__ = ["Old", "tell_differences"]

TOLD_M2 = 0.01
"""Displaced ground up to this is not told grid by grid; it is in the sums."""


@dataclass(frozen=True)
class Old:
    """Names and places of what a `Match` numbers.

    Parameters
    ----------
    codes : ndarray of str, shape (grids,)
    cells : ndarray of int64, shape (cells,)
        Numbers of the cells.
    community : ndarray of str, shape (cells,)
    households : ndarray of float, shape (cells,)
    area_m2 : ndarray of float, shape (cells,)
    spots : ndarray of float, shape (cells, 2)
        A point in each cell, degrees.
    buildings : ndarray of str, shape (buildings,)
        Codes.
    building_cell : ndarray of int, shape (buildings,)
        Row of the cell each stands in.
    """

    codes: np.ndarray
    cells: np.ndarray
    community: np.ndarray
    households: np.ndarray
    area_m2: np.ndarray
    spots: np.ndarray
    buildings: np.ndarray
    building_cell: np.ndarray


def tell_differences(report: Report, old: Old, mended: Mended, match: Match) -> None:
    """Add a remark for each place where the grids differ from their polygons, and the sums.

    Parameters
    ----------
    report : Report
        Gets the remarks ``grid_mended``, ``grids_overlap``, ``grid_without_cells``, ``grid_displaced``,
        ``building_elsewhere``, ``building_cut``, ``building_near_border``, ``cell_without_grid``,
        ``community_without_grids``, and counts.
    old : Old
    mended : Mended
    match : Match
    """
    for row, reason, m2 in zip(mended.rows.tolist(), mended.reasons, mended.changed_m2.tolist(), strict=True):
        code = str(old.codes[row])
        text = f"Grid {code} was drawn broken ({reason}); made valid, which changed its area by {m2:.1f} m²."
        report.add("mended", "grid_mended", text, code=code, amount=m2, unit="m2")
    for a, b, m2 in match.overlaps.itertuples(index=False):
        text = f"Grids {old.codes[a]} and {old.codes[b]} overlap by {m2:.1f} m²; each cell went to the larger share."
        report.add("mended", "grids_overlap", text, code=str(old.codes[a]), amount=m2, unit="m2")
    _tell_grids(report, old, match)
    _tell_buildings(report, old, match)
    _tell_bare(report, old, match)


def _tell_grids(report: Report, old: Old, match: Match) -> None:
    names = ["polygon_m2", "displaced_m2", "gained_m2", "outside_m2"]
    areas, cells = match.grids[names].to_numpy(float), match.grids["cells"].to_numpy()
    for row, (polygon, displaced, gained, outside) in enumerate(areas.tolist()):
        code = str(old.codes[row])
        if not cells[row]:
            report.add(
                "left_over",
                "grid_without_cells",
                f"Grid {code} ({polygon:.0f} m²) has the larger share of no cell.",
                code=code,
                remedy="Correct its polygon, split the cells (--exact), or go without it (--accept-partial).",
            )
        elif max(displaced, gained, outside) > TOLD_M2:
            report.add(
                "note",
                "grid_displaced",
                f"Grid {code}: {displaced:.1f} m² of its polygon went to others, {gained:.1f} m² came "
                f"from outside it, {outside:.1f} m² of it lie where there are no cells.",
                code=code,
                amount=displaced,
                unit="m2",
            )
    report.counts.update(
        {name: round(m2, 2) for name, m2 in zip(names[1:], areas.sum(axis=0)[1:].tolist(), strict=True)}
    )
    report.counts["overlap_m2"] = round(float(match.overlaps["m2"].sum()), 2)


def _tell_buildings(report: Report, old: Old, match: Match) -> None:
    elsewhere = cut = 0
    for building, said, ground, got, share in match.buildings.itertuples(index=False):
        code, cell = str(old.buildings[building]), old.building_cell[building]
        name, has = _grid(old, got), f"{share:.0%} of it"
        if said != got:
            elsewhere += 1
            rule, text = "building_elsewhere", f"stands mostly in {_grid(old, said)}; it came to {name} ({has})"
        elif share < 1:
            cut += 1
            rule, text = "building_cut", f"is cut by a border; it came to {name} ({has})"
        else:
            rule, text = "building_near_border", f"took its ground, mostly in {_grid(old, ground)}, to {name}"
        lon, lat = old.spots[cell].tolist()
        report.add("note", rule, f"Building {code} {text}.", code=code, amount=share, lon=lon, lat=lat)
    report.counts["buildings_elsewhere"] = elsewhere
    report.counts["buildings_cut"] = cut


def _grid(old: Old, row: int) -> str:
    return "no grid" if row < 0 else f"grid {old.codes[row]}"


def _tell_bare(report: Report, old: Old, match: Match) -> None:
    """Cells in no grid, one by one where their community has grids."""
    bare = match.grid_of < 0
    with_grids = np.isin(old.community, np.unique(old.community[~bare].astype(str)))
    for cell in np.flatnonzero(bare & with_grids).tolist():
        lon, lat = old.spots[cell].tolist()
        text = f"Cell {old.cells[cell]} of community {old.community[cell]} lies in no grid"
        load = old.households[cell]
        text += f" ({old.area_m2[cell]:.0f} m², {load:g} households)." if load else f" ({old.area_m2[cell]:.0f} m²)."
        remedy = "Correct the grids' borders, or give it to a grid in a plan."
        amount = float(old.area_m2[cell])
        report.add("left_over", "cell_without_grid", text, amount=amount, unit="m2", lon=lon, lat=lat, remedy=remedy)
    for name in np.unique(old.community[~with_grids].astype(str)):
        report.add("note", "community_without_grids", f"Community {name} gets no grids from this file.", code=name)
    report.counts["cells_without_grid"] = int((bare & with_grids).sum())
    report.counts["households_without_grid"] = float(old.households[bare & with_grids].sum())
