/** What both sides have at one place, in words. */

import { keyOf } from "../../../activations/plane/feed.js";
import { pixelAt } from "../../../activations/plane/look.js";
import type { Reading } from "../../../activations/reading.js";
import type { Showing } from "../../../activations/showing.js";
import type { Side, Tile, TileSource } from "../../../activations/source.js";
import { isWhole, TOP, valueAt } from "../../../activations/tiles/tile.js";
import { numberText } from "../../../activations/words.js";
import type { QuantizationGrid } from "../../../data/index.js";
import type { Inspected } from "../scene.js";
import type { Spot } from "./pane.js";
import { sideOf, variantWord } from "./sides.js";

interface Found {
  readonly value: number;
  readonly whole: boolean;
  readonly rough: boolean;
}

/** `place`: what the picture under the pointer says of its place. */
export function comparedText(
  tiles: TileSource,
  inspected: Inspected,
  what: Showing,
  spot: Spot,
  place: Pick<Reading, "channel" | "axes">,
): string {
  const found = (which: Side): Found | null => find(tiles, inspected, what, spot, which);
  const { error } = inspected.settings;
  const [float, variant, apart] = [found("float"), found("variant"), found(error)];
  const grid = inspected.divergence.grid(inspected.row);
  const word = variantWord(inspected.divergence, inspected.row).toLowerCase();
  const parts = [
    float && `float ${text(float)}`,
    variant && `${word} ${text(variant)}`,
    apart && `${error === "local" ? "error made here" : "error"} ${text(apart)}${steps(apart.value, grid)}`,
    float && clipping(float.value, grid),
  ];
  const at = [place.channel, ...place.axes.map(({ name, text }) => `${name} ${text}`)].filter((part) => part !== "");
  const pooled = [float, variant, apart].some((one) => one && !one.whole);
  const note = pooled ? " (largest magnitude of each here)" : "";
  return `${at.join(" · ")}: ${parts.filter(Boolean).join(", ")}${note}`;
}

function find(tiles: TileSource, inspected: Inspected, what: Showing, spot: Spot, which: Side): Found | null {
  const one =
    spot.kind === "grid"
      ? ({ kind: "channel", channel: spot.at.channel } as const)
      : what.kind === "grid"
        ? null
        : what;
  if (!one || one.kind === "nothing") return null;
  const tile = tiles.peek(keyOf(sideOf(inspected, which), one, 0), true);
  if (!tile || tile.width === 0 || tile.height === 0) return null;
  const [row, column] = pixelOf(tile, spot);
  const value = valueAt(tile, row, column);
  // What is less than a step of the codes is what their rounding makes of nothing.
  const nothing = Math.abs(value) <= (tile.high - tile.low) / TOP;
  return { value: nothing ? 0 : value, whole: isWhole(tile), rough: tile.rough };
}

/** Tiles of one picture may differ in how they are pooled. */
function pixelOf(tile: Tile, spot: Spot): [row: number, column: number] {
  if (spot.kind === "grid") {
    const inside = (part: number, length: number): number => Math.min(length - 1, Math.floor(part * length));
    return [inside(spot.at.y, tile.height), inside(spot.at.x, tile.width)];
  }
  return [pixelAt(spot.at.row, tile.height, tile.fullHeight), pixelAt(spot.at.column, tile.width, tile.fullWidth)];
}

function text({ value, rough }: Found): string {
  return `${rough ? "≈ " : ""}${numberText(value)}`;
}

/** The error in steps of the grid: half a step is what rounding alone makes. */
function steps(error: number, { scale }: QuantizationGrid): string {
  if (!scale || !Number.isFinite(error) || error === 0) return "";
  const amount = Math.abs(error) / scale;
  return ` (${amount < 0.1 ? "< 0.1" : amount < 10 ? amount.toFixed(1) : Math.round(amount)} steps)`;
}

function clipping(value: number, { low, high, scale }: QuantizationGrid): string {
  const slack = (scale ?? 0) / 2;
  if (high !== null && value > high + slack) return `beyond the grid's ${numberText(high)}`;
  return low !== null && value < low - slack ? `beyond the grid's ${numberText(low)}` : "";
}
