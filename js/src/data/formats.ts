/** What formats tell beyond ops: what the rows are, the architecture card, facts. All of it comes from files. */

import { isRecord } from "./container.js";

/** What the rows of the op table are. */
export type Holds = "ops" | "weights" | "layers";

const HOLDS: readonly unknown[] = ["ops", "weights", "layers"];
const NOUNS: Readonly<Record<Holds, string>> = { ops: "op", weights: "weight", layers: "layer" };

export function readHolds(value: unknown): Holds {
  return HOLDS.includes(value) ? (value as Holds) : "ops";
}

/** `op`, `weight`, `layer`. */
export function rowNoun(holds: Holds): string {
  return NOUNS[holds];
}

/** Facts of the architecture that are numbers; null: unknown. */
const COUNTS = [
  "hidden_size",
  "attention_heads",
  "kv_heads",
  "head_dim",
  "feed_forward_size",
  "experts",
  "experts_per_token",
  "shared_experts",
  "vocabulary",
  "context_length",
  "total_parameters",
  "active_parameters",
  "kv_bytes_per_token",
  "state_bytes",
] as const;

export type ArchitectureCounts = { readonly [K in (typeof COUNTS)[number]]: number | null };

export interface Architecture extends ArchitectureCounts {
  readonly family: string;
  /** Kinds of layers with how many there are, in the order in which they first come. */
  readonly layers: readonly (readonly [kind: string, count: number])[];
  readonly tied_embeddings: boolean | null;
  readonly kv_dtype: string;
  readonly source: string;
}

/** null where the document has no card, or none that can be read. */
export function readArchitecture(value: unknown): Architecture | null {
  if (!isRecord(value)) return null;
  const number = (key: string): number | null => {
    const found = value[key];
    return typeof found === "number" && Number.isFinite(found) ? found : null;
  };
  const counts = Object.fromEntries(COUNTS.map((key) => [key, number(key)])) as ArchitectureCounts;
  const tied = value.tied_embeddings;
  return {
    ...counts,
    family: text(value.family),
    layers: countKinds(value.layers),
    tied_embeddings: typeof tied === "boolean" ? tied : null,
    kv_dtype: text(value.kv_dtype),
    source: text(value.source),
  };
}

function countKinds(value: unknown): [string, number][] {
  const kinds = new Map<string, number>();
  for (const kind of Array.isArray(value) ? value : []) kinds.set(String(kind), (kinds.get(String(kind)) ?? 0) + 1);
  return [...kinds];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
