import type { Shown } from "./panel.js";
import { channelWord, type Showing } from "./showing.js";

/** What is shown, for the head of a saved picture. */
export function titleOf(shown: Shown, what: Showing): string {
  const { doc, row } = shown;
  const shape = doc.tensors.text("shape")?.at(row) ?? "";
  const channel = what.kind === "channel" ? `${channelWord(doc, row)} ${what.channel}` : "";
  return [`tensor ${doc.tensorOf(row)}`, shape, channel, sampleText(shown)].filter((part) => part !== "").join(" · ");
}

export function sampleText({ doc, sample, against, mean }: Shown): string {
  const label = (index: number): string => doc.header.samples[index]?.label || `sample ${index}`;
  const base = mean ? "mean over samples" : label(sample);
  return against === null ? base : `${base} minus ${label(against)}`;
}

export function fileStem(shown: Shown, what: Showing): string {
  const channel = what.kind === "channel" ? `_${channelWord(shown.doc, shown.row)}${what.channel}` : "";
  return `activation${shown.doc.tensorOf(shown.row)}${channel}_${shown.mean ? "mean" : `sample${shown.sample}`}`;
}
