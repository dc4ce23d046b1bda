import { Colors } from "../../../activations/color/coloring.js";
import type { Inspected } from "../scene.js";
import { sideOf, valueLimits } from "./sides.js";

/** One scale for both sides, one for the error; kept from one sample to the next: what is larger is to look larger. */
export class ComparedColors {
  readonly values: Colors;
  readonly error: Colors;
  readonly #key: string;

  constructor(inspected: Inspected, dark: boolean) {
    this.#key = keyOf(inspected, dark);
    this.values = new Colors(sideOf(inspected, "float"), dark, valueLimits(inspected));
    this.error = new Colors(sideOf(inspected, inspected.settings.error), dark, null);
  }

  /** These, where they are still right, else others. */
  static of(inspected: Inspected, dark: boolean, before: ComparedColors | null): ComparedColors {
    return before && before.#key === keyOf(inspected, dark) ? before : new ComparedColors(inspected, dark);
  }
}

function keyOf({ divergence, row, settings }: Inspected, dark: boolean): string {
  const { map, scale, limits, error } = settings;
  return JSON.stringify([divergence.id, row, map, scale, limits, error, dark]);
}
