"""Which tables hold a district: things, their dated figures, cells, plans, grids in force and who answers for them?

Geometry is EPSG:4490 (lon, lat). Times are timestamptz, periods are half-open tstzrange ``[from, to)``.
"""

from __future__ import annotations

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint

__all__ = ["SRID", "metadata"]

SRID = 4490

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=False), primary_key=True)


def _district(*, indexed: bool = False) -> Column[int]:
    return Column(
        "district_id", BigInteger, ForeignKey("district.id", ondelete="CASCADE"), nullable=False, index=indexed or None
    )


def _geom(kind: str, *, nullable: bool = False) -> Column[Any]:
    return Column("geom", Geometry(kind, srid=SRID, spatial_index=False), nullable=nullable)


def _gist(table: str) -> Index:
    return Index(f"ix_{table}_geom", "geom", postgresql_using="gist")


def _quadtree(table: str) -> Index:
    """Of points alone: it grows by a third faster than a GiST tree, a box is looked up in 0.7 ms instead of 0.4 ms."""
    return Index(f"ix_{table}_geom", "geom", postgresql_using="spgist")


def _since() -> Column[Any]:
    return Column("valid", TSTZRANGE, nullable=False, server_default=text("'(,)'::tstzrange"))


def _one_at_a_time(name: str, *within: str) -> ExcludeConstraint:
    """At any moment a code means one thing within some columns.

    A GiST tree searches text slowly (1.6 ms a row among 13,000): a hash of the code comes first, the code decides.
    """
    return ExcludeConstraint(
        (text("hashtextextended(code, 0)"), "="),
        *((column, "=") for column in within),
        ("code", "="),
        ("valid", "&&"),
        using="gist",
        name=name,
    )


def _raw() -> list[Column[Any]]:
    """What came in, before any conversion."""
    return [Column("raw_x", Float), Column("raw_y", Float), Column("raw_crs", Text)]


