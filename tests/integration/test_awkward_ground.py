"""Does awkward ground or a contradiction get a clear answer, from files, over HTTP and from every way to divide?

One district of communities that each have something wrong with them; all are divided, proposed and made even together,
so none may hang or hurt another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.errors import InputError
from gis.file_rebalancing import rebalance_files
from gis.files import partition_files
from gis.graph import Adjacency
from gis.partition import Locks, explain, propose_several, rebalance
from gis.store import pipeline
from gis.store.connect import connect
from tests.integration import served_district as serve
from tests.integration import small_district as small

D = f"/api/districts/{small.DISTRICT}"
PERSON = {"X-Gridkeeper-Person": quote("李规划")}
PLAIN, EMPTY, TOWER, ALONE, ISLANDS = (f"99010100100{i}" for i in range(1, 6))


def field(west, south, columns, rows, held, *, gap=30.0):
    """A rectangle of ground with as many buildings, `gap` metres apart, and the households of each."""
    spots = [(west + gap * (i + 0.5), south + gap * (j + 0.5)) for j in range(rows) for i in range(columns)]
    ground = shapely.box(west, south, west + gap * columns, south + gap * rows)
    return ground, spots, np.broadcast_to(held, len(spots)).astype(float)


def rock(west, south):
    """A part of a community with nothing on it: its cell has no neighbour."""
    return shapely.box(west, south, west + 20, south + 20), [], np.empty(0)


@dataclass(frozen=True)
class Awkward:
    """A community: what is wrong with it, its parts, how many grids it gets and which flags some of them have."""

    code: str
    why: str
    parts: list
    grids: int
    flags: set

    @property
    def ground(self):
        return shapely.union_all([part[0] for part in self.parts])

    @property
    def households(self):
        return sum(float(part[2].sum()) for part in self.parts)


TOWERED = np.r_[np.zeros(7), 900, np.zeros(7)]
COMMUNITIES = [
    Awkward(PLAIN, "nothing", [field(0, 0, 6, 5, 20)], 3, set()),
    Awkward(EMPTY, "no households at all", [field(300, 0, 4, 3, 0)], 1, {"empty"}),
    Awkward(TOWER, "all households in one building", [field(600, 0, 5, 3, TOWERED)], 1, {"oversize_building"}),
    Awkward(ALONE, "a single cell", [field(900, 0, 1, 1, 70)], 1, set()),
    Awkward(
        ISLANDS,
        "apart: a part large enough to be divided alone, one too small, and a bare rock",
        [field(1200, 0, 6, 5, 20), field(1500, 0, 4, 4, 20), field(1500, 300, 1, 2, 10), rock(1700, 300)],
        5,
        {"linked"},
    ),
]
TOTAL = sum(one.households for one in COMMUNITIES)


def frames():
    """Divisions and buildings as importers hand them over."""
    ground = [one.ground for one in COMMUNITIES]
    divisions = {
        "level": ["district", "subdistrict", *["community"] * len(ground)],
        "code": [small.DISTRICT, "990101001", *(one.code for one in COMMUNITIES)],
        "name": ["望河区", "临水街道", *(f"第{i}社区" for i in range(len(ground)))],
        "name_en": ["Wanghe", "Linshui", *(f"No. {i}" for i in range(len(ground)))],
        "parent_code": [None] * (2 + len(ground)),
        "successor": [None] * (2 + len(ground)),
        "properties": [{}] * (2 + len(ground)),
    }
    whole = shapely.box(-10, -10, 1800, 400)
    spots = [spot for one in COMMUNITIES for _, some, _ in one.parts for spot in some]
    held = np.concatenate([part[2] for one in COMMUNITIES for part in one.parts])
    shapes = [shapely.box(x - 7, y - 7, x + 7, y + 7) for x, y in spots]
    made = small.frame({"code": [f"B{i:03}" for i in range(len(spots))]}, shapes)
    made = made.assign(households=held, people=2 * held, estimated=False, address=None)
    made["as_of"] = pd.Timestamp("2026-06-30").date()
    return small.frame(divisions, [whole, whole, *ground]), made


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """The district as files."""
    folder = tmp_path_factory.mktemp("awkward")
    divisions, buildings = frames()
    communities = divisions[divisions["level"] == "community"][["code", "geometry"]]
    communities.rename(columns={"code": "community_id"}).to_parquet(folder / "communities.parquet")
    buildings[["code", "households", "geometry"]].to_parquet(folder / "buildings.parquet")
    return {"buildings": folder / "buildings.parquet", "communities": folder / "communities.parquet"}


@pytest.fixture(scope="module")
def divided(named):
    return partition_files(**named)


@pytest.fixture(scope="module")
def client(database):
    """The district in force, and a draft of all its communities."""
    divisions, buildings = frames()
    with connect(database.app_url) as connection:
        for batch in (small.batch("divisions", divisions), small.batch("buildings", buildings)):
            pipeline.write_batch(connection, small.DISTRICT, batch, clock=serve.CLOCK)
        pipeline.tessellate_district(connection, small.DISTRICT, clock=serve.CLOCK)
        pipeline.propose_plan(connection, small.DISTRICT, clock=serve.CLOCK)
        pipeline.publish_plan(connection, small.DISTRICT, clock=serve.CLOCK)
    with serve.served(database.app_url) as client:
        good(client.post("/api/persons", json={"name": "李规划"}), 201)
        yield client


@pytest.fixture(scope="module")
def draft(client):
    codes = [one.code for one in COMMUNITIES]
    return good(client.post(f"{D}/plans", json={"communities": codes}, headers=PERSON), 201)["id"]


def good(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def parts_of(tessellation, of, links):
    """Connected parts of each grid, by neighbours and links."""
    pairs = np.vstack([tessellation.adjacency.pairs, np.asarray(links).reshape(-1, 2)]).astype(int)
    same = of[pairs[:, 0]] == of[pairs[:, 1]]
    graph = coo_array((np.ones(same.sum()), pairs[same].T), shape=(len(of), len(of)))
    label = connected_components(graph, directed=False)[1]
    return [len(np.unique(label[of == g])) for g in np.unique(of)]


# ------------------------------------------------------------------------------------------------ answers
@pytest.mark.parametrize("one", COMMUNITIES, ids=lambda one: one.why)
def test_an_awkward_community_is_divided_from_files(divided, one):
    grids = divided.plan.grids
    mine = grids[grids["community_id"] == one.code]
    assert len(mine) == one.grids
    assert mine["households"].sum() == one.households
    assert {flag for flags in mine["flags"] for flag in flags} == one.flags
    shapes = divided.grids.loc[divided.grids["community_id"] == one.code].to_crs(divided.tessellation.cells.crs)
    ground = gpd.GeoSeries([small.placed(one.ground)], crs=small.METRIC).to_crs(shapes.crs)[0]
    assert (
        shapely.symmetric_difference(shapely.union_all(shapes.geometry.values), ground).area < 1.0
    )  # the file is in degrees


def test_the_whole_is_connected_told_and_explained(divided):
    assert parts_of(divided.tessellation, divided.plan.grid_of, divided.plan.links) == [1] * len(divided.plan.grids)
    assert divided.plan.report.tally()["community_empty"] == 1
    assert divided.tessellation.adjacency.link.sum() == 2  # the small part, and the rock
    off = (divided.plan.grids["households"] - 200).abs() > 20
    assert off.sum() == len(explain(divided.tessellation, divided.plan).reasons)


def test_proposals_and_rebalancing_bear_it_too(divided):
    ground = divided.tessellation
    made = propose_several(ground)
    assert len(made.found) == 3 or made.words
    for proposal in made.found:
        assert parts_of(ground, proposal.plan.grid_of, proposal.plan.links) == [1] * len(proposal.plan.grids)
    for code, words in ((EMPTY, "one grid"), (TOWER, "one grid"), (ALONE, "one grid")):
        alone = alone_of(ground, code)
        told = propose_several(alone)
        assert len(told.found) == 1
        assert words in told.words["en"]
    even = rebalance(ground, divided.plan.grid_of, links=divided.plan.links)
    for answer in even.answers:
        assert parts_of(ground, answer.grid_of, even.links) == [1] * len(divided.plan.grids)
        loads = np.bincount(answer.grid_of, ground.cells["households"].to_numpy(float))
        assert loads.sum() == TOTAL


def alone_of(tessellation, community):
    """The same ground, of one community alone."""
    mine = np.flatnonzero(tessellation.cells["community_id"].to_numpy(str) == community)
    near, local = tessellation.adjacency, np.full(len(tessellation.cells), -1)
    local[mine] = np.arange(len(mine))
    keep = (local[near.pairs] >= 0).all(axis=1)
    pairs = local[near.pairs[keep]].astype(np.int32)
    cells = tessellation.cells.iloc[mine].reset_index(drop=True)
    return replace(
        tessellation, cells=cells, adjacency=Adjacency(pairs, near.length[keep], near.follows[keep], near.link[keep])
    )


def test_over_http_too(client, draft):
    codes = [one.code for one in COMMUNITIES]
    made = good(client.post(f"{D}/plans/{draft}/proposals", json={"communities": codes}))
    assert made["proposals"]
    cells = good(client.get(f"{D}/plans/{draft}/cells"))["cells"]["cell_id"]
    for proposal in made["proposals"]:
        assert sorted(cell for some in proposal["assignment"].values() for cell in some) == cells
        assert proposal["figures"]["grids"] == sum(one.grids for one in COMMUNITIES)
    for code in (EMPTY, TOWER, ALONE):
        alone = good(client.post(f"{D}/plans/{draft}/proposals", json={"communities": [code]}))
        assert len(alone["proposals"]) == 1
        assert "没有别的划法" in alone["words"]["zh"]
    even = good(client.post(f"{D}/plans/{draft}/rebalancings", json={}))
    assert [answer["name"] for answer in even["answers"]] == ["fewest_moved", "between", "best_balance"]
    for code in (EMPTY, TOWER, ALONE):
        alone = good(client.post(f"{D}/plans/{draft}/rebalancings", json={"communities": [code]}))
        assert [(answer["moved"], answer["taking"]) for answer in alone["answers"]] == [(0, None)] * 3


# ------------------------------------------------------------------------------------------------ contradictions
WRONG = [
    ({"target": 0}, "target"),
    ({"target": -200}, "target"),
    ({"minimum": 300, "maximum": 200}, "minimum"),
    ({"minimum": 250}, "target"),
    ({"maximum": 190}, "target"),
    ({"minimum": -1}, "minimum"),
    ({"style": "round"}, "style"),
]


@pytest.mark.parametrize(("asked", "said"), WRONG, ids=str)
def test_a_contradiction_is_refused_by_everything(named, divided, client, draft, asked, said, tmp_path):
    grids = tmp_path / "grids.parquet"
    divided.grids.to_parquet(grids)
    for refuse in (
        lambda: partition_files(**named, **asked),
        lambda: propose_several(divided.tessellation, **asked),
        lambda: rebalance(divided.tessellation, divided.plan.grid_of, **asked),
        lambda: rebalance_files(**named, grids=grids, **asked),
    ):
        with pytest.raises(InputError, match=said) as fault:
            refuse()
        assert fault.value.remedy
    full = {"target": 200} | asked
    for path in ("propose", f"plans/{draft}/proposals", f"plans/{draft}/rebalancings"):
        body = full | ({"communities": [PLAIN]} if path != "propose" else {})
        problem = client.post(f"{D}/{path}", json=body, headers=PERSON)
        assert problem.status_code == 422, problem.text
        told = problem.json()
        assert said in told["detail"].lower()
        assert told["remedy"]
        assert told["detail_zh"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"lock_borders": [[f"{PLAIN}001", f"{PLAIN}001"]]}, "two grids"),
        ({"lock_grids": ["nowhere"]}, "nowhere"),
        ({"lock_cells": [10**12]}, "not of this plan"),
        ({"grids": ["nowhere"]}, "nowhere"),
        ({"communities": ["nowhere"]}, "nowhere"),
        ({"max_moved": -1}, "max_moved"),
    ],
    ids=str,
)
def test_locks_and_scopes_that_cannot_be_are_refused_over_http(client, draft, asked, said):
    problem = client.post(f"{D}/plans/{draft}/rebalancings", json=asked)
    assert problem.status_code == 422, problem.text
    assert said in problem.json()["detail"]
    assert problem.json()["detail_zh"]


def test_locks_that_leave_nothing_free_are_refused_where_asked_for_it_and_else_kept(client, draft, divided):
    keys = [grid["key"] for grid in good(client.get(f"{D}/plans/{draft}/cells"))["grids"]]
    problem = client.post(f"{D}/plans/{draft}/rebalancings", json={"lock_grids": keys, "grids": keys[:1]})
    assert problem.status_code == 422
    assert "Every grid in scope is locked" in problem.json()["detail"]
    of, cells = divided.plan.grid_of, divided.tessellation.cells
    locks = Locks(cells=[(i, None) for i in range(len(cells))])
    made = rebalance(divided.tessellation, of, links=divided.plan.links, locks=locks)
    assert made.report.tally()["nothing_to_move"] == 1
    assert all((answer.grid_of == of).all() for answer in made.answers)
    with pytest.raises(InputError, match="locked to grid") as fault:
        rebalance(divided.tessellation, of, locks=Locks(cells=[(0, int(of[0])), (0, int(of[0]) + 1)]))
    assert fault.value.remedy == "Keep one of the locks."
