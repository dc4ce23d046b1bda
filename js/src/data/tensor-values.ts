/** How the values of a stored tensor are spread, as a kernel tells it. */

import type { Histogram } from "./activations.js";
import type { Answer, Question } from "./host.js";

export interface TensorValues {
  readonly histogram: Histogram;
  readonly elements: number;
  /** Elements that were read. */
  readonly counted: number;
  readonly sampled: boolean;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly mean: number | null;
  readonly std: number | null;
  readonly zeros: number;
  readonly nans: number;
  readonly infinities: number;
  readonly quantization: string;
}

export function valuesQuestion(tensor: number, bins: number): Question {
  return { type: "histogram", tensor, bins };
}

/** Rejects what is no such answer with a sentence for the reader. */
export function readValues({ content, buffers }: Answer): TensorValues {
  const [edges, counts] = buffers.map(numbers);
  if (!edges || !counts || counts.length < 1 || edges.length !== counts.length + 1) {
    throw new Error("The kernel sent no histogram: its version of HaoLine is another.");
  }
  const number = (key: string): number | null => {
    const value = content[key];
    return typeof value === "number" && Number.isFinite(value) ? value : null;
  };
  const amount = (key: string): number => number(key) ?? 0;
  const { quantization } = content;
  return {
    histogram: { low: edges.subarray(0, -1), high: edges.subarray(1), count: counts },
    elements: amount("elements"),
    counted: amount("counted"),
    sampled: content["sampled"] === true,
    minimum: number("minimum"),
    maximum: number("maximum"),
    mean: number("mean"),
    std: number("std"),
    zeros: amount("zeros"),
    nans: amount("nans"),
    infinities: amount("infinities"),
    quantization: typeof quantization === "string" ? quantization : "",
  };
}

/** A copy: the bytes of a message may begin anywhere. */
function numbers({ buffer, byteOffset, byteLength }: ArrayBufferView): Float64Array {
  return new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength - (byteLength % 8)) as ArrayBuffer);
}
