import type { Sort } from "../settings.js";
import { decibels, numberText, shareText, shortText } from "../words.js";
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
    ...errorParts(channels, channel),
    dead && "dead: zero on every sample",
    outlier && "outlier: far larger than the others",
  ];
  return [`${name} ${channel}`, ...parts.filter((part) => part !== false)].join(" · ");
}

/** What was measured of the error of a channel, where two models are compared. */
function errorParts(channels: Channels, channel: number): (string | false)[] {
  const [sqnr, local, most] = ["sqnr_db", "local_sqnr_db", "max_abs"].map((name) => channels.value(channel, name));
  return [
    sqnr != null && `seen here ${decibels(sqnr)}`,
    local != null && `made here ${decibels(local)}`,
    most != null && `largest error ${numberText(most)}`,
  ];
}

const SIGNS: Readonly<Record<Sort, string>> = {
  index: "μ",
  mean: "μ",
  std: "σ",
  max: "max",
  sparsity: "0:",
  divergence: "div",
  sqnr_db: "",
  local_sqnr_db: "",
  max_abs: "err",
};
const IN_DECIBELS: readonly Sort[] = ["sqnr_db", "local_sqnr_db"];

/** The number beside a channel's name: what the grid is sorted by. */
export function noteText(channels: Channels, channel: number, sort: Sort): string {
  const shown = sort === "index" ? (channels.values("mean") ? "mean" : "sqnr_db") : sort;
  const value = channels.value(channel, shown);
  if (value === null) return "";
  if (IN_DECIBELS.includes(shown)) return decibels(value);
  return `${SIGNS[sort]} ${sort === "sparsity" ? shareText(value) : shortText(value)}`;
}
