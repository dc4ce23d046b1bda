import type { Sort } from "../settings.js";
import { numberText, shareText, shortText } from "../words.js";
import type { Channels } from "./channels.js";

/** A channel in a sentence, for those who hear it and for the line below the grid. */
export function channelText(channels: Channels, channel: number, name: string): string {
  const { mean, std, min, max, sparsity, dead, outlier } = channels.facts(channel);
  const divergence = channels.value(channel, "divergence");
  const parts = [
    mean !== null && `mean ${numberText(mean)}`,
    std !== null && `std ${numberText(std)}`,
    min !== null && max !== null && `${numberText(min)} to ${numberText(max)}`,
    sparsity !== null && `zeros ${shareText(sparsity)}`,
    divergence !== null && `divergence ${numberText(divergence)}`,
    dead && "dead: zero on every sample",
    outlier && "outlier: far larger than the others",
  ];
  return [`${name} ${channel}`, ...parts.filter((part) => part !== false)].join(" · ");
}

const SIGNS: Readonly<Record<Sort, string>> = {
  index: "μ",
  mean: "μ",
  std: "σ",
  max: "max",
  sparsity: "0:",
  divergence: "div",
};

/** The number beside a channel's name: what the grid is sorted by. */
export function noteText(channels: Channels, channel: number, sort: Sort): string {
  const value = channels.value(channel, sort === "index" ? "mean" : sort);
  if (value === null) return "";
  return `${SIGNS[sort]} ${sort === "sparsity" ? shareText(value) : shortText(value)}`;
}
