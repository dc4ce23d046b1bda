"""Looks at the screenshots: is the graph there, and did a step change the picture?"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from .browser import chromium

LEAST_INK = 0.001
LEAST_COLOURS = 4

# The share of pixels that do not have the commonest colour, how many colours there are, and a checksum.
LOOK = """(async () => {
  const image = new Image();
  image.src = "data:image/png;base64,%s";
  await image.decode();
  const [x, y, width, height] = %s;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(image, -x, -y);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  let sum = 0;
  for (const pixel of pixels) {
    counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
    sum = (Math.imul(sum, 31) + pixel) | 0;
  }
  return { ink: 1 - Math.max(...counts.values()) / pixels.length, colours: counts.size, sum };
})()"""


def inspect(results: list[dict[str, Any]]) -> None:
    """Add to each result what its screenshots show, and what is wrong with them."""
    with chromium(limit=600) as browser:
        for result in results:
            last = None
            for shot in result["shots"]:
                text = base64.b64encode(Path(shot["path"]).read_bytes()).decode()
                shot |= browser.run(LOOK % (text, list(result["area"])))
                shot["wrong"] = fault(shot, last)
                last = shot


def fault(shot: dict[str, Any], before: dict[str, Any] | None) -> str:
    """Why a screenshot does not show what it should, "" where it does."""
    if shot["ink"] < LEAST_INK or shot["colours"] < LEAST_COLOURS:
        return "blank"
    if before and shot["step"].startswith("expand") and shot["sum"] == before["sum"]:
        return "unchanged"
    return ""
