"""How are cells joined into connected grids of even load, along streets?"""

from gis.partition.explaining import explain
from gis.partition.inputs import Locks, Scope
from gis.partition.keeping import Keep, OldGrids
from gis.partition.nested import atoms_of_level, coarsened, divide_level
from gis.partition.objective import Weights
from gis.partition.plan import Plan, cell_frame, grid_frame
from gis.partition.proposals import Proposals, propose_several, share_apart
from gis.partition.rebalance import Rebalancing, rebalance
from gis.partition.search import Effort
from gis.partition.split import partition
from gis.partition.styles import STYLES

__all__ = [
    "STYLES",
    "Effort",
    "Keep",
    "Locks",
    "OldGrids",
    "Plan",
    "Proposals",
    "Rebalancing",
    "Scope",
    "Weights",
    "atoms_of_level",
    "cell_frame",
    "coarsened",
    "divide_level",
    "explain",
    "grid_frame",
    "partition",
    "propose_several",
    "rebalance",
    "share_apart",
]
