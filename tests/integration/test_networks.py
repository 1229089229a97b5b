"""Do several networks stand on one set of cells, each with its levels, and do their grids nest and correspond?"""

from __future__ import annotations

import datetime as dt
import json
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from api.jobs.running import run_job
from gis.clock import stopped_at
from gis.errors import CheckFailedError, ConflictError, InputError, NotFoundError
from gis.networks import Level, Network, read_reference
from gis.plans import Actor
from gis.store import pipeline
from gis.store.connect import connect
from gis.store.districts import district_of
from tests.integration import nested_district as nested
from tests.integration.invariants import insist_on_model
from tests.integration.served_district import lonlat, served

D = nested.DISTRICT
NOW = dt.datetime(2026, 7, 1, 4, tzinfo=dt.UTC)
CLOCK = stopped_at(NOW)
LI, WANG = Actor("李规划"), Actor("王审批")
NESTED = Network(
    "party",
    "党建网格",
    street_rule="geometric",
    levels=(
        Level(1, "district", "service", "local", 2340, 1000, 4000),
        Level(2, "subdistrict", "responsibility", "local", 780, 500, 1200),
        Level(3, "community", "basic", "gbt30428_2013", 195, 130, 260),
    ),
)
POLICE = Network("police", "警务网格", levels=(Level(1, "subdistrict", "responsibility", "local", 520, 300, 800),))


def put_in_force(connection, network, level):
    pipeline.propose_plan(connection, D, network=network, level=level, clock=CLOCK)
    return pipeline.publish_plan(connection, D, network=network, level=level, clock=CLOCK)


@pytest.fixture(scope="module")
def networks(databases):
    """Community grids, three nested levels (made from the finest up) and a police network, all in force."""
    with databases.clone() as database:
        with connect(database.app_url) as connection:
            nested.load(connection, CLOCK)
            pipeline.propose_plan(connection, D, clock=CLOCK)
            pipeline.publish_plan(connection, D, clock=CLOCK)
            pipeline.add_network(connection, D, NESTED)
            for level in (3, 2, 1):
                put_in_force(connection, "party", level)
            pipeline.add_network(connection, D, POLICE)
            put_in_force(connection, "police", 1)
            for actor in (LI, WANG):
                pipeline.add_person(connection, actor.name, clock=CLOCK)
        yield database


@pytest.fixture
def store(databases, networks):
    with databases.clone(of=networks.name) as database, connect(database.app_url) as connection:
        yield connection


def grids(connection, network, level):
    """Grids in force: code -> (kind, division, cells)."""
    rows = connection.execute(
        "SELECT g.code, g.kind, d.code, array_agg(m.cell_id ORDER BY m.cell_id) FROM grid g"
        " JOIN network n ON n.id = g.network_id JOIN division d ON d.id = g.division_id"
        " JOIN grid_cell m ON m.grid_id = g.id AND upper_inf(m.valid)"
        " WHERE n.code = %s AND g.level = %s AND upper_inf(g.valid) GROUP BY 1, 2, 3 ORDER BY 1",
        [network, level],
    )
    return {code: (kind, division, set(cells)) for code, kind, division, cells in rows}


def test_three_levels_nest_and_stay_inside_their_divisions(store):
    levels = {level: grids(store, "party", level) for level in (1, 2, 3)}
    assert [len(levels[level]) for level in (1, 2, 3)] == [1, 3, 12]
    assert {division for _, division, _ in levels[1].values()} == {D}
    assert {division for _, division, _ in levels[2].values()} == set(nested.SUBDISTRICTS)
    assert {kind for kind, _, _ in levels[2].values()} == {"responsibility"}
    assert min(levels[1]) == f"{D}-001"
    assert {code[:12] for code in levels[3]} == set(nested.COMMUNITIES)
    for coarse in (1, 2):
        for _, _, cells in levels[coarse + 1].values():
            assert sum(cells <= other for _, _, other in levels[coarse].values()) == 1
    everything = set().union(*(cells for _, _, cells in levels[3].values()))
    for level in (1, 2):
        assert set().union(*(cells for _, _, cells in levels[level].values())) == everything


