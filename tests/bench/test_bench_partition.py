"""How good is a plan and what does it cost in CPU, beside METIS and KaHIP on the same cells?"""

import platform
import time
from statistics import median

import numpy as np
import pytest

from gis.measures.of_borders import share_along
from gis.measures.of_plans import plan_measures
from gis.partition import Effort, grid_frame, partition
from gis.partition.styles import STYLES
from tests.bench.grounds import BARE, DATA, folders, measured_ground, sample_folder
from tests.bench.peers import KAHIP, PEERS, peer_plan

SEEDS = (1, 2, 3, 4, 5)
STREET_M = 15.0
SHOWN = {
    "cpu_s": ("CPU s", "7.2f"),
    "multiple": ("x KaHIP", "7.2f"),
    "grids": ("grids", "6.0f"),
    "within_10": ("±10 %", "6.3f"),
    "ceiling_within_10": ("ceiling", "7.3f"),
    "within_10_unexcused": ("unexcused", "9.3f"),
    "within_20": ("±20 %", "6.3f"),
    "mad": ("MAD", "6.2f"),
    "rms": ("RMS", "6.2f"),
    "multipart_grids": ("parts", "5.0f"),
    "polsby_popper_mean": ("PP", "5.3f"),
    "polsby_popper_p10": ("p10", "5.3f"),
    "on_street": ("street", "6.3f"),
}
WIDTH = 26
COLUMNS = {key: max(len(head), int(form.split(".")[0])) for key, (head, form) in SHOWN.items()}


@pytest.fixture(scope="module")
def grounds(tmp_path_factory):
    """Our own sample district, and those of the environment; kernels are compiled before anything is timed."""
    made = tmp_path_factory.mktemp("grounds")
    small = measured_ground(sample_folder(made / "small", 1_500))
    partition(small.tessellation, effort=Effort(runs=1, steps_per_cell=2))
    paths = [sample_folder(made / "sample 30,000", 30_000), *folders()]
    return [measured_ground(path) for path in paths]


def measured(ground, plan, seconds):
    """Give all that the table shows of a plan."""
    grids = grid_frame(ground.tessellation, plan)
    names = ground.tessellation.communities["community_id"].astype(str)
    outlines = dict(zip(names, ground.tessellation.communities.geometry.values, strict=True))
    polygons, community = np.asarray(grids.geometry.values, object), grids["community_id"].to_numpy(str).astype(object)
    measures = plan_measures(ground.tessellation, plan, grids=grids)
    street = share_along(polygons, community, outlines, ground.lines, STREET_M)
    return {"cpu_s": seconds, "on_street": street, **measures}


def head(name):
    """Print the names of the columns."""
    print(f"\n{name:<{WIDTH}} " + " ".join(f"{SHOWN[key][0]:>{width}}" for key, width in COLUMNS.items()))


def row(name, values):
    """Print one line of the table; a figure that there is not is a dash."""
    told = []
    for key, width in COLUMNS.items():
        form = SHOWN[key][1].split(".")[1]
        told.append(f"{'-':>{width}}" if values.get(key) is None else f"{values[key]:{width}.{form}}")
    print(f"{name:<{WIDTH}} " + " ".join(told), flush=True)


def of_peers(ground):
    """Print the rows of the peers and give KaHIP's seconds, or None where it is not installed."""
    kahip = None
    rows = []
    for peer in PEERS:
        if not peer.there:
            rows.append((peer.name, None))
            continue
        plan, seconds = peer_plan(ground.tessellation, peer)
        rows.append((peer.name, measured(ground, plan, seconds)))
        kahip = seconds if peer.name == KAHIP else kahip
    for name, values in rows:
        if values is None:
            print(f"{name:<{WIDTH}} not installed: pip install gridkeeper[bench]")
        else:
            row(name, values | {"multiple": values["cpu_s"] / kahip if kahip else None})
    return kahip


@pytest.mark.slow
def test_the_engine_beside_its_peers(grounds, capsys):
    """Print one table; of each style of the engine the median over its seeds, and how far these lie apart."""
    gained = {style: [] for style in STYLES}
    with capsys.disabled():
        print(
            f"\npartition on {platform.machine()}, target 200, CPU seconds of partitioning alone;"
            f" engine: {len(SEEDS)} seeds; {DATA} adds districts"
        )
        for ground in grounds:
            head(f"{ground.name}: {len(ground.tessellation.cells):,} cells")
            kahip = of_peers(ground)
            bare = measured(ground, partition(ground.tessellation, effort=BARE), None)
            for style in STYLES:
                rows = []
                for seed in SEEDS:
                    start = time.process_time()
                    plan = partition(ground.tessellation, seed=seed, style=style)
                    rows.append(measured(ground, plan, time.process_time() - start))
                    assert rows[-1]["gap_m2"] + rows[-1]["overlap_m2"] < 1.0
                    linked = plan.grids["flags"].map(lambda flags: "linked" in flags).sum()
                    assert rows[-1]["multipart_grids"] <= linked
                for values in rows:
                    values["multiple"] = values["cpu_s"] / kahip if kahip else None
                there = [key for key in SHOWN if rows[0][key] is not None]
                row(f"engine {style}, median", {key: median(r[key] for r in rows) for key in there})
                spread = {key: (max(r[key] for r in rows) - min(r[key] for r in rows)) / 2 for key in there}
                row("  ± half the range", spread)
                gained[style].append(median(r["within_10"] for r in rows) - bare["within_10"])
            row("  random trees alone", bare)
            beside = f" = {ground.cpu_s / kahip:.2f} x KaHIP" if kahip else ""
            print(f"cells: {ground.cpu_s:.2f} CPU s{beside}")
    for style, gains in gained.items():  # a style that prices shapes gains less of this
        wanted = 0.1 if style == "balanced" else 0.05
        assert min(gains) > wanted, f"{style}: the search gains much over its start, whatever the machine"
