/** What is compared as a file: the pictures in sight, or the values. */

import type { Colors } from "../../../activations/color/coloring.js";
import { type Figure, figurePng, figureSvg } from "../../../activations/export/figure.js";
import type { Ink } from "../../../activations/ink.js";
import { channelWord, type Showing } from "../../../activations/showing.js";
import type { Side, TileSource } from "../../../activations/source.js";
import { sampleText } from "../../../activations/title.js";
import { saveBlob } from "../../../views/save-blob.js";
import type { Inspected } from "../scene.js";
import type { Pane } from "./pane.js";
import { sideOf, variantWord } from "./sides.js";

export interface SavedLook {
  readonly values: Colors;
  readonly error: Colors;
  readonly ink: Ink;
  readonly what: Showing;
  readonly flow: string;
}

const HEAD = 18;
const GAP = 12;

/** Each saves a file under a name, which is the answer. */
export async function savePictures(
  kind: "png" | "svg",
  inspected: Inspected,
  look: SavedLook,
  panes: readonly Pane[],
): Promise<string> {
  const figure = figureOf(inspected, look, panes);
  const channel = look.what.kind === "channel" ? look.what.channel : null;
  const name = `${stemOf(inspected, channel)}_compared.${kind}`;
  saveBlob(name, await (kind === "svg" ? figureSvg(figure) : figurePng(figure)));
  return name;
}

export async function saveValues(
  tiles: TileSource,
  inspected: Inspected,
  which: Side,
  channel: number | null,
): Promise<string> {
  const { divergence, row, sample } = inspected;
  const name = `${stemOf(inspected, channel)}_${which}.npy`;
  saveBlob(name, await tiles.array(divergence.tensorOf(row), sample, channel, which));
  return name;
}

function stemOf({ divergence, row, sample }: Inspected, channel: number | null): string {
  const one = channel === null ? "" : `_${channelWord(divergence, row)}${channel}`;
  return `activation${divergence.tensorOf(row)}${one}_sample${sample}`;
}

/** The panes as they stand on the screen, each under its name. */
function figureOf(inspected: Inspected, look: SavedLook, panes: readonly Pane[]): Figure {
  const names = namesOf(inspected);
  const drawn = panes.flatMap((pane, at) => {
    const one = pane.drawn();
    return one ? [{ ...one, name: names[at] ?? "" }] : [];
  });
  if (drawn.length === 0) throw new Error("There is no picture to save yet.");
  const across = look.flow === "across";
  const [widths, heights] = [drawn.map(({ width }) => width), drawn.map(({ height }) => height + HEAD)];
  const total = (sizes: number[]): number => sizes.reduce((sum, size) => sum + size, GAP * (sizes.length - 1));
  const { ink } = look;
  return {
    title: titleOf(inspected, look.what),
    width: across ? total(widths) : Math.max(...widths),
    height: across ? Math.max(...heights) : total(heights),
    colors: look.values,
    more: look.error,
    ink,
    draw: (context) => {
      let at = 0;
      drawn.forEach((one, i) => {
        context.save();
        context.translate(across ? at : 0, across ? 0 : at);
        context.font = `12px ${ink.font}`;
        context.textAlign = "left";
        context.fillStyle = ink.text;
        context.fillText(one.name, 8, 12);
        context.translate(0, HEAD);
        one.draw(context);
        context.restore();
        at += (across ? widths[i]! : heights[i]!) + GAP;
      });
    },
  };
}

function namesOf({ divergence, row, settings }: Inspected): string[] {
  const variant = variantWord(divergence, row);
  const error = settings.error === "local" ? "Error made here" : "Error";
  const first =
    settings.way === "wipe" ? `Float | ${variant}` : settings.way === "side" ? "Float" : `Float or ${variant}`;
  return [first, variant, error];
}

function titleOf(inspected: Inspected, what: Showing): string {
  const { divergence, row } = inspected;
  const channel = what.kind === "channel" ? `${channelWord(divergence, row)} ${what.channel}` : "";
  const parts = [
    divergence.header.variant,
    divergence.text(row, "shape"),
    channel,
    sampleText(sideOf(inspected, "float")),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}