def test_a_network_of_a_subdistrict_goes_over_the_borders_of_communities(store):
    police = grids(store, "police", 1)
    home = dict(store.execute("SELECT c.id, d.code FROM cell c JOIN division d ON d.id = c.community_id").fetchall())
    reach = [{home[cell] for cell in cells} for _, _, cells in police.values()]
    assert len(police) == 5  # 1,560 and 780 households of 520 a grid: 3 and, of 390 each, 2
    assert {2} <= {len(communities) for communities in reach}, "three grids on two communities: one is on both"
    assert {division for _, division, _ in police.values()} == set(nested.SUBDISTRICTS)
    assert len(grids(store, "community", 1)) == 12, "the community grids are what they were"


def test_what_is_in_force_is_told_of_every_level(store):
    place = district_of(store, D)
    told = [(one.network, one.level, one.version, one.grids) for one in pipeline.levels_in_force(store, place, NOW)]
    assert told == [("community", 1, 1, 12), ("party", 1, 1, 1), ("party", 2, 1, 3), ("party", 3, 1, 12),
                    ("police", 1, 1, 5)]  # fmt: skip
    before = NOW - dt.timedelta(days=1)
    assert {one.version for one in pipeline.levels_in_force(store, place, before)} == {None}
    assert [network.street_rule for _, network in pipeline.read_networks(store, place)] == [
        "duty", "geometric", "geometric",
    ]  # fmt: skip


def test_a_network_is_added_once_and_named_when_it_is_missing(store):
    with pytest.raises(ConflictError, match="has a network police already"):
        pipeline.add_network(store, D, POLICE)
    with pytest.raises(NotFoundError, match="no network 'health'"):
        pipeline.propose_plan(store, D, network="health", clock=CLOCK)
    with pytest.raises(NotFoundError, match="has no level 4"):
        pipeline.propose_plan(store, D, network="party", level=4, clock=CLOCK)
    with pytest.raises(InputError, match="could not lie in one"):
        pipeline.add_network(store, D, Network("x", "某", levels=(Level(1), Level(2, "subdistrict", "basic", "local"))))


def edit(connection, plan, revision, kind, payload):
    return pipeline.edit_draft(connection, D, plan, LI, revision=revision, kind=kind, payload=payload, clock=CLOCK)


def test_a_draft_of_a_subdistrict_is_edited_and_published_like_any_other(store):
    town = nested.SUBDISTRICTS[0]
    plan = pipeline.open_draft(store, D, [town], LI, network="police", clock=CLOCK)
    first, second, *_ = (code for code in grids(store, "police", 1) if code.startswith(town))
    done = edit(store, plan, 0, "merge", {"from": first, "into": second})
    assert [(g["key"], g["parts"]) for g in done.grids if g["cells"]] == [(second, 1)], "in one piece over the border"
    done = edit(store, plan, 1, "propose", {"communities": [town], "seed": 3, "target": 780})
    assert sum(g["households"] for g in done.grids) == 1560
    assert sum(1 for g in done.grids if g["cells"]) == 2
    pipeline.take_step(store, D, plan, LI, "submit", clock=CLOCK)
    pipeline.take_step(store, D, plan, WANG, "approve", clock=CLOCK)
    pipeline.take_step(store, D, plan, LI, "publish", effective=NOW + dt.timedelta(hours=1), clock=CLOCK)
    codes = sorted(code for code in grids(store, "police", 1) if code.startswith(town))
    assert len(codes) == 2
    assert all(code.startswith(f"{town}-0") for code in codes)


def test_a_finer_grid_may_not_reach_over_a_coarser_one(store):
    community = nested.COMMUNITIES[0]
    parent = {cell: code for code, (_, _, cells) in grids(store, "party", 2).items() for cell in cells}
    fine = {code: cells for code, (_, _, cells) in grids(store, "party", 3).items() if code.startswith(community)}
    # a coarser grid that takes one finer one only in part
    town = nested.SUBDISTRICTS[0]
    plan = pipeline.open_draft(store, D, [town], LI, network="party", level=2, clock=CLOCK)
    code, cells = next(iter(fine.items()))
    other = next(name for name in sorted(set(parent.values())) if name.startswith(town) and name != parent[min(cells)])
    edit(store, plan, 0, "move", {"cells": [min(cells)], "to": other})
    with pytest.raises(CheckFailedError) as fault:
        pipeline.take_step(store, D, plan, LI, "submit", clock=CLOCK)
    assert "first the finer one" in fault.value.remedy
    assert f"gridkeeper plan propose {D} {plan}" in fault.value.remedy
    checks = {check.name: check for check in pipeline.check_plan(store, D, plan, clock=CLOCK).checks}
    assert checks["nested"].hard
    assert list(checks["nested"].offenders["code"]) == [code]
    assert f"grid {code} lies in 2 grids of the level above" in checks["nested"].message["en"]


