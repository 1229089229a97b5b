"""Which kinds of jobs are there, and which function of the store does each call?

A job calls what the command of the same name calls. Geometry libraries are loaded when the first job runs, not with
the worker.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor

    from gis.progress import Progress
    from gis.store.connect import Connection

__all__ = ["KINDS", "Kind", "Work"]


@dataclass(frozen=True)
class Work:
    """What a job has at hand.

    Parameters
    ----------
    connection : Connection
    district : str
    person : str
    options : mapping
        As they were asked for.
    progress : Progress
        Also the place where a cancelled job ends.
    executor : Executor or None
        For kinds that fan out.
    """

    connection: Connection
    district: str
    person: str
    options: Mapping[str, Any]
    progress: Progress
    executor: Executor | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of job.

    Parameters
    ----------
    name : str
    run : callable
        Does the work; gives what is to be told of it, as JSON.
    alone : bool
        A second one in the queue would do the same again: refused.
    fans_out : bool
        Communities are worked on by several processes.
    atomic : bool
        One transaction: the work and its outcome are kept together. Otherwise every step is one, and a second run goes
        on where the first ended.
    """

    name: str
    run: Callable[[Work], dict[str, Any]]
    alone: bool = False
    fans_out: bool = False
    atomic: bool = True


def _import(work: Work) -> dict[str, Any]:
    from api.cli.importing import read_for  # noqa: PLC0415
    from gis.store.write import NewDistrict, write_batch  # noqa: PLC0415

    if work.options["what"] == "grids":
        return _import_grids(work)
    options = _reading(work.options, district=work.district)
    paths = [str(path) for path in work.options["paths"]]
    code, batch = read_for(work.connection, work.options["what"], paths, options, progress=work.progress)
    new = NewDistrict(time_zone=options.time_zone, crs_note=batch.crs_note or None)
    work.progress(f"writing {work.options['what']}", 0, 0)
    effective = work.options.get("effective")
    done = write_batch(
        work.connection,
        code,
        batch,
        new=new,
        effective=dt.date.fromisoformat(effective) if effective else None,
        complete=work.options.get("complete", False),
        accept_partial=options.accept_partial,
    )
    return {"report": done.as_dict()}


def _import_grids(work: Work) -> dict[str, Any]:
    from api.cli.importing import read_for, read_grid_options  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    asked = work.options
    of = read_grid_options(asked.get("network", "community"), asked.get("level"), asked.get("effective"))
    options = _reading({**asked, "level": None}, district=work.district)
    paths = [str(path) for path in asked["paths"]]
    code, batch = read_for(work.connection, "grids", paths, options, progress=work.progress)
    done = pipeline.import_grids(
        work.connection,
        code,
        batch,
        **of,
        exact=asked.get("exact", False),
        accept_partial=options.accept_partial,
        by=work.person,
        progress=work.progress,
    )
    return _step(done)


def _load(work: Work) -> dict[str, Any]:
    from gis.store import pipeline  # noqa: PLC0415

    asked = work.options
    options = _reading(asked, district=asked.get("district"))
    with tempfile.TemporaryDirectory() as folder:
        read = pipeline.read_folder(
            work.connection, _gathered(asked["paths"], Path(folder)), options, progress=work.progress
        )
    new = pipeline.NewDistrict(
        name=asked.get("name"),
        time_zone=options.time_zone,
        metric_crs=asked.get("metric_crs"),
        crs_note=read.crs_note,
    )
    loaded = pipeline.load_district(
        work.connection,
        read.code,
        read.batches,
        new=new,
        target=asked.get("target", 200),
        minimum=asked.get("minimum"),
        maximum=asked.get("maximum"),
        seed=asked.get("seed", 1),
        style=asked.get("style", "balanced"),
        free=asked.get("free", False),
        effective=_moment(asked.get("effective"), read.time_zone),
        by=work.person,
        executor=work.executor,
        progress=work.progress,
    )
    told = {"reports": [report.as_dict() for report in loaded.reports], "skipped": list(read.skipped)}
    return told if loaded.published is None else {**told, **_step(loaded.published)}


def _tessellate(work: Work) -> dict[str, Any]:
    from gis.cells import CellSettings  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    largest = work.options.get("max_cell_m2")
    settings = CellSettings() if largest is None else CellSettings(max_cell_m2=largest)
    done = pipeline.tessellate_district(
        work.connection, work.district, settings=settings, executor=work.executor, progress=work.progress
    )
    return _step(done)


def _propose(work: Work) -> dict[str, Any]:
    from gis.store import pipeline  # noqa: PLC0415

    done = pipeline.propose_plan(
        work.connection,
        work.district,
        target=work.options.get("target"),
        minimum=work.options.get("minimum"),
        maximum=work.options.get("maximum"),
        seed=work.options.get("seed", 1),
        style=work.options.get("style", "balanced"),
        free=work.options.get("free", False),
        load=work.options.get("load"),
        keep_whole=work.options.get("keep_whole"),
        hard_barriers=work.options.get("hard_barriers"),
        seconds=work.options.get("seconds"),
        stages=work.options.get("stages"),
        **_network(work),
        executor=work.executor,
        progress=work.progress,
    )
    return _step(done)


