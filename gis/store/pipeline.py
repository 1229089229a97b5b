"""Which steps lead from files in the store to grids in force? This is their table of contents."""

from gis.store.cells import tessellate_district
from gis.store.districts import district_of, list_districts, remove_district
from gis.store.loading import Loaded, load_district, read_folder
from gis.store.locating import Answer, locate_points, locate_things
from gis.store.plans import propose_plan
from gis.store.publishing import check_plan, publish_plan
from gis.store.reading import district_bounds, read_frames
from gis.store.step import Step
from gis.store.workers import post_workers
from gis.store.write import NewDistrict, write_batch

__all__ = [
    "Answer",
    "Loaded",
    "NewDistrict",
    "Step",
    "check_plan",
    "district_bounds",
    "district_of",
    "list_districts",
    "load_district",
    "locate_points",
    "locate_things",
    "post_workers",
    "propose_plan",
    "publish_plan",
    "read_folder",
    "read_frames",
    "remove_district",
    "tessellate_district",
    "write_batch",
]
