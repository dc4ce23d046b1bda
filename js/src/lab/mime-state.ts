/** Keeps the state of a view in its output, so that a notebook opens as it was saved. */

import type { IRenderMime } from "@jupyterlab/rendermime";
import type { ReadonlyPartialJSONValue } from "@lumino/coreutils";
import type { Host } from "../data/host";
import { stateOf } from "../data/host-state";
import { REPORT_MIME, type Stored } from "./stored";

/** What of an output is drawn, apart from its state. */
const FIXED = ["document", "activations", "divergence", "view_id"] as const;

/** What a kernel may replace in a view: another variant is shown, or the costs of its ops are measured. */
const REPLACED = ["document", "divergence"] as const;
/** Bytes that a notebook takes of such; what is larger stays as its cell stored it. */
const MOST_BYTES = 4_000_000;
const PIECE = 8192;

export class StoredState {
  readonly #model: IRenderMime.IMimeModel;
  readonly #replaced = new Set<(typeof REPLACED)[number]>();
  #stored: Stored;

  constructor(model: IRenderMime.IMimeModel, stored: Stored) {
    this.#model = model;
    this.#stored = stored;
  }

  /** Whether the output holds what is drawn already: an output that changes is rendered again. */
  holds(stored: Stored | null): boolean {
    const { state } = this.#stored;
    const same = FIXED.every((part) => stored?.[part] === this.#stored[part]);
    return same && JSON.stringify(stored?.state) === JSON.stringify(state);
  }

  /** Notes what the kernel replaces in a comparison, for a reader without it; the result ends that. */
  follow(host: Host): () => void {
    if (this.#stored.view !== "divergence") return () => undefined;
    const notes = REPLACED.map((name) => [name, () => void this.#replaced.add(name)] as const);
    for (const [name, note] of notes) host.on(name, note);
    return () => {
      for (const [name, note] of notes) host.off(name, note);
    };
  }

  /** Writes down what the reader sees. Done when the notebook is saved: a drag alone is no change of a notebook. */
  write(host: Host): void {
    const state = stateOf(host);
    const bytes = this.#newBytes(host);
    if (!bytes && JSON.stringify(state) === JSON.stringify(this.#stored.state)) return;
    this.#stored = { ...this.#stored, ...bytes, state };
    const kept = this.#stored as unknown as ReadonlyPartialJSONValue;
    this.#model.setData({ data: { ...this.#model.data, [REPORT_MIME]: kept } });
  }

  /** Both or none: a comparison and the graphs it speaks of belong together. */
  #newBytes(host: Host): Partial<Stored> | null {
    const names = [...this.#replaced];
    this.#replaced.clear();
    const found = names.map((name) => [name, host.get(name)] as const);
    const whole = found.every(([, bytes]) => bytes && bytes.byteLength > 0 && bytes.byteLength <= MOST_BYTES);
    if (found.length === 0 || !whole) return null;
    return Object.fromEntries(found.map(([name, bytes]) => [name, base64(bytes!)]));
  }
}

/** In pieces: a call takes no more than some ten thousand arguments. */
function base64({ buffer, byteOffset, byteLength }: DataView): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}
