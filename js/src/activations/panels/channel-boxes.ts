/** The channels of a tensor as boxes over a strip; where channels outnumber pixels, several share a box. */

import type { Channels } from "../maps/channels.js";

export interface ChannelBox {
  /** Places in the order, from first to before stop. */
  readonly first: number;
  readonly stop: number;
  readonly min: number;
  readonly max: number;
  /** Mean less and plus one standard deviation, within min and max; of those that share the box the outermost. */
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  readonly dead: boolean;
  readonly outlier: boolean;
}

/** At most so many boxes, in the order given. */
export function channelBoxes(channels: Channels, order: ArrayLike<number>, most: number): ChannelBox[] {
  const amount = Math.min(order.length, Math.max(1, most));
  return Array.from({ length: amount }, (_, at) =>
    box(channels, order, Math.floor((at * order.length) / amount), Math.floor(((at + 1) * order.length) / amount)),
  );
}

function box(channels: Channels, order: ArrayLike<number>, first: number, stop: number): ChannelBox {
  const found = { min: Infinity, max: -Infinity, low: Infinity, high: -Infinity, mean: 0, dead: false, outlier: false };
  let known = 0;
  for (let at = first; at < stop; at += 1) {
    const channel = order[at]!;
    const [mean, std] = [channels.value(channel, "mean"), channels.value(channel, "std") ?? 0];
    found.dead ||= channels.is(channel, "dead");
    found.outlier ||= channels.is(channel, "outlier");
    // A channel of NaN alone has no extremes.
    if (mean === null) continue;
    known += 1;
    found.mean += mean;
    const [min, max] = [channels.value(channel, "min") ?? mean, channels.value(channel, "max") ?? mean];
    found.min = Math.min(found.min, min);
    found.max = Math.max(found.max, max);
    found.low = Math.min(found.low, Math.max(min, mean - std));
    found.high = Math.max(found.high, Math.min(max, mean + std));
  }
  if (known === 0) return { ...found, first, stop, min: NaN, max: NaN, low: NaN, high: NaN, mean: NaN };
  return { ...found, first, stop, mean: found.mean / known };
}
