"""Which lengths, areas and limits decide how ground becomes cells?"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["CellSettings"]


@dataclass(frozen=True)
class CellSettings:
    """Everything that shapes cells, in metres and square metres.

    Parameters
    ----------
    max_cell_m2 : float
        No cell is larger, except a single larger building (50,000 = 5 ha; 10,000 where unit grids are kept).
    metric_crs : object, optional
        Whatever `pyproj.CRS.from_user_input` takes; by default the communities' own where it is in metres, else
        that of the area.
    grid_m : float
        All vertices lie on this lattice: the exactness of the noding (rule 7).
    densify_m : float
        Spacing of the samples along outlines that stand for a building in its Voronoi share.
    narrow_m, fine_m : float
        Where another building is this near the samples are finer: `fine_m` apart.
    snap_m : float
        Gaps between communities up to this width are closed; above they stay and are reported.
    moved_m : float
        A border that moves by more is listed by place.
    close_m : float
        Ends of barrier lines this near to another line are joined to it.
    along_m : float
        A barrier this near to a community border runs along it and makes no block of its own.
    sliver_m : float
        A block narrower than this (mean width) joins its neighbour.
    strip_m : float
        Ground without a building between compounds (or land cover) and the streets around them, narrower than this,
        is shared among the buildings there instead of making cells of its own.
    min_block_m2 : float
        So does a smaller one.
    min_border_m : float
        Cells with less of a common border are no neighbours (rule 6).
    follow_m : float
        A border this near to a barrier runs along it.
    minimum_load : float
        A separate part of a community with fewer households gets a link to the rest (rule 6).
    overlap_m2 : float
        Overlaps and cuts of buildings below this area are arithmetic dust and not listed.
    same_share : float
        Of a building that others cover but for less than this share, the load goes to the one that covers most.
    container_inside : int
        A footprint above `max_cell_m2` holding this many others, in it or in its holes, is no building
        (a street surface, an estate drawn as a lot).
    block_classes : frozenset of str
        Street classes that bound blocks.
    hard_barriers : frozenset of str
        Kinds of barrier over which cells are no neighbours unless a bridge leads across; none by default.
    """

    max_cell_m2: float = 50_000.0
    metric_crs: object = None
    grid_m: float = 1e-5
    densify_m: float = 4.0
    narrow_m: float = 6.0
    fine_m: float = 1.2
    snap_m: float = 5.0
    moved_m: float = 1.0
    close_m: float = 2.0
    along_m: float = 1.0
    sliver_m: float = 4.0
    strip_m: float = 25.0
    min_block_m2: float = 200.0
    min_border_m: float = 1.0
    follow_m: float = 5.0
    minimum_load: float = 150.0
    overlap_m2: float = 1.0
    same_share: float = 0.05
    container_inside: int = 20
    block_classes: frozenset[str] = field(
        default_factory=lambda: frozenset(
            ("expressway", "primary", "secondary", "tertiary", "residential", "service", "path")
        )
    )
    hard_barriers: frozenset[str] = frozenset()
