"""Does a Dask cluster give the same plan as this machine, and is it said what is wrong where it cannot?"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

import gis.executors
from api.cli import main
from gis.errors import InputError
from gis.executors import executor_at
from gis.progress import fan_out

WORKERS = 2


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def cluster():
    """Address of a scheduler of its own with two worker processes, and their process numbers."""
    pytest.importorskip("distributed", reason="distributed is not installed: pip install gridkeeper[dask]")
    place = f"127.0.0.1:{free_port()}"
    name, port = place.split(":")
    here = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "dask", "scheduler", "--host", name, "--port", port, "--no-dashboard"], **here
        )
    ]
    worker = [sys.executable, "-m", "dask", "worker", f"tcp://{place}", "--no-nanny", "--nthreads", "1"]
    started += [subprocess.Popen([*worker, "--no-dashboard", "--host", name], **here) for _ in range(WORKERS)]
    try:
        yield f"dask://{place}", {process.pid for process in started[1:]}
    finally:
        for process in started:
            process.kill()  # nothing of theirs is worth a farewell
        for process in started:
            process.wait()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Four communities of 60 buildings each."""
    folder = tmp_path_factory.mktemp("district")
    x, y = (a.ravel() for a in np.meshgrid(np.arange(24) * 25.0, np.arange(10) * 25.0))
    place = np.array([500_000.0, 3_380_000.0])
    homes = np.random.default_rng(3).integers(0, 60, len(x))
    shapes = [shapely.box(a + 5, b + 5, a + 20, b + 18) for a, b in zip(x, y, strict=True)]
    grounds = [shapely.box(150 * i, 0, 150 * i + 150, 250) for i in range(4)]

    def put(columns, geometry, name):
        moved = shapely.transform(np.array(geometry), lambda xy: xy + place)
        gpd.GeoDataFrame(columns, geometry=moved, crs=4547).to_parquet(folder / name)

    ids = [f"B{i}" for i in range(len(x))]
    put({"building_id": ids, "households": homes}, shapes, "buildings.parquet")
    put({"community_id": ["a", "b", "c", "d"]}, grounds, "communities.parquet")
    return folder


@pytest.fixture
def partitioned(files, monkeypatch, capfd):
    """Run the command; gives its exit code and what it said."""

    def run(out, *more):
        given = ["--buildings", files / "buildings.parquet", "--communities", files / "communities.parquet"]
        words = ["gridkeeper", "partition", *given, "--out", out, *more]
        monkeypatch.setattr(sys, "argv", [str(word) for word in words])
        with pytest.raises(SystemExit) as end:
            main()
            raise SystemExit(0)
        return int(end.value.code or 0), capfd.readouterr().err

    return run


def who(number):
    time.sleep(0.05)
    return number, os.getpid()


@pytest.mark.filterwarnings("default")  # of packages that are not ours
def test_the_same_plan_from_a_cluster_as_from_processes_of_this_machine(cluster, partitioned, tmp_path):
    address, _ = cluster
    for name, where in (("here", ("--jobs", "2")), ("there", ("--executor", address))):
        code, said = partitioned(tmp_path / f"{name}.parquet", *where)
        assert code == 0, said
    here, there = (gpd.read_parquet(tmp_path / f"{name}.parquet") for name in ("here", "there"))
    assert len(here) > 20
    assert_geodataframe_equal(here, there)


@pytest.mark.filterwarnings("default")
def test_both_workers_take_part_and_answers_keep_their_order(cluster, monkeypatch):
    address, workers = cluster
    told = []
    with executor_at(address) as executor:
        found = fan_out(who, range(12), executor=executor, progress=lambda *step: told.append(step), label="who")
    assert [number for number, _ in found] == list(range(12))
    assert {pid for _, pid in found} == workers
    assert told[-1] == ("who", 12, 12)
    with pytest.raises(ZeroDivisionError), executor_at(address) as executor:
        fan_out((1).__truediv__, [2, 0], executor=executor)
    monkeypatch.setattr(gis.executors, "version", lambda _: "0.0")
    with pytest.raises(InputError, match=r"here it is 0\.0"), executor_at(address):
        pytest.fail("a cluster with another version must not be used")


@pytest.mark.filterwarnings("default")
def test_what_is_wrong_is_said_with_the_exit_code_of_a_bad_input(partitioned, tmp_path, monkeypatch):
    out = tmp_path / "out.parquet"
    code, said = partitioned(out, "--executor", "127.0.0.1:8786")
    assert (code, "no address of a cluster" in said) == (InputError.exit_code, True)
    with monkeypatch.context() as patch, pytest.raises(InputError, match=r"gridkeeper\[dask\]"):
        patch.setitem(sys.modules, "distributed", None)
        with executor_at("dask://127.0.0.1:1"):
            pytest.fail("no package")
    pytest.importorskip("distributed", reason="distributed is not installed: pip install gridkeeper[dask]")
    monkeypatch.setattr(gis.executors, "WAIT_S", 1.0)
    code, said = partitioned(out, "--executor", f"dask://127.0.0.1:{free_port()}")
    assert (code, "No Dask scheduler answers" in said) == (InputError.exit_code, True)
    assert not out.exists()
