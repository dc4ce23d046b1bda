/** Keeps the state of a view in its output, so that a notebook opens as it was saved. */

import type { IRenderMime } from "@jupyterlab/rendermime";
import type { ReadonlyPartialJSONValue } from "@lumino/coreutils";
import type { Host } from "../data/host";
import { stateOf } from "../data/host-state";
import { REPORT_MIME, type Stored } from "./stored";

/** What of an output is drawn, apart from its state. */
const FIXED = ["document", "activations", "divergence", "view_id"] as const;

export class StoredState {
  readonly #model: IRenderMime.IMimeModel;
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

  /** Writes down what the reader sees. Done when the notebook is saved: a drag alone is no change of a notebook. */
  write(host: Host): void {
    const state = stateOf(host);
    if (JSON.stringify(state) === JSON.stringify(this.#stored.state)) return;
    this.#stored = { ...this.#stored, state };
    const kept = this.#stored as unknown as ReadonlyPartialJSONValue;
    this.#model.setData({ data: { ...this.#model.data, [REPORT_MIME]: kept } });
  }
}
