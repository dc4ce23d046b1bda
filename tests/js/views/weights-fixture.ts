/** A checkpoint as a document: two layers of equal weights, one of them packed, an embedding. */

import { encode, type TableSpec } from "./fixture.js";

const NAMES = [
  "model.embed_tokens.weight",
  ...[0, 1].flatMap((layer) => [`model.layers.${layer}.q_proj.weight`, `model.layers.${layer}.norm.weight`]),
];
const SCOPES = ["", "model", "model.layers.0", "model.layers.1"];
const BYTES = [4096, 512, 64, 512, 64];

export interface WeightsSpec {
  readonly header?: Record<string, unknown>;
  readonly tables?: Record<string, TableSpec>;
}

/** Tensor 1 and 3 are packed and have scales, tensors 5 and 6. */
export function weights({ header = {}, tables = {} }: WeightsSpec = {}): DataView {
  const packed = (row: number): boolean => NAMES[row]!.includes("q_proj");
  const ops: TableSpec = [
    { name: "name", type: "str", values: NAMES, label: "Weight" },
    { name: "type", type: "str", values: NAMES.map(() => "Weight") },
    { name: "category", type: "str", values: ["embedding", "attention", "norm", "attention", "norm"] },
    { name: "scope", type: "i32", values: [1, 2, 2, 3, 3] },
    { name: "parameters", type: "f64", values: [2048, 1024, 32, 1024, 32], aggregate: "sum", label: "Parameters" },
    { name: "weight_bytes", type: "f64", values: BYTES, unit: "B", aggregate: "sum", label: "Weights" },
    { name: "weight_precision", type: "str", values: NAMES.map((_, row) => (packed(row) ? "int4" : "bfloat16")) },
    { name: "shape", type: "str", values: ["64×32", "32×32", "32", "32×32", "32"] },
    { name: "quantization", type: "str", values: NAMES.map((_, row) => (packed(row) ? "GPTQ int4" : null)) },
    { name: "bits_per_weight", type: "f64", values: NAMES.map((_, row) => (packed(row) ? 4.16 : 16)) },
    { name: "role", type: "str", values: ["embedding", "attention", "norm", "attention", "norm"] },
  ];
  const stored = [...NAMES, "model.layers.0.q_proj.scales", "model.layers.1.q_proj.scales"];
  const tensors: TableSpec = [
    { name: "name", type: "str", values: stored },
    { name: "kind", type: "str", values: stored.map((_, row) => (row < NAMES.length ? "initializer" : "buffer")) },
    { name: "dtype", type: "str", values: stored.map((_, row) => (packed(row % NAMES.length) ? "int32" : "bfloat16")) },
    { name: "shape", type: "str", values: stored.map(() => "32×32") },
    { name: "nbytes", type: "f64", values: [...BYTES, 16, 16] },
    { name: "producer", type: "i32", values: stored.map(() => -1) },
  ];
  const uses: TableSpec = [
    { name: "op", type: "i32", values: [0, 1, 1, 2, 3, 3, 4] },
    { name: "slot", type: "i32", values: [0, 0, 1, 0, 0, 1, 0] },
    { name: "tensor", type: "i32", values: [0, 1, 5, 2, 3, 6, 4] },
  ];
  const scopes: TableSpec = [
    { name: "path", type: "str", values: SCOPES },
    { name: "name", type: "str", values: ["tiny", "model", "layers.0", "layers.1"] },
    { name: "parent", type: "i32", values: [-1, 0, 1, 1] },
    { name: "structure", type: "i32", values: [0, 1, 2, 2] },
  ];
  return encode({ ...HEADER, ...header }, { ops, tensors, scopes, uses, makes: [], memory: [], ...tables });
}

const HEADER = {
  schema: 1,
  kind: "report",
  id: "r1",
  generator: "test",
  model: { name: "tiny", format: "safetensors", holds: "weights", metadata: {}, opsets: {}, inputs: [], outputs: [] },
  totals: { parameters: 4160, weight_bytes: 5248, bits_per_weight: 10.09, tensors: 7, macs: null, flops: null },
  gaps: [{ what: "a checkpoint holds weights but no ops: compute is not known", ops: [] }],
};
