import type { NumericColumn, ReportDocument, StringColumn } from "../../data/index.js";

const FLOAT_BITS: Readonly<Record<string, number>> = { float64: 64, float32: 32, float16: 16, bfloat16: 16 };
const BITS: Readonly<Record<string, number>> = {
  fp64: 64,
  fp32: 32,
  tf32: 32,
  fp16: 16,
  bf16: 16,
  fp8: 8,
  int8: 8,
  fp4: 4,
  int4: 4,
};

/** Bytes each op moves when float values are re-sized to the precision of the estimate. */
export class Traffic {
  #precision: string;
  #flops: NumericColumn | undefined;
  #intensity: NumericColumn | undefined;
  #weights: NumericColumn | undefined;
  #own: StringColumn | undefined;
  #stored: StringColumn | undefined;

  constructor(report: ReportDocument) {
    const { ops } = report;
    this.#precision = report.hardware?.precision ?? "";
    this.#flops = ops.numeric("flops");
    this.#intensity = ops.numeric("intensity");
    this.#weights = ops.numeric("weight_bytes");
    this.#own = ops.text("precision");
    this.#stored = ops.text("weight_precision") ?? this.#own;
  }

  /** Bytes of an op, 0 where unknown. */
  of(op: number): number {
    const intensity = this.#intensity?.at(op) ?? 0;
    if (!(intensity > 0)) return 0;
    const all = (this.#flops?.at(op) ?? 0) / intensity;
    const weights = Math.min(all, this.#weights?.at(op) ?? 0);
    // 4-bit weights keep 16-bit activations.
    const activations = this.#precision === "int4" ? "fp16" : this.#precision;
    return (
      (all - weights) * ratio(this.#own?.at(op), activations) + weights * ratio(this.#stored?.at(op), this.#precision)
    );
  }
}

/** What is stored in integers or 8-bit floats already stays as it is. */
function ratio(own: string | null | undefined, chosen: string): number {
  const [before, after] = [FLOAT_BITS[own ?? ""], BITS[chosen]];
  return before && after ? after / before : 1;
}
