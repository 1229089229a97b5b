"""Does the browser of the tests draw with WebGL 2 and write Chinese?"""

from __future__ import annotations

DRAW = """
() => {
  const canvas = document.createElement('canvas');
  const gl = canvas.getContext('webgl2');
  gl.clearColor(1, 0, 0, 1);
  gl.clear(gl.COLOR_BUFFER_BIT);
  const pixel = new Uint8Array(4);
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
  return Array.from(pixel);
}
"""
INK = """
(text) => {
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d');
  pen.font = '40px sans-serif';
  pen.fillText(text, 0, 60);
  return canvas.toDataURL();
}
"""


def test_webgl2_draws(page):
    page.goto("about:blank")
    assert page.evaluate(DRAW) == [255, 0, 0, 255]


def test_chinese_characters_are_not_boxes(page, shot):
    page.set_content("<p style='font: 40px sans-serif'>网格员 栋幢楼</p>")
    assert page.evaluate(INK, "网") != page.evaluate(INK, "格")
    assert page.evaluate(INK, "网") != page.evaluate(INK, "\ue123")
    assert shot(page).stat().st_size > 0
