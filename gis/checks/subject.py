"""What is checked, what is a check, and what does it give back?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gis.measures.measure import HOUSEHOLDS_UNIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import geopandas as gpd
    import numpy as np

__all__ = ["DIVISION_NAMES", "Check", "CheckResult", "Subject"]

DIVISION_NAMES = {
    "community": ("社区", "community"),
    "subdistrict": ("街道", "subdistrict"),
    "district": ("区县", "district"),
}


@dataclass(frozen=True)
class Subject:
    """What is checked: frames in one metric CRS.

    Parameters
    ----------
    communities : GeoDataFrame
        ``community_id``, geometry: as snapped. Where grids stay inside larger divisions, these.
    grids : GeoDataFrame
        ``grid_code``, ``community_id``, ``households``, geometry; ``flags`` where there are any.
    cells : GeoDataFrame
        ``grid_code``, ``households``, geometry; ``compound_id`` where compounds are kept whole; ``finer_code``,
        ``coarser_code`` (None where there is none) where the network has grids of the level below or above.
    buildings : GeoDataFrame
        ``building_id``, geometry: those that were given a cell.
    links : sequence of (int, int)
        Declared links and those of rule 6, as row positions in `cells`.
    minimum, maximum : float
        Load a grid.
    barriers : GeoDataFrame, optional
        Lines or areas that borders should follow.
    compounds : GeoDataFrame, optional
        Outlines that borders may follow too.
    parts : Mapping, optional
        Municipal parts by grid code.
    staffed : iterable of str, optional
        Codes of the grids that have a worker.
    code_profile : str
        Of communities with a 12-digit code; the others use ``local``.
    division : str
        Level of the divisions in `communities`.
    unit : mapping
        ``zh`` and ``en``: what loads are counted in; the load is a column ``load`` of grids and cells, else households.
    passable : ndarray of int, shape (m, 2), optional
        Neighbours, as row positions in `cells`, that no hard barrier parts; only where there are hard barriers.
    """

    communities: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    links: Sequence[tuple[int, int]] = ()
    minimum: float = 150.0
    maximum: float = 300.0
    barriers: gpd.GeoDataFrame | None = None
    compounds: gpd.GeoDataFrame | None = None
    parts: Mapping[str, int] | None = None
    staffed: Iterable[str] | None = None
    code_profile: str = "gbt30428_2013"
    division: str = "community"
    unit: Mapping[str, str] = field(default_factory=lambda: HOUSEHOLDS_UNIT)
    passable: np.ndarray | None = None


@dataclass(frozen=True)
class Check:
    """A named rule.

    Parameters
    ----------
    name : str
    hard : bool
        Whether it blocks publishing.
    label : mapping
        ``zh`` and ``en``: what a good plan is.
    find : callable
        Offenders of a `Subject`: a frame of ``code``, ``zh``, ``en``, ``amount``, geometry; None where it cannot run.
    """

    name: str
    hard: bool
    label: Mapping[str, str]
    find: Callable[[Subject], gpd.GeoDataFrame | None] = field(repr=False)


@dataclass(frozen=True)
class CheckResult:
    """What one check found.

    Parameters
    ----------
    name : str
    hard : bool
    passed : bool
    message : dict
        ``zh`` and ``en``: one sentence.
    offenders : GeoDataFrame
        ``code``, ``zh``, ``en`` (what is wrong there), ``amount``, geometry.
    waived : frozenset of str
        Codes among the offenders that a person answers for: islands.
    """

    name: str
    hard: bool
    passed: bool
    message: dict[str, str]
    offenders: gpd.GeoDataFrame
    waived: frozenset[str] = frozenset()

    @property
    def blocks(self) -> bool:
        """Whether a plan cannot be published because of it."""
        return self.hard and not self.passed and not set(self.offenders["code"]) <= self.waived
