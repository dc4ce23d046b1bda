/** A comparison of the four ops of the report fixture: `a` makes an error, `b` was folded away, `c` is exact, `d` suffers. */

import { DivergenceDocument } from "../../../js/src/data/divergence.js";
import { encode, type TableSpec } from "../data/encode.js";

const NaNs = Number.NaN;

export const HEADER = {
  kind: "divergence",
  id: "div1",
  report_id: "r1",
  variant_report_id: "r2",
  model: "m",
  variant: "m.int8",
  scheme: "static-int8",
  provider: "CPUExecutionProvider",
  synthetic: false,
  complete: true,
  done: 3,
  sample_count: 3,
  samples: [{ label: "cat.png" }, { label: "dog.png" }, { label: "owl.png" }],
  notes: ["one note"],
  gaps: [],
  findings: [{ id: "f", severity: "warning", title: "wide range", ops: [0], evidence: "", advice: "keep it" }],
  origin: "folder images/",
  check: { identical: true, max_abs_difference: 0, note: "" },
  outputs: [
    {
      name: "logits",
      task: "classification",
      sqnr_db: 20,
      cosine: 0.995,
      mse: 0.01,
      max_abs: 0.5,
      relative: 0.1,
      top1_agreement: 0.9,
      kl: 0.02,
      samples: { cosine: [0.999, 0.98, 0.997], sqnr_db: [30, 14, 25] },
    },
  ],
  sizes: { float: 4000, variant: 1000 },
  latency: { float: { p50_us: 200, p95_us: 220 }, variant: { p50_us: 100, p95_us: 130 } },
  summary: "m.int8 is 25 % of the size of m.",
  what_if: null,
};

const TENSORS: TableSpec = {
  tensor: Int32Array.from([1, 2, 3, 4]),
  op: Int32Array.from([0, 1, 2, 3]),
  variant_tensor: Int32Array.from([7, -1, 9, 10]),
  variant_op: Int32Array.from([5, -1, 6, 6]),
  matched: Uint8Array.from([1, 0, 1, 1]),
  how: ["name", "", "name", "structure"],
  why: ["", "folded into the quantizer of a", "", ""],
  precision: ["int8", "", "int8", "float32"],
  layout: ["maps", "maps", "vector", "vector"],
  shape: ["1×2×2×2", "1×2×2×2", "1×4", "1×?"],
  rank: Int32Array.from([4, 4, 2, 2]),
  channel_axis: Int32Array.from([1, 1, -1, -1]),
  channels: Int32Array.from([2, 0, 0, 0]),
  first_channel: Int32Array.from([0, -1, -1, -1]),
  sqnr_db: Float64Array.from([20, NaNs, NaNs, 10]),
  sqnr_min_db: Float64Array.from([14, NaNs, NaNs, 9]),
  cosine: Float64Array.from([0.995, NaNs, 1, 0.95]),
  local_sqnr_db: Float64Array.from([20, NaNs, NaNs, 40]),
  weight_sqnr_db: Float64Array.from([34, NaNs, NaNs, NaNs]),
  clipped: Float64Array.from([0.02, NaNs, 0, NaNs]),
  exact: Uint8Array.from([0, 0, 1, 0]),
  local_exact: Uint8Array.from([0, 0, 1, 0]),
  scale: Float64Array.from([0.5, NaNs, NaNs, NaNs]),
  zero_point: Float64Array.from([3, NaNs, NaNs, NaNs]),
  grid_low: Float64Array.from([-1.5, NaNs, NaNs, NaNs]),
  grid_high: Float64Array.from([126, NaNs, NaNs, NaNs]),
  bits: Float64Array.from([8, NaNs, NaNs, NaNs]),
};

const CHANNELS: TableSpec = {
  sqnr_db: Float64Array.from([12, 30]),
  local_sqnr_db: Float64Array.from([13, 31]),
  mse: Float64Array.from([0.1, 0.01]),
  max_abs: Float64Array.from([1, 0.2]),
};

const BINS: TableSpec = {
  row: Int32Array.from([0, 0, 3]),
  low: Float64Array.from([-1, 0, 2]),
  high: Float64Array.from([0, 1, 3]),
  float_count: Float64Array.from([5, 3, 4]),
  variant_count: Float64Array.from([6, 2, 4]),
};

/** What lint would change: a repair of the model, and two ops to keep. */
export const SUGGESTIONS = [
  {
    id: "mask-sentinel",
    severity: "error",
    title: "A mask constant before a Softmax",
    evidence: "-3.4e+38",
    why: "It takes the whole grid.",
    source: "ONNX, QuantizeLinear",
    label: "Clip the mask",
    ops: [3],
    keep_float: [],
    int16: [],
    changes: ["clip-mask"],
  },
  {
    id: "fragile-op",
    severity: "warning",
    title: "Ops that suffer most",
    evidence: "2 ops",
    why: "",
    source: "",
    label: "Leave them in float",
    ops: [0, 2],
    keep_float: [0, 2],
    int16: [],
    changes: [],
  },
];

/** What each op costs alone: `a` most, `a` and `d` share a quantizer. */
export const WHAT_IF = {
  units: [
    {
      id: "a",
      ops: [0],
      label: "a",
      noise: 0.006,
      noise_int16: 0.001,
      bytes_float: 800,
      bytes: 200,
      latency_float_us: 60,
      latency_us: 20,
      latency_int16_us: 75,
    },
    {
      id: "c",
      ops: [2],
      label: "c",
      noise: 0.003,
      noise_int16: 0.0005,
      bytes_float: 400,
      bytes: 100,
      latency_float_us: 30,
      latency_us: 10,
      latency_int16_us: null,
    },
    {
      id: "a+d",
      ops: [0, 3],
      label: "a and d",
      noise: 0.001,
      noise_int16: null,
      bytes_float: null,
      bytes: null,
      latency_float_us: null,
      latency_us: null,
      latency_int16_us: null,
    },
    {
      id: "b (time)",
      ops: [1],
      label: "b",
      noise: 0,
      noise_int16: 0,
      bytes_float: 0,
      bytes: 0,
      latency_float_us: 5,
      latency_us: 5,
      latency_int16_us: 5,
    },
  ],
  base: { sqnr_db: 20, cosine: 0.995 },
  check: "Errors add up well.",
  size: { float: 4000, variant: 1000 },
  latency: { float_us: 200, variant_us: 100 },
};

export function comparison(header: Record<string, unknown> = {}, tensors: TableSpec = {}): DataView {
  const tables = { divergence: { ...TENSORS, ...tensors }, channels: CHANNELS, bins: BINS };
  const bytes = encode({ ...HEADER, ...header }, tables);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function compared(header: Record<string, unknown> = {}, tensors: TableSpec = {}): Promise<DivergenceDocument> {
  return DivergenceDocument.decode(comparison(header, tensors));
}