def whole(store, level, division, attempts) -> int:
    """A submitted and approved plan of the first edit that passes."""
    for kind, payload in attempts:
        plan = pipeline.open_draft(store, D, [division], LI, network="party", level=level, clock=CLOCK)
        edit(store, plan, 0, kind, payload)
        if all(check.passed for check in pipeline.check_plan(store, D, plan, clock=CLOCK).checks if check.hard):
            pipeline.take_step(store, D, plan, LI, "submit", clock=CLOCK)
            pipeline.take_step(store, D, plan, WANG, "approve", clock=CLOCK)
            return plan
        pipeline.take_step(store, D, plan, LI, "discard", clock=CLOCK)
    raise AssertionError("no edit passes")


def test_levels_that_change_one_after_the_other_nest_at_every_moment(store):
    town, fine, coarse = nested.SUBDISTRICTS[0], grids(store, "party", 3), grids(store, "party", 2)
    parents = [code for code in coarse if code.startswith(town)]
    moves = [
        ("move", {"cells": sorted(cells), "to": parent})
        for _, _, cells in fine.values()
        for parent in parents
        if any(cells <= coarse[other][2] for other in parents if other != parent)
    ]
    upper = whole(store, 2, town, moves)
    midnight = dt.datetime(2026, 7, 1, 16, tzinfo=dt.UTC)
    pipeline.take_step(store, D, upper, LI, "publish", clock=CLOCK)
    coarse = grids(store, "party", 2)
    community = nested.COMMUNITIES[0]
    merges = [
        ("merge", {"from": a, "into": b})
        for a in fine for b in fine
        if a != b and a.startswith(community) and b.startswith(community)
        and any(fine[a][2] | fine[b][2] <= cells for _, _, cells in coarse.values())
    ]  # fmt: skip
    lower = whole(store, 3, community, merges)
    soon = NOW + dt.timedelta(hours=1)
    with pytest.raises(InputError, match="grids of the next level that are in force from 2026-07-01 16:00"):
        pipeline.take_step(store, D, lower, LI, "publish", effective=soon, clock=CLOCK)
    pipeline.take_step(store, D, lower, LI, "publish", clock=CLOCK)
    for at in (NOW, soon, midnight, midnight + dt.timedelta(days=1)):
        assert_nested(store, at)
    with pytest.raises(ConflictError, match="of level 3 was checked against these grids of level 2"):
        pipeline.take_step(store, D, upper, LI, "withdraw", clock=CLOCK)
    for plan in (lower, upper):
        pipeline.take_step(store, D, plan, LI, "withdraw", clock=CLOCK)
    assert_nested(store, midnight)


def assert_nested(store, at) -> None:
    """Every grid lies in one of the level above, which holds as many households as those in it."""
    rows = store.execute(
        "SELECT m.level, g.code, m.cell_id, coalesce((SELECT sum(h.households) FROM building_cell k"
        " JOIN household_count h ON h.building_id = k.building_id WHERE k.cell_id = m.cell_id), 0)"
        " FROM grid_cell m JOIN grid g ON g.id = m.grid_id JOIN network n ON n.id = m.network_id"
        " WHERE n.code = 'party' AND m.valid @> %s::timestamptz AND g.valid @> %s::timestamptz",
        [at, at],
    ).fetchall()
    table = pd.DataFrame(rows, columns=["level", "code", "cell", "households"])
    of = table.pivot_table(index="cell", columns="level", values="code", aggfunc="first")
    load = table[table["level"] == 3].set_index("cell")["households"].astype(float)
    assert len(of) == len(load) == len(table) / 3
    for finer, coarser in ((3, 2), (2, 1)):
        parent = of.groupby(finer)[coarser].agg(["nunique", "first"])
        assert (parent["nunique"] == 1).all()
        sums = load.groupby(of[finer]).sum().groupby(parent["first"]).sum()
        assert sums.to_dict() == load.groupby(of[coarser]).sum().to_dict()


def test_a_finer_level_made_after_the_coarser_stays_inside_it(databases):
    with databases.clone() as database, connect(database.app_url) as store:
        nested.load(store, CLOCK)
        pipeline.add_network(store, D, NESTED)
        for level in (1, 2, 3):
            put_in_force(store, "party", level)
        coarse, fine = grids(store, "party", 2), grids(store, "party", 3)
        for _, _, cells in fine.values():
            assert sum(cells <= other for _, _, other in coarse.values()) == 1
        for community in nested.COMMUNITIES:
            serials = [int(code[-3:]) for code in fine if code.startswith(community)]
            assert serials == list(range(1, len(serials) + 1))


