"""Is every step whole or not at all, whenever its process is killed?"""

from __future__ import annotations

import random
import time
from multiprocessing import get_context, set_forkserver_preload

import psycopg
import pytest
from psycopg import sql

from gis.store import pipeline
from gis.store.connect import connect
from gis.store.tables import metadata
from tests.integration import small_district as small
from tests.integration import victim

IN_ALL, HERE = 200, 20
WAIT_S = 60
SEED = 20_260_301


@pytest.fixture(scope="module")
def processes():
    """Processes that begin at once: what they need is loaded in the one they are copied from."""
    set_forkserver_preload([victim.__name__])
    return get_context("forkserver")


@pytest.fixture(scope="module")
def stages(databases, processes):
    """Before each step a database, what it holds, what it holds after the step, and how long that takes."""
    with databases.clone() as ground:
        with connect(ground.app_url) as connection:
            batches = (small.divisions(), small.barriers(), small.buildings(), small.events())
            for batch in (*batches, small.workers()):
                pipeline.write_batch(connection, small.DISTRICT, batch, clock=victim.CLOCK)
        before, known, opened = ground.name, {}, []
        try:
            for step in victim.STEPS:
                clone = databases.clone(of=before)
                after = clone.__enter__()
                opened.append(clone)
                lived(processes, after.app_url, step)  # what is loaded late is loaded
                with databases.clone(of=before) as again:
                    took = lived(processes, again.app_url, step)
                known[step] = (before, contents(databases, before), counts(databases, after.name), took)
                if step == "tessellation":
                    with connect(after.app_url) as connection:
                        pipeline.propose_plan(connection, small.DISTRICT, clock=victim.CLOCK)
                before = after.name
            yield known
        finally:
            for clone in reversed(opened):
                clone.__exit__(None, None, None)


def lived(processes, url, step):
    """Let a step run to its end; how long it took, seconds."""
    here, there = processes.Pipe(duplex=False)
    process = processes.Process(target=victim.run, args=(url, step, there))
    process.start()
    there.close()
    assert here.poll(WAIT_S)
    assert here.recv() == "begun"
    begun = time.monotonic()
    assert here.poll(WAIT_S)
    assert here.recv() == "ended"
    took = time.monotonic() - begun
    process.join(WAIT_S)
    assert process.exitcode == 0
    return took


def killed(processes, url, step, delay):
    """Kill a step some seconds after it has begun; whether it had said that it ended."""
    here, there = processes.Pipe(duplex=False)
    process = processes.Process(target=victim.run, args=(url, step, there))
    process.start()
    there.close()
    assert here.poll(WAIT_S)
    assert here.recv() == "begun"
    time.sleep(delay)
    process.kill()
    process.join(WAIT_S)
    try:
        return here.poll() and here.recv() == "ended"
    except EOFError:
        return False


def quiet(connection):
    """Wait until the killed process's session is gone."""
    deadline = time.monotonic() + WAIT_S
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    while connection.execute(others).fetchone() != (0,):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def url_of(databases, name):
    return databases.cluster.url("gridkeeper_owner", name)


def every_table(connection, statement):
    return {
        table.name: connection.execute(sql.SQL(statement).format(sql.Identifier(table.name))).fetchone()
        for table in metadata.sorted_tables
    }


def contents(databases, name):
    """Rows of every table and a digest of them."""
    with psycopg.connect(url_of(databases, name), autocommit=True) as connection:
        quiet(connection)
        return every_table(
            connection, "SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t"
        )


def counts(databases, name):
    """What is the same after every run of a step: rows of every table, versions of layers, who holds how much."""
    with psycopg.connect(url_of(databases, name), autocommit=True) as connection:
        quiet(connection)
        told = every_table(connection, "SELECT count(*) FROM {}")
        for key, statement in {
            "layers": "SELECT layer, version FROM layer_version ORDER BY layer",
            "parts": "SELECT how, count(*), count(cell_id) FROM part GROUP BY how ORDER BY how",
            "grids": "SELECT code, round(area_m2), valid FROM grid ORDER BY code",
            "plans": "SELECT status, count(*) FROM plan GROUP BY status ORDER BY status",
        }.items():
            told[key] = connection.execute(statement).fetchall()
        return told


def kill_often(databases, processes, stages, times, seed):
    """Kill steps at random moments; how often the step was already whole.

    What was killed is killed again until it was whole; at last it is let live: every run begins where one was killed.
    """
    chance = random.Random(seed)
    whole = 0
    for number, (step, (name, before, after, took)) in enumerate(stages.items()):
        left = times // len(stages) + (number < times % len(stages))
        while left:
            with databases.clone(of=name) as clone:
                while left:
                    left -= 1
                    delay = chance.uniform(0, 1.15 * took)
                    said = killed(processes, clone.app_url, step, delay)
                    if contents(databases, clone.name) != before:
                        whole += 1
                        break
                    assert not said, f"{step} said that it ended, but nothing is there"
                else:
                    lived(processes, clone.app_url, step)
                assert counts(databases, clone.name) == after, f"{step}, killed after {delay:.3f} s"
    return whole


def test_some_kills_leave_all_or_nothing(databases, processes, stages):
    assert kill_often(databases, processes, stages, HERE, SEED) < HERE


@pytest.mark.slow
def test_many_kills_leave_all_or_nothing(databases, processes, stages):
    times = IN_ALL - HERE
    assert 0 < kill_often(databases, processes, stages, times, SEED + 1) < times
