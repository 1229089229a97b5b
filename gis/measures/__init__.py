"""What does each figure of a plan or a grid say, and how is it computed? Every figure is defined here and only here.

Those of a whole plan are in `gis.measures.of_plans`, which needs the partitioner's plans; whoever only shows grids
does not wait for that.
"""

from gis.measures.measure import TOLERANCE, Basis, Measure
from gis.measures.of_grids import GRID_FIGURES, GridFigure, grid_figure, polsby_popper

__all__ = ["GRID_FIGURES", "TOLERANCE", "Basis", "GridFigure", "Measure", "grid_figure", "polsby_popper"]
