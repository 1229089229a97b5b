"""Does the exported map open with no network at all and draw every grid?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import box

PROGRAM = Path(sys.executable).with_name("gridkeeper")


@pytest.fixture
def grids(sample_dir, tmp_path):
    """Squares over the sample district, standing for grids."""
    west, south, east, north = gpd.read_file(sample_dir / "divisions.geojson").total_bounds
    wide, high = (east - west) / 5, (north - south) / 4
    frame = gpd.GeoDataFrame(
        {"grid_code": [f"g{k:02d}" for k in range(20)], "households": [40.0 + 16 * k for k in range(20)]},
        geometry=[
            box(west + i * wide, south + j * high, west + (i + 1) * wide, south + (j + 1) * high)
            for i in range(5)
            for j in range(4)
        ],
        crs="EPSG:4490",
    )
    path = tmp_path / "grids.gpkg"
    frame.to_file(path)
    return path


def test_exported_map_opens_without_a_network(browser, sample_dir, grids, tmp_path, artifacts):
    out = tmp_path / "map.html"
    layers = ("buildings", "barriers", "landcover")
    command = [PROGRAM, "export", "map", "--grids", grids, "--communities", sample_dir / "divisions.geojson"]
    command += [part for name in layers for part in (f"--{name}", sample_dir / f"{name}.geojson")]
    subprocess.run([*command, "--out", out], check=True, capture_output=True, text=True)

    context = browser.new_context(viewport={"width": 1024, "height": 640}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(out.as_uri())
    page.wait_for_selector("path.gk-grid")

    drawn = page.eval_on_selector_all("path.gk-grid", "all => all.map(p => p.getBoundingClientRect().width)")
    assert len(drawn) == 20
    assert min(drawn) > 5
    fills = page.eval_on_selector_all("path.gk-grid", "all => new Set(all.map(p => getComputedStyle(p).fill)).size")
    assert fills >= 5
    page.locator("path.gk-grid").first.click(force=True)
    card = page.locator(".leaflet-popup .gk-card")
    card.wait_for()
    assert "g00" in card.inner_text()
    assert page.locator(".gk-legend").is_visible()
    page.screenshot(path=artifacts / "exported-map.png")
    context.close()
    assert faults == []
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [out.as_uri()]