# ---------------------------------------------------------------------------------------------- places
district = Table(
    "district",
    metadata,
    _id(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text),
    Column("time_zone", Text, nullable=False),
    Column("metric_crs", Text, nullable=False, comment="CRS in metres used to compute, e.g. EPSG:4547"),
    Column("crs_note", Text, comment="declared source CRS, e.g. gcj02 -> EPSG:4490"),
    Column("as_of", Date, comment="date of the newest household counts"),
    Column("loaded_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
)

division = Table(
    "division",
    metadata,
    _id(),
    _district(),
    Column("level", Text, nullable=False),
    Column("code", Text, nullable=False, comment="12/9/6 digits where the data have them, else the source's id"),
    Column("name", Text, nullable=False),
    Column("name_en", Text),
    Column("parent_id", BigInteger, ForeignKey("division.id", ondelete="CASCADE"), index=True),
    Column("successor", Text),
    Column("properties", JSONB, nullable=False, server_default=text("'{}'")),
    _geom("MULTIPOLYGON"),
    _since(),
    CheckConstraint("level IN ('district', 'subdistrict', 'community')", name="level"),
    _one_at_a_time("ex_division_code", "district_id", "level"),
    _gist("division"),
)

division_lineage = Table(
    "division_lineage",
    metadata,
    Column("from_division", BigInteger, ForeignKey("division.id", ondelete="CASCADE"), primary_key=True),
    Column("to_division", BigInteger, ForeignKey("division.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("area_share", Float, nullable=False, comment="share of from_division's area that lies in to_division"),
    Column("household_share", Float, nullable=False),
    comment="What became of a division that was split, merged, moved or got another code.",
)

compound = Table(
    "compound",
    metadata,
    _id(),
    _district(),
    Column("code", Text, nullable=False),
    Column("name", Text),
    _geom("MULTIPOLYGON"),
    UniqueConstraint("district_id", "code"),
    _gist("compound"),
)

landcover = Table(
    "landcover",
    metadata,
    _id(),
    _district(),
    Column("code", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="water, green, campus, built_up ..."),
    Column("name", Text),
    _geom("MULTIPOLYGON"),
    UniqueConstraint("district_id", "code"),
    _gist("landcover"),
)

barrier = Table(
    "barrier",
    metadata,
    _id(),
    _district(),
    Column("code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("class", Text, comment="of a street: expressway, primary, secondary, tertiary, residential, service, path"),
    Column("name", Text),
    Column("width_m", Float),
    Column("bridge", Boolean, nullable=False, server_default=text("false")),
    Column("tunnel", Boolean, nullable=False, server_default=text("false")),
    _geom("GEOMETRY"),
    CheckConstraint("kind IN ('street', 'water', 'rail', 'wall')", name="kind"),
    UniqueConstraint("district_id", "code"),
    _gist("barrier"),
)

building = Table(
    "building",
    metadata,
    _id(),
    _district(),
    Column("code", Text, nullable=False),
    Column("name", Text),
    Column("address", Text),
    Column("address_key", Text, comment="address folded for search: digits half width, 幢/栋/号楼 alike"),
    Column("kind", Text),
    Column("floors", SmallInteger),
    Column("community_code", Text),
    Column("compound_code", Text),
    _geom("GEOMETRY"),
    _since(),
    *_raw(),
    _one_at_a_time("ex_building_code", "district_id"),
    Index("ix_building_began", "district_id", text("lower(valid)"), postgresql_where=text("NOT lower_inf(valid)")),
    Index("ix_building_ended", "district_id", text("upper(valid)"), postgresql_where=text("NOT upper_inf(valid)")),
    Index("ix_building_district_id_code", "district_id", "code"),
    _gist("building"),
    Index(
        "ix_building_address_key", "address_key", postgresql_using="gin", postgresql_ops={"address_key": "gin_trgm_ops"}
    ),
)

household_count = Table(
    "household_count",
    metadata,
    _id(),
    Column("building_id", BigInteger, ForeignKey("building.id", ondelete="CASCADE"), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("households", Integer, nullable=False),
    Column("people", Integer),
    Column("key_persons", Integer, comment="how many, never who"),
    Column("estimated", Boolean, nullable=False, server_default=text("false")),
    Column("source", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    CheckConstraint("households >= 0", name="households"),
    CheckConstraint("people >= 0", name="people"),
    CheckConstraint("key_persons >= 0", name="key_persons"),
    Index("ix_household_count_latest", "building_id", text("as_of DESC"), text("recorded_at DESC"), text("id DESC")),
    comment="Append-only: the latest recorded row of the latest date not after the asked one counts.",
)

# ---------------------------------------------------------------------------------------------- cells
tessellation = Table(
    "tessellation",
    metadata,
    _id(),
    _district(indexed=True),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("settings", JSONB, nullable=False),
    Column("report", JSONB, nullable=False),
    Column("base_id", BigInteger, ForeignKey("tessellation.id", ondelete="CASCADE"), index=True),
    comment="One making of cells: of a whole district (no base), or of what changed in a draft.",
)

cell = Table(
    "cell",
    metadata,
    _id(),
    Column("tessellation_id", BigInteger, ForeignKey("tessellation.id", ondelete="CASCADE"), nullable=False),
    Column("community_id", BigInteger, ForeignKey("division.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("block_no", Integer, nullable=False),
    Column("building_id", BigInteger, ForeignKey("building.id", ondelete="SET NULL"), index=True),
    Column("compound_code", Text),
    Column("area_m2", Float, nullable=False),
    _geom("POLYGON"),
    Column(
        "valid",
        TSTZRANGE,
        nullable=False,
        server_default=text("'(,)'::tstzrange"),
        comment="when it is one of the cells of its district; empty while only a draft has it",
    ),
    _gist("cell"),
    Index("ix_cell_tessellation_id_community_id", "tessellation_id", "community_id"),
)

cell_community = Table(
    "cell_community",
    metadata,
    Column("cell_id", BigInteger, ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True),
    Column("community_id", BigInteger, ForeignKey("division.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("valid", TSTZRANGE, primary_key=True),
    comment="Communities a cell lay in before its present one (cell.community_id).",
)

building_cell = Table(
    "building_cell",
    metadata,
    Column("tessellation_id", BigInteger, ForeignKey("tessellation.id", ondelete="CASCADE"), primary_key=True),
    Column("building_id", BigInteger, ForeignKey("building.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("cell_id", BigInteger, ForeignKey("cell.id", ondelete="CASCADE"), nullable=False, index=True),
)

cell_edge = Table(
    "cell_edge",
    metadata,
    Column("cell_a", BigInteger, ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True),
    Column("cell_b", BigInteger, ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("length_m", Float, nullable=False),
    Column("follows", Text, nullable=False),
    Column("link", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("cell_a < cell_b", name="ordered"),
)

cell_lineage = Table(
    "cell_lineage",
    metadata,
    Column("from_cell", BigInteger, ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True),
    Column("to_cell", BigInteger, ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("area_share", Float, nullable=False, comment="share of from_cell's area that lies in to_cell"),
)

# ---------------------------------------------------------------------------------------------- plans
network = Table(
    "network",
    metadata,
    _id(),
    _district(),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_en", Text),
    Column("street_rule", Text, nullable=False, server_default=text("'geometric'")),
    CheckConstraint("street_rule IN ('geometric', 'duty')", name="street_rule"),
    UniqueConstraint("district_id", "code"),
)

network_level = Table(
    "network_level",
    metadata,
    Column("network_id", BigInteger, ForeignKey("network.id", ondelete="CASCADE"), primary_key=True),
    Column("level", SmallInteger, primary_key=True),
    Column("division_level", Text, nullable=False, comment="grids of this level stay inside this division level"),
    Column("code_profile", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", Integer, nullable=False),
    Column("minimum", Integer, nullable=False),
    Column("maximum", Integer, nullable=False),
)

plan = Table(
    "plan",
    metadata,
    _id(),
    Column("network_id", BigInteger, ForeignKey("network.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("level", SmallInteger, nullable=False),
    Column(
        "tessellation_id", BigInteger, ForeignKey("tessellation.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("status", Text, nullable=False),
    Column("as_of", Date, nullable=False, comment="date of the household counts it was made for"),
    Column("base_version", Integer, comment="version in force when it was begun; null for a first plan"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("settings", JSONB, nullable=False),
    Column("report", JSONB, nullable=False),
    Column("title", Text),
    Column("created_by", Text, nullable=False, server_default=text("'gridkeeper'")),
    CheckConstraint("status IN ('draft', 'submitted', 'approved', 'published', 'discarded')", name="status"),
)

plan_scope = Table(
    "plan_scope",
    metadata,
    Column("plan_id", BigInteger, ForeignKey("plan.id", ondelete="CASCADE"), primary_key=True),
    Column("division_id", BigInteger, ForeignKey("division.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("base_version", Integer, comment="newest version published here when the plan was begun; null for none"),
)

plan_cell = Table(
    "plan_cell",
    metadata,
    Column("plan_id", BigInteger, ForeignKey("plan.id", ondelete="CASCADE"), primary_key=True),
    Column("cell_id", BigInteger, ForeignKey("cell.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("grid_code", Text, nullable=False, comment="key of its grid in the plan: a code, or new-1 ... in a draft"),
    Column("base_code", Text, comment="code of its grid when the draft was opened; null for a first plan"),
    comment="The replay of plan_operation over base_code, kept with every edit.",
)

plan_operation = Table(
    "plan_operation",
    metadata,
    Column("plan_id", BigInteger, ForeignKey("plan.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("person", Text, nullable=False),
    Column("verified", Boolean, nullable=False, server_default=text("false")),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("revision > 0", name="revision"),
    CheckConstraint(
        "kind IN ('move', 'new_grid', 'merge', 'propose', 'restore', 'renumber', 'renew', 'split', 'undo', 'redo')",
        name="kind",
    ),
    comment="Append-only: every edit of a draft.",
)

plan_step = Table(
    "plan_step",
    metadata,
    _id(),
    Column("plan_id", BigInteger, ForeignKey("plan.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False, comment="open, or a transition of gis/plans/lifecycle.py"),
    Column("person", Text, nullable=False),
    Column("verified", Boolean, nullable=False, server_default=text("false")),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("reason", Text),
    comment="Append-only: every step of a plan's life.",
)

plan_waiver = Table(
    "plan_waiver",
    metadata,
    _id(),
    Column("plan_id", BigInteger, ForeignKey("plan.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("check_name", Text, nullable=False),
    Column("grid_key", Text, nullable=False, comment="grid of the plan that the failing check is waived for"),
    Column("person", Text, nullable=False),
    Column("verified", Boolean, nullable=False, server_default=text("false")),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    UniqueConstraint("plan_id", "check_name", "grid_key"),
    comment="Append-only: a hard check that does not block for an island, by whom and why.",
)

plan_check = Table(
    "plan_check",
    metadata,
    Column("plan_id", BigInteger, ForeignKey("plan.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("fingerprint", Text, nullable=False, comment="of all that it was made from"),
    Column("at", DateTime(timezone=True), nullable=False, comment="moment at which its buildings stand"),
    Column("checks", JSONB, nullable=False),
    Column("measures", JSONB, nullable=False),
    Column("outcome", JSONB, nullable=False, comment="what it opens, keeps and withdraws"),
    Column("closed", JSONB, nullable=False, comment="grids that end"),
    Column("lineage", JSONB, nullable=False, comment="from_grid, code, household_share, area_share"),
    comment="What a plan that passed would publish, kept until it is published or discarded; see plan_grid.",
)

plan_grid = Table(
    "plan_grid",
    metadata,
    Column("plan_id", BigInteger, ForeignKey("plan_check.plan_id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True, comment="plan_cell.grid_code"),
    Column("code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("division_id", BigInteger, nullable=False),
    Column("flags", JSONB, nullable=False),
    Column("colour", SmallInteger, nullable=False),
    Column("area_m2", Float, nullable=False),
    _geom("MULTIPOLYGON"),
    comment="A grid that a plan would open.",
)

ground_change = Table(
    "ground_change",
    metadata,
    _id(),
    Column(
        "district_id",
        BigInteger,
        ForeignKey("district.id", ondelete="CASCADE"),
        index=True,
        comment="that the transaction works on; null where it did not say: then it may be any",
    ),
    Column("table_name", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    comment="Append-only: a line for each statement that wrote what checks of plans depend on; see the triggers.",
)

publication = Table(
    "publication",
    metadata,
    _id(),
    Column("network_id", BigInteger, ForeignKey("network.id", ondelete="CASCADE"), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("plan_id", BigInteger, ForeignKey("plan.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("effective", DateTime(timezone=True), nullable=False),
    Column("published_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("published_by", Text, nullable=False),
    Column("checks", JSONB, nullable=False),
    Column("report", JSONB, nullable=False, server_default=text("'{}'"), comment="what it opened, kept and ended"),
    Column("withdrawn_at", DateTime(timezone=True), comment="taken back before it took effect; its grids never were"),
    Column("rehomed_at", DateTime(timezone=True), comment="when open events went to the grids that answer since"),
    UniqueConstraint("network_id", "level", "version"),
)

grid = Table(
    "grid",
    metadata,
    _id(),
    Column("network_id", BigInteger, ForeignKey("network.id", ondelete="CASCADE"), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("division_id", BigInteger, ForeignKey("division.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("publication_id", BigInteger, ForeignKey("publication.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("origin", Text, nullable=False, server_default=text("'plan'")),
    Column("flags", JSONB, nullable=False, server_default=text("'[]'"), comment="oversize_building, empty, linked"),
    Column("colour", SmallInteger, nullable=False, server_default=text("0"), comment="neighbours never share it"),
    Column("area_m2", Float, nullable=False),
    _geom("MULTIPOLYGON"),
    _since(),
    CheckConstraint("origin IN ('plan', 'import', 'carried')", name="origin"),
    _one_at_a_time("ex_grid_code", "network_id", "level"),
    Index("ix_grid_network_id_code", "network_id", "code"),
    _gist("grid"),
)

grid_cell = Table(
    "grid_cell",
    metadata,
    _id(),
    Column("network_id", BigInteger, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("cell_id", BigInteger, nullable=False),
    Column("grid_id", BigInteger, nullable=False, index=True),
    _since(),
    ExcludeConstraint(
        ("cell_id", "="),  # first: what discriminates best
        ("network_id", "="),
        ("level", "="),
        ("valid", "&&"),
        using="gist",
        name="ex_grid_cell_membership",
    ),
    Index("ix_grid_cell_cell_id", "cell_id"),
)

street = Table(
    "street",
    metadata,
    _id(),
    _district(),
    Column("community_id", BigInteger, ForeignKey("division.id", ondelete="CASCADE"), nullable=False, index=True),
    Column(
        "code", Text, nullable=False, comment="of the segment or crossing; the same on both sides of a community border"
    ),
    Column("kind", Text, nullable=False),
    Column("class", Text),
    Column("name", Text),
    Column("half_width_m", Float, nullable=False, comment="half the carriageway, by class where no width is known"),
    Column("cell_id", BigInteger, ForeignKey("cell.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("person", Text, comment="who chose the home cell; null where it was derived"),
    Column("reason", Text),
    _geom("GEOMETRY"),
    _since(),
    CheckConstraint("kind IN ('segment', 'crossing')", name="kind"),
    ExcludeConstraint(
        (text("hashtextextended(code, 0)"), "="),
        ("community_id", "="),
        ("code", "="),
        ("valid", "&&"),
        using="gist",
        name="ex_street",
    ),
    _gist("street"),
    Index("ix_street_district_id", "district_id"),
    Index("ix_street_ended", "district_id", text("upper(valid)"), postgresql_where=text("NOT upper_inf(valid)")),
    comment="Street segments and crossings with their home cell in each community they touch.",
)

grid_lineage = Table(
    "grid_lineage",
    metadata,
    Column("from_grid", BigInteger, ForeignKey("grid.id", ondelete="CASCADE"), primary_key=True),
    Column("to_grid", BigInteger, ForeignKey("grid.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("household_share", Float, nullable=False, comment="share of from_grid's households that went to to_grid"),
    Column("area_share", Float, nullable=False),
)

# ---------------------------------------------------------------------------------------------- located things
# What parts and events refer to (district, cell, grid) is kept by triggers that look once a statement, not once a row
# (migration 0007). They act as foreign keys do: on delete cascade for district_id, set null for the others. Codes
# compare byte by byte: an index of a million grows by a third faster, and the beginning of a code is a range anywhere.
part = Table(
    "part",
    metadata,
    _id(),
    Column("district_id", BigInteger, nullable=False),
    Column("code", Text(collation="C"), nullable=False),
    Column("class", Text, comment="type digits of the standard, e.g. 0118"),
    Column("class_name", Text, nullable=False),
    Column("name", Text),
    Column("state", Text, nullable=False, server_default=text("'intact'")),
    Column("cell_id", BigInteger),
    Column("how", Text, comment="inside, border, near, outside"),
    Column("distance_m", Float, comment="metres to the cell where not inside"),
    _geom("POINT"),
    *_raw(),
    UniqueConstraint("district_id", "code"),
    _quadtree("part"),
    Index("ix_part_cell_id", "cell_id", postgresql_where=text("cell_id IS NOT NULL")),
)

event = Table(
    "event",
    metadata,
    _id(),
    Column("district_id", BigInteger, nullable=False),
    Column("code", Text(collation="C"), nullable=False),
    Column("class", Text),
    Column("class_name", Text, nullable=False),
    Column("source", Text),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("address", Text),
    Column("description", Text),
    Column("closed_at", DateTime(timezone=True), comment="null while state is open"),
    Column("state", Text, nullable=False, server_default=text("'closed'")),
    Column("cell_id", BigInteger),
    Column(
        "duty_cell_id",
        BigInteger,
        comment="home cell of the street it lies on; null where that is cell_id",
    ),
    Column("how", Text, comment="inside, border, street, near, outside, unlocated"),
    Column("distance_m", Float),
    Column(
        "grid_id",
        BigInteger,
        comment="who answers for an open event; re-homed when a publication takes effect",
    ),
    _geom("POINT", nullable=True),
    *_raw(),
    CheckConstraint("state IN ('open', 'closed')", name="state"),
    UniqueConstraint("district_id", "code"),
    _quadtree("event"),
    Index("ix_event_cell_id", "cell_id", postgresql_where=text("cell_id IS NOT NULL")),
    Index("ix_event_district_id_occurred_at", "district_id", "occurred_at"),
    Index("ix_event_duty_cell_id", "duty_cell_id", postgresql_where=text("duty_cell_id IS NOT NULL")),
    Index("ix_event_open", "district_id", postgresql_where=text("state = 'open'")),
)

part_cell = Table(
    "part_cell",
    metadata,
    Column("part_id", BigInteger, ForeignKey("part.id", ondelete="CASCADE"), primary_key=True),
    Column("cell_id", BigInteger, ForeignKey("cell.id", ondelete="CASCADE"), index=True),
    Column("how", Text, nullable=False),
    Column("distance_m", Float),
    Column("valid", TSTZRANGE, primary_key=True),
    comment="Where a part lay among the cells before the present ones (part.cell_id).",
)

event_cell = Table(
    "event_cell",
    metadata,
    Column("event_id", BigInteger, ForeignKey("event.id", ondelete="CASCADE"), primary_key=True),
    Column("cell_id", BigInteger, ForeignKey("cell.id", ondelete="CASCADE"), index=True),
    Column("duty_cell_id", BigInteger, ForeignKey("cell.id", ondelete="CASCADE"), index=True, comment="as of event"),
    Column("how", Text, nullable=False),
    Column("distance_m", Float),
    Column("valid", TSTZRANGE, primary_key=True),
    comment="Where an event lay among the cells and home cells before the present ones (event.cell_id, duty_cell_id).",
)

event_move = Table(
    "event_move",
    metadata,
    _id(),
    Column("event_id", BigInteger, ForeignKey("event.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("publication_id", BigInteger, ForeignKey("publication.id", ondelete="CASCADE"), index=True),
    Column("from_grid", BigInteger, ForeignKey("grid.id", ondelete="CASCADE")),
    Column("to_grid", BigInteger, ForeignKey("grid.id", ondelete="CASCADE")),
    Column("from_workers", Text),
    Column("to_workers", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    Column(
        "street_id",
        BigInteger,
        ForeignKey("street.id", ondelete="CASCADE"),
        index=True,
        comment="the row of the street with its new home",
    ),
    CheckConstraint("num_nonnulls(publication_id, street_id) = 1", name="cause"),
    comment="Append-only: open events that went to another grid when a publication took effect or a street got another "
    "home.",
)

# ---------------------------------------------------------------------------------------------- people
person = Table(
    "person",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    comment="Names to choose from until there is sign-in.",
)

grid_worker = Table(
    "grid_worker",
    metadata,
    _id(),
    _district(),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("phone", Text),
    Column("community_code", Text),
    Column("grid_code", Text),
    UniqueConstraint("district_id", "code"),
)

posting = Table(
    "posting",
    metadata,
    _id(),
    Column("worker_id", BigInteger, ForeignKey("grid_worker.id", ondelete="CASCADE"), nullable=False),
    Column("grid_id", BigInteger, ForeignKey("grid.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("role", Text, nullable=False, server_default=text("'grid_worker'")),
    _since(),
    ExcludeConstraint(
        ("worker_id", "="), ("grid_id", "="), ("role", "="), ("valid", "&&"), using="gist", name="ex_posting"
    ),
)

# ---------------------------------------------------------------------------------------------- what was done
import_run = Table(
    "import_run",
    metadata,
    _id(),
    _district(indexed=True),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("imported_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("report", JSONB, nullable=False),
)

layer_version = Table(
    "layer_version",
    metadata,
    Column("district_id", BigInteger, ForeignKey("district.id", ondelete="CASCADE"), primary_key=True),
    Column("layer", Text, primary_key=True, comment="base, divisions, grids: the slow tile layers"),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
)

display_shape = Table(
    "display_shape",
    metadata,
    Column("district_id", BigInteger, ForeignKey("district.id", ondelete="CASCADE"), primary_key=True),
    Column("layer", Text, primary_key=True, comment="divisions, division_lines, grids"),
    Column("version", BigInteger, primary_key=True, comment="display_version.version"),
    Column("max_zoom", SmallInteger, primary_key=True, comment="last zoom this shape is drawn at"),
    Column("feature_id", BigInteger, primary_key=True, comment="division.id or grid.id; a running number for lines"),
    Column("level", Text, comment="division level of a shape or line"),
    Column("geom", Geometry("GEOMETRY", srid=3857, spatial_index=False), nullable=False),
    _gist("display_shape"),
    comment="Derived for drawing only: a coverage simplified once on its shared edges, per zoom, in web Mercator.",
)

display_version = Table(
    "display_version",
    metadata,
    Column("district_id", BigInteger, ForeignKey("district.id", ondelete="CASCADE"), primary_key=True),
    Column("layer", Text, primary_key=True),
    Column(
        "version",
        BigInteger,
        primary_key=True,
        comment="names what is in force at a moment; part of the address of a tile",
    ),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
)

# ---------------------------------------------------------------------------------------------- jobs
job = Table(
    "job",
    metadata,
    Column(
        "id",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="of procrastinate.procrastinate_jobs, which has its state",
    ),
    Column("kind", Text, nullable=False),
    Column(
        "district_code",
        Text,
        nullable=False,
        index=True,
        comment="no reference: a job may make its district, and outlive it",
    ),
    Column("title", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("verified", Boolean, nullable=False, server_default=text("false")),
    Column("options", JSONB, nullable=False),
    Column("label", Text, nullable=False, server_default=text("''")),
    Column("done", Integer, nullable=False, server_default=text("0")),
    Column("total", Integer, nullable=False, server_default=text("0"), comment="0: unknown"),
    Column("result", JSONB, comment="written in the transaction of the work itself, where that is one"),
    Column("fault", JSONB, comment="message, remedy, report"),
    CheckConstraint("done >= 0 AND total >= 0", name="progress"),
    comment="Long work for a district: what was asked, how far it is, what came of it.",
)
