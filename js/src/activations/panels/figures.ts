/** Measured values as they stand in charts and tables. */

import { UNKNOWN } from "../../data/format.js";
import { numberText } from "../words.js";

type Maybe = number | null | undefined;

/** Four digits; powers of ten without idle zeros. NaN is what nobody knows. */
export function figure(value: Maybe): string {
  return Number.isNaN(value) ? UNKNOWN : numberText(value).replace(/\.?0*e\+?/, "e");
}

/** `−0.5 to 3.2`. */
export function span(low: Maybe, high: Maybe): string {
  return `${figure(low)} to ${figure(high)}`;
}
