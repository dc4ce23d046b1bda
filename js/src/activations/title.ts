import type { Pictured } from "./panel.js";
import { channelWord, type Showing } from "./showing.js";

/** What is shown, for the head of a saved picture. */
export function titleOf(shown: Pictured, what: Showing): string {
  const { doc, row } = shown;
  const shape = doc.tensors.text("shape")?.at(row) ?? "";
  const channel = what.kind === "channel" ? `${channelWord(doc, row)} ${what.channel}` : "";
  return [`tensor ${doc.tensorOf(row)}`, shape, channel, sampleText(shown)].filter((part) => part !== "").join(" · ");
}

export function sampleText({ doc, sample, against, mean }: Pictured): string {
  const label = (index: number): string => doc.header.samples[index]?.label || `sample ${index}`;
  const base = mean ? "mean over samples" : label(sample);
  return against === null ? base : `${base} minus ${label(against)}`;
}

/** The name of a picture's file. */
export function pictureStem(shown: Pictured, what: Showing): string {
  const sample = shown.mean ? "mean" : `sample${shown.sample}`;
  return `${stem(shown, what)}_${sample}${shown.against === null ? "" : `-minus${shown.against}`}`;
}

/** The name of a file of values, which are those of one sample whatever is shown. */
export function valuesStem(shown: Pictured, what: Showing): string {
  return `${stem(shown, what)}_sample${shown.sample}`;
}

function stem({ doc, row }: Pictured, what: Showing): string {
  const channel = what.kind === "channel" ? `_${channelWord(doc, row)}${what.channel}` : "";
  return `activation${doc.tensorOf(row)}${channel}`;
}
