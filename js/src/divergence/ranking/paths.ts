/** Errors along the depth of a model as paths; where tensors outnumber pixels, the worst of each pixel. */

import { round } from "../../views/charts/frame.js";

export interface Plotted {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly y: (value: number) => number;
}

interface Step {
  readonly x: number;
  readonly next: number;
  /** NaN: unknown. */
  readonly value: number;
}

/** Half of this is left free on either side of a bar that is wide enough. */
const GAP = 1;

function* steps(values: Float64Array, { left, right }: Plotted): Iterable<Step> {
  const count = Math.min(values.length, Math.max(1, Math.floor(right - left)));
  for (let step = 0; step < count; step += 1) {
    const [from, to] = [Math.floor((step * values.length) / count), Math.floor(((step + 1) * values.length) / count)];
    let value = Number.NaN;
    for (let at = from; at < to; at += 1) if (!(values[at]! <= value) && values[at]! >= 0) value = values[at]!;
    const [x, next] = [left + ((right - left) * step) / count, left + ((right - left) * (step + 1)) / count];
    yield { x, next, value };
  }
}

/** A bar for each tensor, from the bottom. What has no error has no bar. */
export function barsPath(values: Float64Array, plotted: Plotted): string {
  let path = "";
  for (const { x, next, value } of steps(values, plotted)) {
    if (!(value > 0)) continue;
    const gap = next - x > 4 ? Math.min(GAP + (next - x) / 5, 10) : 0;
    const top = Math.min(plotted.y(value), plotted.bottom - 1);
    path += `M${round(x + gap / 2)} ${round(plotted.bottom)}V${round(top)}H${round(next - gap / 2)}V${round(plotted.bottom)}Z`;
  }
  return path;
}

/** A line that steps from tensor to tensor, broken where there is no error or none is known; `filled` down to the bottom. */
export function stepsPath(values: Float64Array, plotted: Plotted, filled: boolean): string {
  let path = "";
  let open = false;
  let last = 0;
  const close = (): void => {
    if (open && filled) path += `V${round(plotted.bottom)}Z`;
    open = false;
  };
  for (const { x, next, value } of steps(values, plotted)) {
    if (!(value > 0)) {
      close();
      continue;
    }
    const y = round(plotted.y(value));
    if (open) path += `V${y}`;
    else path += filled ? `M${round(x)} ${round(plotted.bottom)}V${y}` : `M${round(x)} ${y}`;
    path += `H${round(next)}`;
    open = true;
    last = next;
  }
  if (last > 0) close();
  return path;
}
