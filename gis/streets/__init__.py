"""Who owns a street: segments and crossings, their home cells, and which of them a point lies on?"""

from gis.streets.homes import Streets, home_cells, longest_front
from gis.streets.ways import Ways, street_ways

__all__ = ["Streets", "Ways", "home_cells", "longest_front", "street_ways"]
