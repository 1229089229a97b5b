"""How do communities, streets and buildings become cells and a graph of neighbours?"""

from gis.cells.settings import CellSettings
from gis.cells.tessellation import tessellate

__all__ = ["CellSettings", "tessellate"]