def compare(connection, old, new):
    found = pipeline.correspond(connection, D, read_reference(old), read_reference(new), clock=CLOCK)
    sums = found.table.groupby("old")[["area_share", "household_share", "part_share"]].sum()
    assert np.allclose(sums, 1.0), "every old grid goes somewhere in full"
    return found


def test_two_networks_correspond_in_full(store):
    table = compare(store, "community@v1", "police").table
    assert table["new"].notna().all()
    assert table["households"].sum() == nested.HOUSEHOLDS
    area = store.execute("SELECT sum(area_m2) FROM grid WHERE level = 1 AND name IS NOT NULL AND network_id ="
                         " (SELECT id FROM network WHERE code = 'police')").fetchone()[0]  # fmt: skip
    assert table["area_m2"].sum() == pytest.approx(area, rel=1e-6)
    inside = store.execute("SELECT count(*) FROM part WHERE cell_id IS NOT NULL").fetchone()[0]
    assert 0 < table["parts"].sum() <= inside
    same = compare(store, "community", "community@2026-07-02").table
    assert (same["old"] == same["new"]).all()
    tree = compare(store, "party:3", "party:2").table
    assert not tree["old"].duplicated().any(), "a finer grid lies in one coarser grid"


def test_versions_correspond_over_cells_that_were_split(store):
    community = nested.COMMUNITIES[0]
    plan = pipeline.open_draft(store, D, [community], LI, clock=CLOCK)
    held = {code: cells for code, (_, _, cells) in grids(store, "community", 1).items() if code.startswith(community)}
    cell = store.execute("SELECT cell_id FROM building_cell k JOIN building b ON b.id = k.building_id"
                         " WHERE b.code = 'B000'").fetchone()[0]  # fmt: skip
    cut = next(code for code, cells in held.items() if cell in cells)
    first, second, _ = (code for code in sorted(held) if code != cut)
    edit(store, plan, 0, "split", {"cell": cell, "line": [lonlat(10, -5), lonlat(10, 60)]})
    edit(store, plan, 1, "merge", {"from": first, "into": second})
    pipeline.take_step(store, D, plan, LI, "submit", clock=CLOCK)
    pipeline.take_step(store, D, plan, WANG, "approve", clock=CLOCK)
    pipeline.take_step(store, D, plan, LI, "publish", effective=NOW + dt.timedelta(hours=1), clock=CLOCK)
    before, after = compare(store, "community@v1", "community"), compare(store, "community@v1", "community@v2")
    assert (before.table["old"] == before.table["new"]).all(), "it takes effect in an hour"
    assert len(set(after.new.cells) - set(after.old.cells)) >= 2, "one cell is several now"
    for other in ("police", "party:3", "party:2"):
        carried = compare(store, other, f"{other}@2026-07-02")
        assert (carried.table["old"] == carried.table["new"]).all(), "the other networks keep their ground"
        assert set(carried.new.cells) == set(after.new.cells)
    moved = after.table[after.table["old"] != after.table["new"]]
    assert [set(row) for row in moved[["old", "new", "household_share"]].to_numpy()] == [{first, second, 1.0}]
    assert after.table.set_index("old").loc[cut, "new"] == cut
    insist_on_model(store, district_of(store, D), [NOW, NOW + dt.timedelta(hours=1)])
    with pytest.raises(NotFoundError, match="has no version 9"):
        compare(store, "community@v9", "police")
    with pytest.raises(NotFoundError, match="are in force"):
        compare(store, "police@2020-01-01", "police")


def test_a_draft_corresponds_to_the_grids_of_its_communities(store):
    community = nested.COMMUNITIES[0]
    plan = pipeline.open_draft(store, D, [community], LI, clock=CLOCK)
    edit(store, plan, 0, "propose", {"communities": [community], "target": 390, "keep_old": "strictly"})
    held = [code for code in grids(store, "community", 1) if code.startswith(community)]
    there = compare(store, "community", f"community#{plan}").table
    assert there["old"].tolist() == sorted(held)
    assert set(there["area_share"]) == {1.0}, "united whole, and the other communities are left out"
    back = pipeline.correspond(store, D, read_reference(f"community#{plan}"), read_reference("community"), clock=CLOCK)
    assert set(back.table["new"]) == set(held)
    assert set(back.table["old"]) == set(there["new"])


