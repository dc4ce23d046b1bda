/**
 * What a plan would give, without building it: the errors that the parts of a model put into its outputs are about
 * independent, so that their powers add up.
 */

import type { Plan } from "../../data/index.js";
import type { WhatIf, WhatIfUnit } from "../../data/what-if.js";

export interface Outcome {
  readonly sqnr_db: number | null;
  readonly cosine: number | null;
  readonly size: number | null;
  readonly latency_us: number | null;
}

/** What a repair of the model brings does not follow from what its parts cost. */
const UNKNOWN: Outcome = { sqnr_db: null, cosine: null, size: null, latency_us: null };

type State = "quantized" | "int16" | "float";

export class Predictor {
  readonly #whatIf: WhatIf;
  /** With everything quantized. */
  readonly #base: Outcome;
  /** Power of the error of the outputs as a share of their power: measured, and as the parts add up. */
  readonly #measured: number | null;
  readonly #sum: number;

  /** `measured` is what the variant itself gave; what it does not say is taken from where the parts were measured. */
  constructor(whatIf: WhatIf, measured: Partial<Outcome> = {}) {
    this.#whatIf = whatIf;
    this.#base = {
      sqnr_db: measured.sqnr_db ?? whatIf.base.sqnr_db,
      cosine: measured.cosine ?? whatIf.base.cosine,
      size: measured.size ?? whatIf.size.variant,
      latency_us: measured.latency_us ?? whatIf.latency?.variant_us ?? null,
    };
    const { sqnr_db } = this.#base;
    this.#measured = sqnr_db === null ? null : 10 ** (-sqnr_db / 10);
    this.#sum = whatIf.units.reduce((sum, unit) => sum + (unit.noise ?? 0), 0);
  }

  /** Every predicted figure follows from measured ones; null: something that it follows from is unknown. */
  predict(plan: Plan): Outcome {
    if (plan.changes.length > 0) return UNKNOWN;
    const [keep, int16] = [new Set(plan.keep_float), new Set(plan.int16)];
    const states = this.#whatIf.units.map((unit) => stateOf(unit, keep, int16));
    const noise = this.#noise(states);
    return {
      sqnr_db: noise === null ? null : -10 * Math.log10(noise),
      cosine: noise === null ? null : this.#cosine(noise),
      size: this.#size(states),
      latency_us: this.#latency(states),
    };
  }

  /** The signal to noise with the first 0, 1, 2, … of these ops float; NaN where unknown. */
  curve(ops: readonly number[]): Float64Array {
    return Float64Array.from({ length: ops.length + 1 }, (_, count) => {
      const { sqnr_db } = this.predict({ keep_float: ops.slice(0, count), int16: [], changes: [] });
      return sqnr_db ?? Number.NaN;
    });
  }

  #noise(states: readonly State[]): number | null {
    let sum = 0;
    for (const [at, { noise, noise_int16 }] of this.#whatIf.units.entries()) {
      if (states[at] === "float") continue;
      const own = states[at] === "int16" ? (noise_int16 ?? noise) : noise;
      if (own === null) return null;
      sum += own;
    }
    return this.#fitted(sum);
  }

  /**
   * With everything quantized the sum is to give what was measured. Where the parts add up to less they are scaled. Where
   * they add up to more, errors hide one another, the less so the fewer are left: the scale goes from its full effect
   * with everything quantized to none with nothing.
   */
  #fitted(sum: number): number {
    if (this.#measured === null || this.#sum === 0) return sum;
    const scale = this.#measured / this.#sum;
    if (scale >= 1) return sum * scale;
    return Math.min(sum * scale ** (sum / this.#sum), this.#measured);
  }

  /** That of an error at right angles to the signal, bent towards what was measured with everything quantized. */
  #cosine(noise: number): number {
    const [cosine, base] = [this.#base.cosine ?? 0, this.#measured ?? 0];
    if (!(cosine > 0 && cosine < 1 && base > 0 && Number.isFinite(base))) return aligned(noise);
    const bent = (1 / cosine ** 2 - 1) / base - 1;
    return aligned(Math.max(0, noise * (1 + bent * Math.min(1, noise / base))));
  }

  #size(states: readonly State[]): number | null {
    const { size } = this.#base;
    const units = this.#whatIf.units.filter((_, at) => states[at] === "float");
    return size === null ? null : units.reduce((sum, unit) => sum + difference(unit.bytes_float, unit.bytes), size);
  }

  #latency(states: readonly State[]): number | null {
    // Without the times of single ops nothing is known of what keeping one would take.
    let sum = this.#whatIf.latency ? this.#base.latency_us : null;
    for (const [at, unit] of this.#whatIf.units.entries()) {
      if (states[at] === "quantized" || unit.latency_us === null) continue;
      const chosen = states[at] === "float" ? unit.latency_float_us : unit.latency_int16_us;
      if (sum === null || chosen === null) return null;
      sum += chosen - unit.latency_us;
    }
    return sum === null ? null : Math.max(0, sum);
  }
}

/** What several ops ask to be quantized stays so until none of them does. */
function stateOf({ ops }: WhatIfUnit, keep: ReadonlySet<number>, int16: ReadonlySet<number>): State {
  if (ops.length === 0) return "quantized";
  if (ops.every((op) => keep.has(op))) return "float";
  return ops.every((op) => keep.has(op) || int16.has(op)) ? "int16" : "quantized";
}

/** Units of several ops carry no bytes of their own. */
function difference(float: number | null, quantized: number | null): number {
  return float === null || quantized === null ? 0 : float - quantized;
}

function aligned(noise: number): number {
  return 1 / Math.sqrt(1 + noise);
}
