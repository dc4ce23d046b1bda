/** Remembers layouts by their whole input: identical groups are laid out once. */

import { layoutLayered } from "./layered.js";
import type { Layout, LayoutInput } from "./types.js";

interface Entry {
  readonly input: LayoutInput;
  readonly layout: Layout;
}

export class LayoutMemo {
  readonly #entries = new Map<number, Entry[]>();
  #computed = 0;
  #asked = 0;

  /** How many layouts were really computed, and how many asked for. */
  get counts(): { computed: number; asked: number } {
    return { computed: this.#computed, asked: this.#asked };
  }

  layout(input: LayoutInput): Layout {
    const known = this.find(input);
    if (known) return known;
    const layout = layoutLayered(input);
    this.keep(input, layout);
    return layout;
  }

  find(input: LayoutInput): Layout | undefined {
    this.#asked += 1;
    return this.#entries.get(hash(input))?.find((entry) => equal(entry.input, input))?.layout;
  }

  /** Remembers a layout that was computed, here or elsewhere. */
  keep(input: LayoutInput, layout: Layout): void {
    this.#computed += 1;
    const key = hash(input);
    this.#entries.set(key, [...(this.#entries.get(key) ?? []), { input, layout }]);
  }

  clear(): void {
    this.#entries.clear();
  }
}

function arrays(input: LayoutInput): (Float64Array | Int32Array)[] {
  return [input.width, input.height, input.from, input.to, input.fromDx, input.toDx];
}

/** FNV-1a over the numbers; collisions are told apart by `equal`. */
function hash(input: LayoutInput): number {
  let value = (input.n * 31 + input.inPorts) * 31 + input.outPorts;
  for (const array of arrays(input)) {
    for (let i = 0; i < array.length; i += 1) value = Math.imul(value ^ Math.round(array[i]! * 8), 0x01000193);
  }
  return value >>> 0;
}

function equal(a: LayoutInput, b: LayoutInput): boolean {
  if (a.n !== b.n || a.inPorts !== b.inPorts || a.outPorts !== b.outPorts || a.edges !== b.edges) return false;
  const others = arrays(b);
  return arrays(a).every((array, i) => sameNumbers(array, others[i]!));
}

function sameNumbers(a: Float64Array | Int32Array, b: Float64Array | Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