def test_networks_their_tree_and_correspondence_over_http(networks):
    with served(networks.app_url, now=CLOCK) as client:
        told = client.get(f"/api/districts/{D}/networks").json()
        assert [(one["code"], [(lv["kind"], lv["version"], lv["grids"]) for lv in one["levels"]]) for one in told] == [
            ("community", [("basic", 1, 12)]),
            ("party", [("service", 1, 1), ("responsibility", 1, 3), ("basic", 1, 12)]),
            ("police", [("responsibility", 1, 5)]),
        ]
        tree = client.get(f"/api/districts/{D}/networks/party/tree").json()
        for parent in (row for row in tree if row["level"] < 3):
            children = [row["households"] for row in tree if row["parent"] == parent["code"]]
            assert sum(children) == parent["households"] > 0
        assert [row["parent"] for row in tree if row["level"] == 1] == [None]
        address = f"/api/districts/{D}/correspondence?from=community@v1&to=police"
        table = client.get(address).json()
        assert (table["old"]["grids"], table["new"]["grids"], table["old"]["version"]) == (12, 5, 1)
        assert sum(row["households"] for row in table["rows"]) == nested.HOUSEHOLDS
        for file in (client.get(address, headers={"Accept": "text/csv"}), client.get(f"{address}&format=csv")):
            assert file.content.startswith("\ufeff原网格 old,新网格 new,面积(m²)".encode())
            assert len(file.text.splitlines()) == 1 + len(table["rows"])
        assert client.get(f"/api/districts/{D}/networks/health/tree").status_code == 404
        assert client.get(f"/api/districts/{D}/correspondence?from=@&to=police").status_code == 422


def test_a_network_goes_from_a_command_to_a_table_for_excel(databases, networks, monkeypatch, tmp_path):
    from api.cli import app

    with databases.clone(of=networks.name) as database:
        monkeypatch.setenv("GRIDKEEPER_DATABASE_URL", database.app_url)

        def run(*arguments):
            done = CliRunner().invoke(app, [str(a) for a in arguments])
            assert done.exit_code == 0, done.output or done.exception
            return done.output

        level = "1:division_level=subdistrict,kind=service,target=780,min=400,max=1600"
        assert "propose 990101 --network health" in run(
            "network", "add", D, "health", "--name", "卫健网格", "--level", level
        )
        run("propose", D, "--network", "health", "--jobs", 1)
        assert "version 1, in force" in run("publish", D, "--network", "health")
        assert "780 (400-1600)" in run("network", "show", D, "health")
        assert "responsibility" in run("network", "list", D)
        plan = run("plan", "open", D, "--network", "health", "--communities", nested.SUBDISTRICTS[0], "--as", LI.name)
        assert f"{nested.SUBDISTRICTS[0]}-001" in plan
        assert "draft" in run("plan", "list", D, "--network", "health")
        for name in ("table.csv", "table.xlsx", "table.json"):
            run("correspondence", D, "--from", "community@v1", "--to", "health", "--out", tmp_path / name)
        csv, xlsx = pd.read_csv(tmp_path / "table.csv"), pd.read_excel(tmp_path / "table.xlsx")
        assert csv.columns.tolist() == xlsx.columns.tolist()
        assert csv["户数 households"].sum() == xlsx["户数 households"].sum() == nested.HOUSEHOLDS
        rows = json.loads((tmp_path / "table.json").read_text(encoding="utf-8"))["rows"]
        assert len(rows) == len(csv)
        assert "100.0 %" in run("correspondence", D, "--from", "party:3", "--to", "party:2")


# ------------------------------------------------------------------------------------------------ three become one
ONE = Network("one", "一张网", levels=(Level(1, target=390, minimum=260, maximum=600),))
OLD = [pipeline.Source("community"), pipeline.Source("party", 3, 2.0), pipeline.Source("police", 1, 0.5)]


