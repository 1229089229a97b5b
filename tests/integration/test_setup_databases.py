"""Does each test get a real PostGIS database of its own, and does it go away again?"""

from __future__ import annotations

import psycopg
from psycopg import sql


def test_a_clone_is_migrated_and_starts_empty(database):
    with psycopg.connect(database.owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM district").fetchone() == (0,)
        assert connection.execute("SELECT postgis_lib_version() >= '3.3'").fetchone() == (True,)


def test_clones_do_not_share_rows_and_are_dropped(databases):
    names = sql.SQL("SELECT count(*) FROM pg_database WHERE datname = {}")
    with databases.clone() as one, databases.clone() as other:
        with psycopg.connect(one.owner_url) as connection:
            connection.execute(
                "INSERT INTO district (code, name, time_zone, metric_crs) VALUES ('x', 'x', 'UTC', 'EPSG:32650')"
            )
        with psycopg.connect(other.owner_url) as connection:
            assert connection.execute("SELECT count(*) FROM district").fetchone() == (0,)
    with psycopg.connect(databases.cluster.url(database="postgres")) as connection:
        for gone in (one, other):
            assert connection.execute(names.format(sql.Literal(gone.name))).fetchone() == (0,)


def test_the_cluster_has_no_port_and_nobody_else_reaches_its_socket(databases):
    assert databases.cluster.query("postgres", "SHOW listen_addresses") == ""
    assert databases.cluster.folder.stat().st_mode & 0o777 == 0o700
