"""Do parts, events and memberships refer only to what exists, whoever comes first, and are they let go of with it?"""

from __future__ import annotations

import threading
import time

import psycopg
import pytest
from psycopg.errors import FeatureNotSupported, ForeignKeyViolation, InsufficientPrivilege

from tests.integration import served_district as serve

GONE = 987_654_321
ADD_PARTS = """
INSERT INTO part (district_id, code, class_name, cell_id, geom)
SELECT %(district)s, 'new-' || i, '路灯', CASE WHEN i = %(wrong)s THEN %(gone)s ELSE %(cell)s END,
       ST_SetSRID(ST_MakePoint(116, 40), 4490)
FROM generate_series(1, 50) i
"""
PATIENCE_S = 20


@pytest.fixture(scope="module")
def held(databases, database):
    """A district in force with parts and events, to be cloned."""
    serve.put_in_force(database.app_url)
    return database.name


@pytest.fixture
def town(databases, held):
    with databases.clone(of=held) as clone:
        yield clone


@pytest.fixture
def owner(town):
    with psycopg.connect(town.owner_url, autocommit=True) as connection:
        yield connection


def one(connection, statement, *values):
    return connection.execute(statement, values).fetchone()[0]


def named(connection):
    """A district, and a cell that parts lie in."""
    district, cell = connection.execute(
        "SELECT district_id, cell_id FROM part WHERE cell_id IS NOT NULL ORDER BY id LIMIT 1"
    ).fetchone()
    return {"district": district, "cell": cell, "gone": GONE, "wrong": 0}


def references_that_hang(connection):
    return one(
        connection,
        "SELECT (SELECT count(*) FROM part p WHERE NOT EXISTS (SELECT FROM district d WHERE d.id = p.district_id)"
        "        OR p.cell_id IS NOT NULL AND NOT EXISTS (SELECT FROM cell c WHERE c.id = p.cell_id))"
        "     + (SELECT count(*) FROM event e WHERE NOT EXISTS (SELECT FROM district d WHERE d.id = e.district_id)"
        "        OR e.cell_id IS NOT NULL AND NOT EXISTS (SELECT FROM cell c WHERE c.id = e.cell_id)"
        "        OR e.duty_cell_id IS NOT NULL AND NOT EXISTS (SELECT FROM cell c WHERE c.id = e.duty_cell_id)"
        "        OR e.grid_id IS NOT NULL AND NOT EXISTS (SELECT FROM grid g WHERE g.id = e.grid_id))"
        "     + (SELECT count(*) FROM grid_cell m WHERE NOT EXISTS (SELECT FROM cell c WHERE c.id = m.cell_id)"
        "        OR NOT EXISTS (SELECT FROM grid g WHERE g.id = m.grid_id)"
        "        OR NOT EXISTS (SELECT FROM network n WHERE n.id = m.network_id))",
    )


def test_one_row_among_many_that_refers_to_nothing_is_refused(town):
    with psycopg.connect(town.app_url) as connection:
        names = named(connection)
        with connection.transaction():
            connection.execute(ADD_PARTS, names)
        for wrong in ({"wrong": 37}, {"district": GONE}):
            with pytest.raises(ForeignKeyViolation), connection.transaction():
                connection.execute(ADD_PARTS.replace("new-", "newer-"), names | wrong)
        with (
            pytest.raises(ForeignKeyViolation),
            connection.transaction(),
            connection.cursor() as cursor,
            cursor.copy("COPY part (district_id, code, class_name, cell_id, geom) FROM STDIN CSV") as copy,
        ):
            copy.write(f"{names['district']},copied,路灯,{GONE},SRID=4490;POINT(116 40)\n")
        assert one(connection, "SELECT count(*) FROM part WHERE code LIKE 'new%%' OR code = 'copied'") == 50


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE part SET cell_id = %s WHERE id = (SELECT max(id) FROM part)",
        "UPDATE part SET district_id = %s",
        "UPDATE event SET cell_id = %s",
        "UPDATE event SET duty_cell_id = %s WHERE id = (SELECT min(id) FROM event)",
        "UPDATE event SET grid_id = %s",
        "UPDATE event SET district_id = %s",
        "UPDATE grid_cell SET cell_id = %s WHERE id = (SELECT max(id) FROM grid_cell)",
        "UPDATE grid_cell SET grid_id = %s",
        "UPDATE grid_cell SET network_id = %s",
        "INSERT INTO grid_cell (network_id, level, cell_id, grid_id) SELECT network_id, 9, %s, id FROM grid LIMIT 1",
    ],
)
def test_a_changed_reference_is_looked_up(owner, change):
    with pytest.raises(ForeignKeyViolation):
        owner.execute(change, [GONE])


