"""Is a network that contradicts itself refused with a remedy, and does a coarse level sum up its finer one?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InputError
from gis.graph import Adjacency
from gis.nesting import several_parents
from gis.networks import Level, Network, Reference, read_level, read_reference, require_sound
from gis.partition import coarsened, divide_level
from gis.partition.parts import communities_of
from gis.plans import count_parts
from gis.store.levels import across, edge_matched
from tests.unit.partition_ground import SIZE, lattice

SOUND = Network(
    "police", "警务网格", levels=(Level(1, "subdistrict", "responsibility", "local", 1000, 500, 2000), Level(2))
)


@pytest.mark.parametrize(
    ("network", "fault"),
    [
        (replace(SOUND, code="Police"), "no code of a network"),
        (replace(SOUND, name=" "), "has no name"),
        (replace(SOUND, street_rule="middle"), "Known: geometric, duty"),
        (replace(SOUND, levels=(Level(2),)), "has the levels 2"),
        (replace(SOUND, levels=()), "has the levels none"),
        (replace(SOUND, levels=(Level(1, kind="big"),)), "Known: basic, dedicated, rural"),
        (replace(SOUND, levels=(Level(1, "city"),)), "Known: district, subdistrict, community"),
        (replace(SOUND, levels=(Level(1, code_profile="x"),)), "Known: gbt30428_2013"),
        (replace(SOUND, levels=(Level(1, "subdistrict"),)), "Use profile=local"),
        (replace(SOUND, levels=(Level(1, target=100),)), "Give min <= target <= max"),
        (replace(SOUND, levels=(Level(1, target=250), SOUND.levels[0])), "has the levels 1, 1"),
        (replace(SOUND, levels=(Level(1), replace(SOUND.levels[0], level=2))), "could not lie in one"),
        (replace(SOUND, levels=(Level(1), Level(2, target=220))), "from coarse to fine"),
    ],
)
def test_a_network_that_contradicts_itself_is_refused(network, fault):
    with pytest.raises(InputError) as raised:
        require_sound(network)
    assert fault in str(raised.value)
    assert raised.value.remedy


def test_networks_levels_and_references_are_read_as_they_are_written():
    assert require_sound(SOUND) is SOUND
    assert read_level("2:kind=unit,target=40,min=1,max=90") == Level(2, "community", "unit", "gbt30428_2013", 40, 1, 90)
    assert read_level("1:division_level=district").code_profile == "local"
    assert read_reference("a:3@2026-08-01T08:00") == Reference("a", 3, None, "2026-08-01T08:00")
    for text in ("", "a:b", "@v1", "a@"):
        with pytest.raises(InputError, match="names no grids"):
            read_reference(text)
    for text in ("x:kind=unit", "1:target=many", "1:size=3"):
        with pytest.raises(InputError, match="Level"):
            read_level(text)


def test_grids_with_several_parents_are_found():
    fine = np.array(["a", "a", "b", "b", None], object)
    assert several_parents(fine, np.array(["x", "x", "y", "y", "z"], object)) == {}
    assert several_parents(fine, np.array(["x", "y", None, "y", "z"], object)) == {"a": ["x", "y"], "b": ["", "y"]}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**16), st.integers(2, 5))
def test_a_coarse_level_is_made_of_whole_finer_grids_and_sums_them(seed, size):
    ground = lattice(np.random.default_rng(seed).integers(20, 60, (6, 6)))
    fine = divide_level(ground, target=float(ground.cells["households"].sum()) / 9, seed=seed)
    codes = fine.grids["grid_code"].to_numpy(object)[fine.grid_of]
    target = float(ground.cells["households"].sum()) / size
    coarse = divide_level(ground, finer=codes, target=target, minimum=0.0, maximum=3 * target, seed=seed)
    parents = coarse.grids["grid_code"].to_numpy(object)[coarse.grid_of]
    assert several_parents(codes, parents) == {}
    sums = np.bincount(coarse.grid_of, ground.cells["households"].to_numpy(float))
    assert coarse.grids["households"].tolist() == sums.tolist()
    assert (count_parts(coarse.grid_of, ground.adjacency.pairs, len(coarse.grids)) == 1).all()
    inner = divide_level(ground, coarser=parents, target=target / 3, seed=seed)
    assert several_parents(inner.grids["grid_code"].to_numpy(object)[inner.grid_of], parents) == {}


def divided(ground, parts):
    """The same cells in strips of so many divisions, without neighbours across these."""
    column = (ground.cells.geometry.bounds["minx"] / SIZE).to_numpy().round().astype(int)
    of = np.array([f"D{c * parts // (column.max() + 1)}" for c in column], object)
    near = ground.adjacency
    same = of[near.pairs[:, 0]] == of[near.pairs[:, 1]]
    inner = Adjacency(near.pairs[same], near.length[same], near.follows[same], near.link[same])
    return replace(ground, cells=ground.cells.assign(community_id=of), adjacency=inner)


@pytest.mark.slow
def test_a_district_of_6_40_and_1144_grids_nests_and_its_sums_agree():
    ground = lattice(np.full((66, 52), 40.0))
    load = ground.cells["households"].to_numpy(float)
    finer, sums = None, None
    for n, divisions in ((1144, 4), (40, 2), (6, 1)):
        target = load.sum() / n
        options = {} if finer is None else {"finer": finer}
        made = divide_level(
            divided(ground, divisions),
            target=target,
            minimum=0.0,
            maximum=3 * target,
            seed=1,
            profile="local",
            **options,
        )
        codes = made.grids["grid_code"].to_numpy(object)[made.grid_of]
        assert len(made.grids) == n
        held = pd.Series(load).groupby(codes).sum()
        assert made.grids.set_index("grid_code")["households"].to_dict() == held.to_dict()
        if finer is not None:
            assert several_parents(finer, codes) == {}
            parent = pd.Series(codes).groupby(finer).first()
            assert sums.groupby(parent).sum().to_dict() == held.to_dict()
        finer, sums = codes, held


def test_borders_of_sets_are_the_sums_of_their_cells():
    ground = lattice(np.arange(16.0).reshape(4, 4))
    of = np.arange(16) // 4 // 2 * 2 + np.arange(16) % 4 // 2
    made = coarsened(ground, of)
    own, parts = communities_of(made)[0], communities_of(ground)[0]
    assert own.load.sum() == parts.load.sum()
    assert made.cells.geometry.area.sum() == pytest.approx(ground.cells.geometry.area.sum())
    near = ground.adjacency
    for (a, b), metres in zip(made.adjacency.pairs, made.adjacency.length, strict=True):
        assert a < b
        shared = made.cells.geometry.iloc[a].intersection(made.cells.geometry.iloc[b]).length
        assert metres == pytest.approx(shared)
    assert made.adjacency.length.sum() == near.length[of[near.pairs[:, 0]] != of[near.pairs[:, 1]]].sum()


def test_cells_of_two_communities_made_at_different_times_are_neighbours():
    older, younger = shapely.box(0, 0, 10, 10), shapely.Polygon([(10, 0), (20, 0), (20, 10), (10, 10), (10.000004, 5)])
    shapes = edge_matched(np.array([older, younger, shapely.box(0, 10, 10, 20)], object))
    cells = pd.DataFrame({"community_id": ["A", "B", "A"]})
    near = across(shapes, cells, division=np.array(["town"] * 3, object))
    assert near.pairs.tolist() == [[0, 1]], "over the border alone: the pair inside A is known already"
    assert near.length.tolist() == pytest.approx([10.0])
    assert shapely.coverage_union_all(shapes[:2]).geom_type == "Polygon"
    assert not len(across(shapes, cells, division=np.array(["town", "land", "town"], object)).pairs)
