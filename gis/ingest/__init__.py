"""What did a district office really send, and what of it can be taken?"""

from gis.ingest.bounds import DistrictBounds
from gis.ingest.folder import Folder, FolderItem, FolderRead, read_folder, recognise_folder
from gis.ingest.households import EstimateSettings, estimate_households
from gis.ingest.kinds import KINDS
from gis.ingest.options import ReadOptions
from gis.ingest.read import Batch, read_kind
from gis.ingest.readings import diagnose
from gis.ingest.specs import FileSpec, parse_map, parse_spec

__all__ = [
    "KINDS",
    "Batch",
    "DistrictBounds",
    "EstimateSettings",
    "FileSpec",
    "Folder",
    "FolderItem",
    "FolderRead",
    "ReadOptions",
    "diagnose",
    "estimate_households",
    "parse_map",
    "parse_spec",
    "read_folder",
    "read_kind",
    "recognise_folder",
]
