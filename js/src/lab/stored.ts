/** A report kept in an output: the document the widget has, gzipped, in base64; maybe a capture or a comparison beside it. */

import { type Host, StaticHost } from "../data/host";
import { parseState } from "../data/host-state";
import { NO_CHOICE, parseChoice } from "./choice";

export const REPORT_MIME = "application/vnd.haoline.report+json";

export interface Stored {
  readonly id: string;
  readonly document: string;
  readonly activations?: unknown;
  readonly divergence?: unknown;
  readonly hardware?: unknown;
  /** The live view it was stored for. */
  readonly view_id?: string;
  readonly view?: unknown;
  readonly state?: unknown;
}

/** The report of a MIME bundle, if it has one that this version can read. */
export function storedReport(data: Record<string, unknown>): Stored | null {
  const value = data[REPORT_MIME] as Partial<Stored> | undefined;
  const whole = typeof value?.id === "string" && typeof value.document === "string";
  return whole ? (value as Stored) : null;
}

const VIEWS: readonly unknown[] = ["report", "graph", "activations", "divergence"];

export function storedHost(stored: Stored): Host {
  const { view, activations, divergence } = stored;
  return new StaticHost({
    ...parseState(stored.state),
    view: VIEWS.includes(view) ? (view as string) : "report",
    document: decode(stored.document),
    activations: typeof activations === "string" ? decode(activations) : null,
    divergence: typeof divergence === "string" ? decode(divergence) : null,
    hardware: parseChoice(stored.hardware) ?? NO_CHOICE,
  });
}

function decode(base64: string): DataView {
  const text = atob(base64);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return new DataView(bytes.buffer);
}
