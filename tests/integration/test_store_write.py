"""Is an import whole or not at all, does the same file change nothing, and are counts only ever added?"""

from __future__ import annotations

import datetime as dt

import pandas as pd
import psycopg
import pytest
from psycopg import sql

from gis.clock import stopped_at
from gis.errors import InputError, NotFoundError
from gis.store.connect import connect
from gis.store.districts import district_of, list_districts, remove_district
from gis.store.metric import to_metric
from gis.store.tables import metadata
from gis.store.write import NewDistrict, write_batch
from tests.integration import small_district as small

NOW = dt.datetime(2026, 7, 1, 4, tzinfo=dt.UTC)
CLOCK = stopped_at(NOW)
LATEST = """
SELECT b.code, h.households, h.estimated FROM building b JOIN LATERAL (
    SELECT * FROM household_count c WHERE c.building_id = b.id AND c.as_of <= %s
    ORDER BY as_of DESC, recorded_at DESC, id DESC LIMIT 1) h ON true ORDER BY b.code
"""


@pytest.fixture
def store(database):
    """A connection whose work is undone after the test."""
    with connect(database.app_url) as connection, connection.transaction(force_rollback=True):
        write_batch(connection, small.DISTRICT, small.divisions(), clock=CLOCK)
        yield connection


def rows(connection, table):
    return connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()[0]


def versions(connection):
    return dict(connection.execute("SELECT layer, version FROM layer_version").fetchall())


def test_divisions_make_the_district(store):
    place = district_of(store, small.DISTRICT)
    assert (place.name, place.time_zone, place.metric_crs) == ("望河区", "Asia/Shanghai", "EPSG:4548")
    tree = store.execute(
        "SELECT d.code, p.code FROM division d LEFT JOIN division p ON p.id = d.parent_id ORDER BY d.code"
    ).fetchall()
    assert tree == [
        ("990101", None),
        ("990101001", "990101"),
        ("990101001001", "990101001"),
        ("990101001002", "990101001"),
    ]


def test_what_is_said_of_a_district_wins(store):
    said = NewDistrict(name="别名", time_zone="Asia/Urumqi", metric_crs="EPSG:4549", crs_note="gcj02")
    write_batch(store, "x", small.divisions(), new=said)
    place = district_of(store, "x")
    assert (place.name, place.time_zone, place.metric_crs) == ("别名", "Asia/Urumqi", "EPSG:4549")


def test_parents_without_codes_are_found_by_position(store):
    batch = small.divisions()
    batch.frame["code"] = ["city", "quarter", "a", "b"]
    counts = write_batch(store, "free", batch).counts
    assert (counts["inserted"], counts["updated"]) == (4, 0)
    tree = store.execute(
        "SELECT d.code, p.code FROM division d LEFT JOIN division p ON p.id = d.parent_id"
        " WHERE d.district_id = %s ORDER BY d.code",
        [district_of(store, "free").id],
    ).fetchall()
    assert tree == [("a", "quarter"), ("b", "quarter"), ("city", None), ("quarter", "city")]


@pytest.mark.parametrize("kind", ["divisions", "buildings", "barriers", "parts", "events", "workers"])
def test_the_same_batch_again_changes_nothing(store, kind):
    make = getattr(small, kind)
    first = write_batch(store, small.DISTRICT, make(), clock=CLOCK).counts
    assert first["inserted"] == (0 if kind == "divisions" else len(make().frame))
    before, layers = (rows(store, "household_count"), versions(store))
    again = write_batch(store, small.DISTRICT, make(), clock=CLOCK).counts
    assert (again["inserted"], again["updated"], again["unchanged"]) == (0, 0, len(make().frame))
    assert (rows(store, "household_count"), versions(store)) == (before, layers)


def test_a_changed_row_is_updated_and_its_layer_gets_a_new_version(store):
    write_batch(store, small.DISTRICT, small.buildings(), clock=CLOCK)
    assert versions(store) == {"divisions": 1, "base": 1}
    changed = small.buildings()
    changed.frame.loc[3, "name"] = "新楼"
    counts = write_batch(store, small.DISTRICT, changed, clock=CLOCK).counts
    assert (counts["inserted"], counts["updated"], counts["unchanged"], counts["counts_added"]) == (0, 1, 23, 0)
    assert versions(store) == {"divisions": 1, "base": 2}
    assert store.execute("SELECT address_key FROM building WHERE code = 'B000'").fetchone() == ("柳岸路0号1幢",)


def test_a_bad_row_leaves_the_store_as_it_was(store):
    good = small.parts()
    bad = small.batch("parts", pd.concat([good.frame, good.frame.iloc[[0]]]))  # a code twice
    with pytest.raises(psycopg.errors.UniqueViolation):
        write_batch(store, small.DISTRICT, bad, clock=CLOCK)
    assert (rows(store, "part"), rows(store, "import_run")) == (0, 1)

    bad = small.buildings()
    bad.frame.loc[5, "households"] = -1.0  # the last statement of the import refuses it
    with pytest.raises(psycopg.errors.CheckViolation):
        write_batch(store, small.DISTRICT, bad, clock=CLOCK)
    assert (rows(store, "building"), rows(store, "household_count"), versions(store)) == (0, 0, {"divisions": 1})


