import { format } from "../data/index.js";
import { type Child, h, uid } from "./dom.js";
import { nominalMemory, type Profile, peakText } from "./profiles.js";
import { size } from "./units.js";

/** One device in the list: name, memory and bandwidth. */
export function profileOption(profile: Profile, chosen: boolean, detected: boolean): HTMLElement {
  return h(
    "div",
    {
      role: "option",
      id: uid("profile"),
      class: "hl-profile",
      "aria-selected": String(chosen),
      "data-profile": profile.id,
      "data-testid": "haoline-profile-option",
    },
    h("span", { class: "hl-profile-name" }, profile.name),
    detected && h("span", { class: "hl-detected", title: "The device this kernel runs on" }, "detected"),
    h("span", { class: "hl-profile-figures" }, figures(profile)),
  );
}

/** Memory, bandwidth, peaks and where the figures come from. */
export function profileDetails(profile: Profile): HTMLElement {
  const facts = [
    ["Memory", format.bytes(profile.memory_bytes)],
    ["Bandwidth", size(profile.bandwidth, "B/s")],
    ["Board power", size(profile.tdp_watts, "W")],
    ["Architecture", profile.architecture ?? "n/a"],
    ["Link", link(profile)],
  ] as const;
  return h(
    "div",
    { class: "hl-sheet" },
    h("div", {}, h("h4", {}, profile.name, h("span", { class: "hl-muted" }, ` ${profile.vendor}`)), pairs(facts)),
    h("div", {}, h("h5", {}, "Peak rates (dense)"), peaks(profile)),
    h("div", { class: "hl-sheet-notes" }, ...notes(profile)),
  );
}

/** A description list. */
export function pairs(rows: readonly (readonly [string, string])[]): HTMLElement {
  return h("dl", { class: "hl-pairs" }, ...rows.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]));
}

function figures(profile: Profile): string {
  return `${size(nominalMemory(profile), "B")} · ${size(profile.bandwidth, "B/s")}`;
}

function peaks(profile: Profile): HTMLElement {
  const rows = Object.entries(profile.peaks ?? {}).filter(([, peak]) => peak !== null);
  return pairs(rows.map(([name, peak]) => [name, peakText(name, peak)] as const));
}

function link({ link: named }: Profile): string {
  if (!named?.name) return "n/a";
  return named.bytes_per_s ? `${named.name}, ${size(named.bytes_per_s, "B/s")}` : named.name;
}

function notes(profile: Profile): Child[] {
  const sources = Object.entries(profile.sources ?? {});
  const from = sources.map(([figure, source]) => h("li", {}, h("span", { class: "hl-muted" }, `${figure}: `), source));
  return [
    profile.notes ? h("p", { class: "hl-profile-note" }, profile.notes) : null,
    from.length > 0 && h("details", {}, h("summary", {}, "Sources"), h("ul", { class: "hl-sources" }, ...from)),
  ];
}
