/** How an edge looks: width by bytes, colour by precision or by a column, strong, faded or marked. */

import { clean } from "../model/labels.js";
import type { Frame } from "../scene/frame.js";
import { quadraticTensors } from "./attention.js";
import { faded, type Look } from "./look.js";
import { precision } from "./palette.js";

/** With more items selected than this their edges are not picked out. */
const MOST_SELECTED = 64;
const THIN = 1;
const THICK = 5;
/** Width of a tensor of unknown size. */
const USUAL = 1.2;

export class EdgeStyle {
  readonly #look: Look;
  readonly #byDtype: readonly string[];
  readonly #unknown: string;

  constructor(look: Look) {
    this.#look = look;
    const { dark } = look.theme;
    this.#byDtype = look.model.doc.tensors.text("dtype")?.dictionary.map((dtype) => precision(dtype, dark).color) ?? [];
    this.#unknown = precision(null, dark).color;
  }

  /** Under the pointer, at a selected item, or on the way that stands out. */
  strong(frame: Frame, e: number): boolean {
    const { hoverEdge, selected, emphasis } = this.#look;
    if (hoverEdge?.item === frame.item && hoverEdge.edge === e) return true;
    if (emphasis?.edges && this.#onWay(frame, e)) return true;
    if (selected.size === 0 || selected.size > MOST_SELECTED) return false;
    const [from, to] = [frame.boxes[frame.edges.from[e]!], frame.boxes[frame.edges.to[e]!]];
    return (from !== undefined && selected.has(from)) || (to !== undefined && selected.has(to));
  }

  /** Whether the edge steps back because something else stands out. */
  pale(frame: Frame, e: number): boolean {
    const { emphasis } = this.#look;
    if (!emphasis) return false;
    if (emphasis.edges) return !this.#onWay(frame, e);
    const [from, to] = [frame.boxes[frame.edges.from[e]!], frame.boxes[frame.edges.to[e]!]];
    return (from !== undefined && faded(this.#look, from)) || (to !== undefined && faded(this.#look, to));
  }

  /** Whether both ends are among what stands out; beyond a border the op behind it counts. */
  #onWay(frame: Frame, e: number): boolean {
    const { from, to } = this.#look.model.edges;
    return this.#endOnWay(frame, e, frame.edges.from[e]!, from) && this.#endOnWay(frame, e, frame.edges.to[e]!, to);
  }

  #endOnWay(frame: Frame, e: number, end: number, leaves: Int32Array): boolean {
    const box = frame.boxes[end];
    if (box !== undefined) return !faded(this.#look, box);
    const { leaves: sums } = this.#look.emphasis!;
    const leaf = leaves[frame.edges.sample[e]!] ?? -1;
    return leaf >= 0 && sums[leaf + 1]! > sums[leaf]!;
  }

  color(tensor: number): string {
    const { edgeColoring, model, theme } = this.#look;
    const own = edgeColoring ? edgeColoring.color(tensor) : null;
    if (own !== null) return own;
    if (edgeColoring) return theme.faint;
    if (theme.contrast === "forced") return theme.text;
    const code = model.doc.tensors.text("dtype")?.codes[tensor];
    return this.#byDtype[code ?? -1] ?? this.#unknown;
  }

  /** One unit per decade or so: 1 kB is thin, 1 GB is thick. */
  width(tensor: number): number {
    const nbytes = this.bytes(tensor);
    if (nbytes === null) return USUAL;
    return Math.max(THIN, Math.min(THICK, 1 + 0.55 * (Math.log10(Math.max(nbytes, 1)) - 3)));
  }

  bytes(tensor: number): number | null {
    return this.#look.model.doc.tensors.numeric("nbytes")?.at(tensor) ?? null;
  }

  /** `fp32 → int8` where what reads the tensor computes in another precision than what makes it; "" elsewhere. */
  change(tensor: number): string {
    return clean(this.#look.model.doc.tensors.text("precision_change")?.at(tensor) ?? "");
  }

  /** Whether the tensor grows with the square of the sequence length. */
  quadratic(tensor: number): boolean {
    return quadraticTensors(this.#look.model)[tensor] === 1;
  }
}

const largest = new WeakMap<Int32Array, number>();

/**
 * The first edge of a group that carries the largest tensor made in it, -1 where none is larger than the common one.
 * What comes in is marked where it was made.
 */
export function largestEdge(frame: Frame, bytes: (tensor: number) => number | null): number {
  const { tensor, count } = frame.edges;
  const known = largest.get(tensor);
  if (known !== undefined) return known;
  const sizes: number[] = [];
  let [best, most] = [-1, 0];
  for (let e = 0; e < count; e += 1) {
    const size = bytes(tensor[e]!) ?? 0;
    if (size > 0) sizes.push(size);
    if (size > most && frame.edges.from[e]! < frame.boxes.length) [best, most] = [e, size];
  }
  sizes.sort((a, b) => a - b);
  const common = sizes[sizes.length >> 1] ?? 0;
  const edge = most > common ? best : -1;
  largest.set(tensor, edge);
  return edge;
}