def _publish(work: Work) -> dict[str, Any]:
    from gis.store import pipeline  # noqa: PLC0415

    place = pipeline.district_of(work.connection, work.district)
    done = pipeline.publish_plan(
        work.connection,
        work.district,
        work.options.get("plan_id"),
        effective=_moment(work.options.get("effective"), place.time_zone),
        by=work.person,
        **_network(work),
        progress=work.progress,
    )
    return _step(done)


def _network(work: Work) -> dict[str, Any]:
    """Level of a network the work is for."""
    return {"network": work.options.get("network", "community"), "level": work.options.get("level", 1)}


def _edit(work: Work) -> dict[str, Any]:
    from gis.store import pipeline  # noqa: PLC0415

    asked = work.options
    done = pipeline.edit_draft(
        work.connection,
        work.district,
        asked["plan"],
        pipeline.Actor(work.person),
        revision=asked["revision"],
        kind=asked["edit"],
        payload=asked.get("payload"),
        executor=work.executor,
        progress=work.progress,
    )
    return {"plan_id": asked["plan"], "revision": done.revision, "cells": len(done.cells)}


def _proposals(work: Work) -> dict[str, Any]:
    from gis.store import pipeline  # noqa: PLC0415

    return _compared(work, pipeline.compare_proposals)


def _rebalance(work: Work) -> dict[str, Any]:
    from gis.store import pipeline  # noqa: PLC0415

    return _compared(work, pipeline.compare_rebalancings)


def _compared(work: Work, compare: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Compare what may become of a draft."""
    asked = work.options
    return compare(work.connection, work.district, asked["plan"], asked, executor=work.executor, progress=work.progress)


def _merge_networks(work: Work) -> dict[str, Any]:
    from gis.networks import Network, read_level  # noqa: PLC0415
    from gis.store import pipeline  # noqa: PLC0415

    asked = work.options
    code, rule = asked["into"], asked.get("street_rule", "geometric")
    level = read_level(asked.get("level", "1"))
    done = pipeline.merge_networks(
        work.connection,
        work.district,
        [pipeline.Source(**one) for one in asked["sources"]],
        code if asked.get("name") is None else Network(code, asked["name"], None, rule, (level,)),
        keep_old=asked.get("keep_old", "mostly"),
        seed=asked.get("seed", 1),
        style=asked.get("style", "balanced"),
        executor=work.executor,
        progress=work.progress,
    )
    kept = [{"network": one.network, "level": one.level, **kept.as_dict()} for one, kept in done.kept]
    return _step(done.step) | {"network": done.network, "kept": kept}


def _plan_publish(work: Work) -> dict[str, Any]:
    from gis.store import pipeline  # noqa: PLC0415

    zone = pipeline.district_of(work.connection, work.district).time_zone
    pipeline.take_step(
        work.connection,
        work.district,
        work.options["plan"],
        pipeline.Actor(work.person),
        "publish",
        effective=_moment(work.options.get("effective"), zone),
        progress=work.progress,
    )
    return {"plan_id": work.options["plan"]}


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("import", _import),
        Kind("load", _load, alone=True, fans_out=True, atomic=False),
        Kind("tessellate", _tessellate, alone=True, fans_out=True),
        Kind("propose", _propose, alone=True, fans_out=True),
        Kind("publish", _publish, alone=True),
        Kind("edit", _edit, fans_out=True),
        Kind("proposals", _proposals, fans_out=True),
        Kind("rebalance", _rebalance, fans_out=True),
        Kind("merge_networks", _merge_networks, alone=True, fans_out=True),
        Kind("plan_publish", _plan_publish),
    )
}
"""Every kind by name."""


def _reading(asked: Mapping[str, Any], *, district: str | None) -> Any:
    from gis.ingest import ReadOptions  # noqa: PLC0415

    as_of = asked.get("as_of")
    return ReadOptions(
        crs=asked.get("crs"),
        swap_axes=asked.get("swap_axes", False),
        accept_crs=asked.get("accept_crs", False),
        map=dict(asked.get("columns") or {}),
        accept_partial=asked.get("accept_partial", False),
        as_of=dt.date.fromisoformat(as_of) if as_of else None,
        estimate_households=asked.get("estimate_households", False),
        level=asked.get("level"),
        district=district,
        district_name=asked.get("name"),
        time_zone=asked.get("time_zone"),
    )


def _gathered(paths: list[str], folder: Path) -> Path:
    """Give the one folder that was named, or all files that were, side by side."""
    given = [Path(path) for path in paths]
    if len(given) == 1 and given[0].is_dir():
        return given[0]
    for path in given:
        (folder / path.name).symlink_to(path)
    return folder


def _moment(text: str | None, zone: str) -> dt.datetime | None:
    from api.cli.districts import read_moment  # noqa: PLC0415

    return read_moment(text, zone)


def _step(step: Any) -> dict[str, Any]:
    from layers.steps import told  # noqa: PLC0415

    return {"report": told(step)}
