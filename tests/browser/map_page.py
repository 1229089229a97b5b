"""How does a test open the map, wait until it is drawn, and read what is on it?"""

from __future__ import annotations

import base64
import json
import math
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Response

__all__ = ["MapPage", "degrees", "pixel"]

TILE = 512
COLOURS = """
async (data) => {
  const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))]));
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const pen = canvas.getContext('2d');
  pen.drawImage(picture, 0, 0);
  const { data: pixels } = pen.getImageData(0, 0, picture.width, picture.height);
  const counts = {};
  for (let i = 0; i < pixels.length; i += 4) {
    const colour = [pixels[i], pixels[i + 1], pixels[i + 2]].join(',');
    counts[colour] = (counts[colour] ?? 0) + 1;
  }
  return counts;
}
"""


@dataclass
class MapPage:
    """The map in a browser, and everything that went wrong on it."""

    page: Page
    address: str
    district: str
    faults: list[str] = field(default_factory=list)
    tiles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(message.text)

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status} {response.url}")
        elif "/tiles/" in response.url and response.status == 200:
            self.tiles.append(urllib.parse.urlsplit(response.url).path)

    def open(self, query: str = "", *, lang: str = "zh-CN") -> None:
        """Open the district with a view, and wait until it is drawn."""
        parts = [p for p in (query, f"lang={lang}") if p]
        self.page.goto(f"{self.address}overview/{self.district}?{'&'.join(parts)}")
        self.idle()

    def idle(self) -> None:
        """Wait until MapLibre rests and the chosen figure is on the grids."""
        self.page.wait_for_selector("#map[data-map-state=idle][data-map-figure]")

    def api(self, path: str, **query: Any) -> Any:
        """Ask the server itself what the screen should show."""
        text = f"?{urllib.parse.urlencode(query)}" if query else ""
        with urllib.request.urlopen(f"{self.address}api/{path}{text}", timeout=30) as answer:
            return json.load(answer)

    def grids(self) -> list[dict[str, Any]]:
        """Give the grids in force."""
        return self.api(f"districts/{self.district}/grids")

    def middle(self) -> tuple[float, float]:
        """Middle of the map in page pixels."""
        box = self.page.locator("#map").bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def colours(self) -> dict[str, int]:
        """Count the pixels of each colour on the map alone, without the panels over it."""
        x, y = self.middle()
        clip = {"x": x - 20, "y": y - 200, "width": 220, "height": 400}
        picture = base64.b64encode(self.page.screenshot(clip=clip)).decode()
        return self.page.evaluate(COLOURS, picture)

    def param(self, name: str) -> str | None:
        """Read one thing from the address of the page."""
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.page.url).query)).get(name)


def degrees(lon: float, lat: float, zoom: float, right: float, down: float) -> tuple[float, float]:
    """Longitude and latitude so many pixels right of and below a map's middle (Web Mercator, tiles of 512 px)."""
    world = TILE * 2.0**zoom
    x = (lon + 180) / 360 * world + right
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * world + down
    return x / world * 360 - 180, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / world))))


def pixel(lon: float, lat: float, zoom: float, to_lon: float, to_lat: float) -> tuple[float, float]:
    """Give the pixels right of and below a map's middle at which a place is drawn: the inverse of `degrees`."""
    world = TILE * 2.0**zoom

    def down(degree: float) -> float:
        return (1 - math.asinh(math.tan(math.radians(degree))) / math.pi) / 2 * world

    return (to_lon - lon) / 360 * world, down(to_lat) - down(lat)
