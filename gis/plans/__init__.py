"""What are the rules of a plan's life: its steps, its edits, its codes and its lineage? Pure: arrays in and out."""

from gis.plans.correspondence import COLUMNS, Pieces, correspondence, ground_pieces
from gis.plans.describing import grid_name
from gis.plans.inheriting import Inherited, inherit_keys
from gis.plans.islands import holds_island
from gis.plans.lifecycle import TRANSITIONS, Actor, Life, next_steps, read_name, require_draft, state_of, take
from gis.plans.lineage import count_parts, lineage, same_cells
from gis.plans.replay import ABSENT, Draft, Operation, first_keys, new_key, replay
from gis.plans.succession import Succession, codes_of_plan, heirs, serial_of, shares, succeed

__all__ = [
    "ABSENT",
    "COLUMNS",
    "TRANSITIONS",
    "Actor",
    "Draft",
    "Inherited",
    "Life",
    "Operation",
    "Pieces",
    "Succession",
    "codes_of_plan",
    "correspondence",
    "count_parts",
    "first_keys",
    "grid_name",
    "ground_pieces",
    "heirs",
    "holds_island",
    "inherit_keys",
    "lineage",
    "new_key",
    "next_steps",
    "read_name",
    "replay",
    "require_draft",
    "same_cells",
    "serial_of",
    "shares",
    "state_of",
    "succeed",
    "take",
]