def test_three_networks_become_one_whose_borders_are_theirs(store):
    made = pipeline.merge_networks(store, D, OLD, ONE, keep_old="strictly", clock=CLOCK)
    told = {one.name: kept for one, kept in made.kept}
    assert [(name, kept.grids, kept.whole) for name, kept in told.items()][:2] == [
        ("community", 12, 12), ("party:3", 12, 12),
    ]  # fmt: skip
    assert told["police"].grids == 5
    assert told["party:3"].border_followed == 1.0
    table = pipeline.correspondence_of_merge(store, D, made, clock=CLOCK)
    assert set(table["network"]) == set(told)
    sums = table.groupby(["network", "old"])[["area_share", "household_share", "part_share"]].sum()
    assert np.allclose(sums, 1.0)
    assert (table.groupby("network")["households"].sum() == nested.HOUSEHOLDS).all()

    pipeline.publish_plan(store, D, network="one", clock=CLOCK)
    new = grids(store, "one", 1)
    assert len(new) == made.step.measures["grids"] == 6
    after = compare(store, "party:3", "one").table
    mine = table[table["network"] == "party:3"].drop(columns="network").reset_index(drop=True)
    assert after.equals(mine), "what was told of the plan is what is in force"
    assert len(grids(store, "community", 1)) == 12, "the old networks stay until somebody takes them out of use"
    insist_on_model(store, district_of(store, D), [NOW])
    with pytest.raises(ConflictError, match="one has grids already"):
        pipeline.merge_networks(store, D, OLD, "one", clock=CLOCK)


def test_a_merge_that_cannot_be_is_refused_and_leaves_nothing(store):
    two = Network("two", "两网", levels=(Level(1), Level(2)))
    for sources, into, fault, said in (
        (OLD[:1], ONE, InputError, "cannot be merged"),
        ([*OLD, OLD[0]], ONE, InputError, "cannot be merged"),
        (OLD, "police", InputError, "into itself"),
        ([OLD[0], pipeline.Source("party", 3, 0)], ONE, InputError, "weight 0"),
        ([OLD[0], pipeline.Source("party", 9)], ONE, NotFoundError, "no level 9"),
        (OLD, two, InputError, "2 levels"),
        (OLD, "one", NotFoundError, "no network 'one'"),
    ):
        with pytest.raises(fault, match=said):
            pipeline.merge_networks(store, D, sources, into, clock=CLOCK)
    bare = Network("bare", "空网")
    pipeline.add_network(store, D, bare)
    with pytest.raises(ConflictError, match="No grids of network bare"):
        pipeline.merge_networks(store, D, [OLD[0], pipeline.Source("bare")], ONE, clock=CLOCK)
    codes = [network.code for _, network in pipeline.read_networks(store, district_of(store, D))]
    assert codes == ["community", "party", "police", "bare"]


def test_a_merge_by_command_and_as_a_job(databases, networks, monkeypatch, tmp_path):
    from api.cli import app

    with databases.clone(of=networks.name) as database:
        monkeypatch.setenv("GRIDKEEPER_DATABASE_URL", database.app_url)

        def run(*arguments):
            done = CliRunner().invoke(app, [str(a) for a in arguments])
            assert done.exit_code == 0, done.output or done.exception
            return done.output

        out = tmp_path / "changes.csv"
        level = "1:target=390,min=260,max=600"
        told = run("network", "merge", D, "community", "party:3", "police", "--into", "one", "--name", "一张网",
                   "--level", level, "--weight", 1, "--weight", 2, "--weight", 1, "--out", out)  # fmt: skip
        assert "party:3: 12 of 12 old grids whole (100.0%)" in told
        plan = int(told.partition("Plan ")[2].partition(".")[0])
        rows = pd.read_csv(out)
        assert set(rows["网格体系 network"]) == {"community", "party:3", "police"}
        assert run("correspondence", D, "--from", "police", "--to", f"one#{plan}")
        with connect(database.app_url) as connection, pytest.raises(NotFoundError, match="is of network one"):
            compare(connection, "police", f"police#{plan}")
        sources = [{"network": "community"}, {"network": "party", "level": 3, "weight": 2}, {"network": "police"}]
        asked = {"kind": "merge_networks", "sources": sources, "into": "one"}
        with served(database.app_url, now=CLOCK) as client:
            head = {"X-Gridkeeper-Person": quote(LI.name)}
            job = client.post(f"/api/districts/{D}/jobs", json=asked, headers=head).json()["id"]
            run_job(database.app_url, job, tmp_path)
            ended = client.get(f"/api/jobs/{job}").json()
            kept = {one["network"]: one["whole"] for one in ended["result"]["kept"]}
            assert (kept["community"], kept["party"]) == (12, 12)
            side = client.get(f"/api/districts/{D}/correspondence", params={
                "from": "police", "to": f"one#{ended['result']['report']['plan_id']}"}).json()["new"]  # fmt: skip
            assert (side["network"], side["grids"]) == ("one", 6)