def test_what_is_deleted_is_let_go_of(owner):
    names = named(owner)
    event = one(owner, "SELECT max(id) FROM event")
    grid = one(owner, "SELECT min(id) FROM grid")
    owner.execute("UPDATE event SET duty_cell_id = %s, grid_id = %s WHERE id = %s", [names["cell"], grid, event])
    parts, events = one(owner, "SELECT count(*) FROM part"), one(owner, "SELECT count(*) FROM event")
    owner.execute("DELETE FROM cell WHERE id = %s", [names["cell"]])
    assert one(owner, "SELECT count(*) FROM grid_cell WHERE cell_id = %s", names["cell"]) == 0
    assert one(owner, "SELECT count(*) FROM grid_cell WHERE grid_id = %s", grid) > 0
    owner.execute("DELETE FROM grid WHERE id = %s", [grid])
    assert owner.execute("SELECT duty_cell_id, grid_id FROM event WHERE id = %s", [event]).fetchone() == (None, None)
    assert one(owner, "SELECT count(*) FROM part WHERE cell_id = %s", names["cell"]) == 0
    assert (one(owner, "SELECT count(*) FROM part"), one(owner, "SELECT count(*) FROM event")) == (parts, events)
    assert references_that_hang(owner) == 0
    owner.execute("DELETE FROM tessellation")
    assert one(owner, "SELECT count(*) FROM part WHERE cell_id IS NOT NULL") == 0
    assert one(owner, "SELECT count(*) FROM grid_cell") == 0
    owner.execute("DELETE FROM district")
    assert (one(owner, "SELECT count(*) FROM part"), one(owner, "SELECT count(*) FROM event")) == (0, 0)


def test_ids_stay_and_no_table_is_emptied_below_its_references(owner):
    for table in ("district", "network", "cell", "grid", "grid_cell", "part", "event"):
        with pytest.raises(ForeignKeyViolation):
            owner.execute(f"UPDATE {table} SET id = id + {GONE}")
    for table in ("district", "network", "cell", "grid"):
        with pytest.raises(ForeignKeyViolation):
            owner.execute(f"TRUNCATE {table} CASCADE")
    with pytest.raises(FeatureNotSupported), owner.transaction():
        owner.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        owner.execute("DELETE FROM district")


def waits(admin, pid):
    """Until a backend waits for another one's lock."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if one(admin, "SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", pid) == "Lock":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("adds_first", [True, False])
def test_who_adds_and_who_deletes_at_once_never_leave_a_reference_to_nothing(town, owner, adds_first):
    names = named(owner)
    add = (ADD_PARTS, names)
    delete = ("DELETE FROM cell WHERE id = %(cell)s", names)
    with psycopg.connect(town.app_url) as adding, psycopg.connect(town.owner_url) as deleting:
        first, second = (adding, deleting) if adds_first else (deleting, adding)
        done, wanted = (add, delete) if adds_first else (delete, add)
        faults = []

        def follow():
            try:
                second.execute(*wanted)
                second.commit()
            except psycopg.Error as fault:
                faults.append(fault)
                second.rollback()

        first.execute(*done)
        follower = threading.Thread(target=follow)
        follower.start()
        waited = waits(owner, second.info.backend_pid)
        first.commit()
        follower.join(PATIENCE_S)
        assert waited
    assert [type(fault) for fault in faults] == ([] if adds_first else [ForeignKeyViolation])
    assert one(owner, "SELECT count(*) FROM part WHERE code LIKE 'new-%%'") == (50 if adds_first else 0)
    assert references_that_hang(owner) == 0


def test_the_serving_role_cannot_borrow_what_acts_as_the_owner(town):
    with psycopg.connect(town.app_url) as connection:
        connection.execute("CREATE TEMP TABLE own (id bigint)")
        with pytest.raises(InsufficientPrivilege):
            connection.execute(
                "CREATE TRIGGER take AFTER DELETE ON own REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT"
                " EXECUTE FUNCTION let_go_of_deleted('household_count', 'building_id', 'delete')"
            )
