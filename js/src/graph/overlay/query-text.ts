/** Terms of the query language (docs/architecture.md) for what a legend can ask. */

import { quoted } from "../explore/query.js";

/** `macs:1000..2e6`: both ends belong to it. */
export function rangeTerm(column: string, low: number, high: number): string {
  return `${quoted(column)}:${low}..${high}`;
}

/** `precision=int8`: the whole word, where a colon would find `uint8` as well. */
export function wordTerm(column: string, word: string): string {
  return `${quoted(column)}=${quoted(word)}`;
}
