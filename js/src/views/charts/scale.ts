/** Axes: from values to pixels, and where to put ticks. */

export interface Scale {
  (value: number): number;
  invert(pixel: number): number;
  readonly ticks: readonly number[];
}

/** A linear axis from zero to at least `max`. Base 1024 gives round binary sizes. */
export function linear(max: number, from: number, to: number, wanted = 5, base = 1000): Scale {
  const step = base === 1024 ? powerOfTwo(max / wanted) : niceStep(max / wanted);
  const top = Math.max(step, Math.ceil(max / step - 1e-9) * step);
  const scale = (value: number): number => from + (value / top) * (to - from);
  const count = Math.round(top / step);
  return Object.assign(scale, {
    invert: (pixel: number): number => ((pixel - from) / (to - from)) * top,
    ticks: Array.from({ length: count + 1 }, (_, at) => at * step),
  });
}

/** A logarithmic axis over whole decades that hold `min` and `max`. */
export function logarithmic(min: number, max: number, from: number, to: number): Scale {
  const low = Math.floor(Math.log10(min));
  const high = Math.max(low + 1, Math.ceil(Math.log10(max)));
  const scale = (value: number): number => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const stride = Math.ceil((high - low) / 8);
  const ticks: number[] = [];
  for (let power = low; power <= high; power += stride) ticks.push(10 ** power);
  return Object.assign(scale, {
    invert: (pixel: number): number => 10 ** (low + ((pixel - from) / (to - from)) * (high - low)),
    ticks,
  });
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(rough: number): number {
  if (!(rough > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((nice) => nice * power >= rough) ?? 10;
  return factor * power;
}

function powerOfTwo(rough: number): number {
  return rough > 1 ? 2 ** Math.ceil(Math.log2(rough)) : 1;
}
