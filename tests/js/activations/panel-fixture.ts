/** A capture of the four ops of the report fixture: op 1 makes two tensors, op 2 was not captured. */

import { ActivationsDocument } from "../../../js/src/data/activations.js";
import { encode, type TableSpec } from "../data/encode.js";

const HEADER = {
  kind: "activations",
  id: "act1",
  report_id: "r1",
  mode: "statistics",
  provider: "CPUExecutionProvider",
  synthetic: false,
  complete: true,
  done: 3,
  sample_count: 3,
  samples: [{ label: "cat.png" }, { label: "dog.png" }, { label: "owl.png", tokens: ["an", "owl"] }],
  origin: "folder images/",
  notes: ["Pixels are divided by 255."],
  gaps: [{ what: "the body of a loop", ops: [2] }],
  findings: [
    { id: "a", severity: "info", title: "wide", ops: [0], evidence: { ratio: 12 }, advice: "" },
    { id: "b", severity: "error", title: "broken", ops: [3], evidence: "NaN", advice: "mend it" },
  ],
  check: { identical: true, max_abs_difference: 0, note: "" },
};

const TENSORS: TableSpec = {
  tensor: Int32Array.from([1, 2, 3, 4]),
  op: Int32Array.from([0, 1, 1, 3]),
  layout: ["maps", "maps", "vector", "vector"],
  shape: ["1×3×2×2", "1×3×2×2", "1×4", "1×4"],
  rank: Int32Array.from([4, 4, 2, 2]),
  channel_axis: Int32Array.from([1, 1, -1, -1]),
  channels: Int32Array.from([3, 3, 0, 0]),
  first_channel: Int32Array.from([0, 3, -1, -1]),
  samples: Float64Array.from([3, 3, 3, 3]),
  count: Float64Array.from([36, 36, 12, 12]),
  min: Float64Array.from([-2, 0, 1, Number.NaN]),
  max: Float64Array.from([4, 4, 1, Number.NaN]),
  mean: Float64Array.from([0.5, 1, 1, Number.NaN]),
  q001: Float64Array.from([-1.9, 0, 1, Number.NaN]),
  q999: Float64Array.from([3.9, 3, 1, Number.NaN]),
  quantiles: ["exact", "sampled", "exact", "exact"],
  sparsity: Float64Array.from([0, 0.5, 0, 0]),
  nan: Float64Array.from([0, 0, 0, 12]),
  inf: Float64Array.from([0, 0, 0, 0]),
  dead_channels: Float64Array.from([0, 1, Number.NaN, Number.NaN]),
};

const CHANNELS: TableSpec = {
  min: Float64Array.from([-2, -1, 0, 0, 0, 0]),
  max: Float64Array.from([4, 1, 2, 4, 0, 1]),
  mean: Float64Array.from([1, 0, 0.5, 2, 0, 0.5]),
  std: Float64Array.from([1, 0.5, 0.25, 3, 0, 0.25]),
  sparsity: Float64Array.from([0, 0, 0, 0.2, 1, 0.3]),
  dead: Uint8Array.from([0, 0, 0, 0, 1, 0]),
  outlier: Uint8Array.from([1, 0, 0, 0, 0, 0]),
};

const BINS: TableSpec = {
  activation: Int32Array.from([0, 0, 0, 0, 1, 1]),
  low: Float64Array.from([-2, 0, 0.5, 2, 0, 1]),
  high: Float64Array.from([-1, 0, 2, 4, 0, 4]),
  count: Float64Array.from([6, 4, 16, 10, 18, 18]),
};

export function capture(header: Record<string, unknown> = {}, tensors: TableSpec = {}): DataView {
  const tables = { activations: { ...TENSORS, ...tensors }, channels: CHANNELS, bins: BINS };
  const bytes = encode({ ...HEADER, ...header }, tables);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function captured(header: Record<string, unknown> = {}, tensors: TableSpec = {}): Promise<ActivationsDocument> {
  return ActivationsDocument.decode(capture(header, tensors));
}