def test_a_district_is_not_half_made(fresh_database):
    bad = small.divisions()
    bad.frame["level"] = "province"
    with connect(fresh_database.app_url) as connection:
        with pytest.raises(psycopg.errors.CheckViolation):
            write_batch(connection, small.DISTRICT, bad)
        assert (rows(connection, "district"), rows(connection, "import_run")) == (0, 0)
        empty = small.batch("divisions", small.divisions().frame.iloc[:0])
        with pytest.raises(InputError, match="empty"):
            write_batch(connection, small.DISTRICT, empty)
        with pytest.raises(NotFoundError, match="gridkeeper load"):
            write_batch(connection, small.DISTRICT, small.parts())


def test_counts_have_a_history(store):
    def take(households, as_of, **more):
        batch = small.buildings(households, as_of, **more)
        batch.frame = batch.frame.iloc[:1]
        return write_batch(store, small.DISTRICT, batch, clock=CLOCK).counts["counts_added"]

    def counted(at):
        return store.execute(LATEST, [at]).fetchall()

    assert take(60, "2026-03-31") == 1
    assert take(60, "2026-03-31") == 0  # the same value again adds nothing
    assert take(62, "2026-03-31") == 1  # another value for the same date: the latest recorded counts
    assert counted("2026-03-31") == [("B000", 62, False)]
    assert take(70, "2026-06-30") == 1
    assert take(99, "2026-06-30", estimated=True) == 0  # an estimate takes no count's place
    assert take(62, "2026-03-31") == 0
    assert counted("2026-06-30") == [("B000", 70, False)]
    assert counted("2026-06-29") == [("B000", 62, False)]
    assert counted("2026-01-01") == []
    assert rows(store, "household_count") == 3
    assert district_of(store, small.DISTRICT).as_of == dt.date(2026, 6, 30)


def test_buildings_nobody_counted_have_no_count_and_no_date_means_today(store):
    batch = small.buildings(as_of=None)
    batch.frame.loc[0, ["households", "people"]] = None
    assert write_batch(store, small.DISTRICT, batch, clock=CLOCK).counts["counts_added"] == 23
    assert store.execute("SELECT DISTINCT as_of FROM household_count").fetchall() == [(dt.date(2026, 7, 1),)]

    tomorrow = stopped_at(NOW + dt.timedelta(days=1))
    assert write_batch(store, small.DISTRICT, batch, clock=tomorrow).counts["counts_added"] == 0
    batch.frame.loc[1, "households"] = 66
    assert write_batch(store, small.DISTRICT, batch, clock=tomorrow).counts["counts_added"] == 1
    assert rows(store, "household_count") == 24


def test_local_times_are_the_districts(store):
    write_batch(store, small.DISTRICT, small.events(), clock=CLOCK)
    first = store.execute("SELECT occurred_at FROM event WHERE code = 'E000'").fetchone()[0]
    assert first == dt.datetime(2026, 1, 1, 0, tzinfo=dt.UTC)


def test_coordinates_come_back_as_they_went_in(store):
    batch = small.parts(5)
    write_batch(store, small.DISTRICT, batch, clock=CLOCK)
    stored = store.execute("SELECT ST_X(geom), ST_Y(geom), ST_SRID(geom) FROM part ORDER BY code").fetchall()
    assert stored == [(p.x, p.y, 4490) for p in batch.frame.geometry]
    there = to_metric(batch.frame.geometry.to_numpy(), "EPSG:4548")
    assert there[0].distance(small.placed(batch.frame.geometry.iloc[0])) > 1  # metres, not degrees


def test_two_writers_of_one_district_take_turns(fresh_database):
    with connect(fresh_database.app_url) as one, connect(fresh_database.app_url) as other:
        write_batch(one, small.DISTRICT, small.divisions(), clock=CLOCK)
        one.execute("BEGIN")
        write_batch(one, small.DISTRICT, small.parts(), clock=CLOCK)
        other.execute("SET lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            write_batch(other, small.DISTRICT, small.barriers(), clock=CLOCK)


def test_each_import_leaves_its_report(store):
    batch = small.parts(3)
    batch.report.add("note", "a_rule", "something", row=1)
    batch.report.counts["share"] = float("nan")
    write_batch(store, small.DISTRICT, batch, clock=CLOCK)
    kind, source, at, report = store.execute(
        "SELECT kind, source, imported_at, report FROM import_run ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert (kind, source, at) == ("parts", "by hand", NOW)
    assert report["counts"] == {"share": None, "inserted": 3, "updated": 0, "unchanged": 0}
    assert report["tally"] == {"a_rule": 1}


def test_removing_leaves_nothing_behind(store):
    for kind in ("buildings", "barriers", "parts", "events", "workers"):
        write_batch(store, small.DISTRICT, getattr(small, kind)(), clock=CLOCK)
    write_batch(store, "other", small.divisions(), clock=CLOCK)
    listed = {item.code: item for item in list_districts(store, NOW)}
    assert (listed[small.DISTRICT].buildings, listed[small.DISTRICT].households) == (24, 1560)
    remove_district(store, small.DISTRICT)
    left = {table.name: rows(store, table.name) for table in metadata.sorted_tables}
    assert {name: n for name, n in left.items() if n} == {
        "district": 1, "division": 4, "ground_change": 5, "import_run": 1, "layer_version": 1,
    }  # fmt: skip
    with pytest.raises(NotFoundError, match="Known: other"):
        remove_district(store, small.DISTRICT)
