"""Which steps lead from files in the store to grids in force? This is their table of contents."""

from gis.plans import Actor
from gis.store.answers import Answer, locate_points
from gis.store.cells import tessellate_district
from gis.store.comparing import compare_proposals
from gis.store.corresponding import Correspondence, correspond
from gis.store.derivation import locate_things
from gis.store.districts import district_of, list_districts, remove_district
from gis.store.drafts import Edit, edit_draft, open_draft, read_draft
from gis.store.grids import import_grids
from gis.store.lives import read_life, read_lives, read_steps, take_step
from gis.store.loading import Loaded, load_district, read_folder
from gis.store.merging import Merged, Source, correspondence_of_merge, merge_networks
from gis.store.moving import list_moves
from gis.store.networks import add_network, levels_in_force, network_tree, read_networks
from gis.store.persons import add_person, list_persons
from gis.store.plans import propose_plan
from gis.store.publishing import check_plan, publish_plan
from gis.store.reading import district_bounds, read_frames
from gis.store.rebalancing import DraftRebalancing, compare_rebalancings, rebalancing_of
from gis.store.rebasing import Rebased, rebase_draft
from gis.store.restoring import roll_back
from gis.store.step import Step
from gis.store.streets import choose_cell, find_street, set_home, summarise_streets
from gis.store.waivers import read_waivers, waive
from gis.store.workers import post_workers
from gis.store.write import NewDistrict, write_batch

__all__ = [
    "Actor",
    "Answer",
    "Correspondence",
    "DraftRebalancing",
    "Edit",
    "Loaded",
    "Merged",
    "NewDistrict",
    "Rebased",
    "Source",
    "Step",
    "add_network",
    "add_person",
    "check_plan",
    "choose_cell",
    "compare_proposals",
    "compare_rebalancings",
    "correspond",
    "correspondence_of_merge",
    "district_bounds",
    "district_of",
    "edit_draft",
    "find_street",
    "import_grids",
    "levels_in_force",
    "list_districts",
    "list_moves",
    "list_persons",
    "load_district",
    "locate_points",
    "locate_things",
    "merge_networks",
    "network_tree",
    "open_draft",
    "post_workers",
    "propose_plan",
    "publish_plan",
    "read_draft",
    "read_folder",
    "read_frames",
    "read_life",
    "read_lives",
    "read_networks",
    "read_steps",
    "read_waivers",
    "rebalancing_of",
    "rebase_draft",
    "remove_district",
    "roll_back",
    "set_home",
    "summarise_streets",
    "take_step",
    "tessellate_district",
    "waive",
    "write_batch",
]
