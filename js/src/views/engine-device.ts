import { format, isRecord, type ReportDocument } from "../data/index.js";
import { type Child, h } from "./dom.js";
import { asText } from "./units.js";

/** The device that an engine was built for and measured on, as its builder tells; null where it does not. */
export function engineDevice(report: ReportDocument): HTMLElement | null {
  const { engine } = report.facts;
  const device = isRecord(engine) && isRecord(engine.device) ? engine.device : {};
  const rows = Object.entries(device).flatMap(([name, value]): Child[] => [
    h("dt", {}, words(name.replace(/_bytes$/, ""))),
    h("dd", {}, typeof value === "number" && name.endsWith("_bytes") ? format.bytes(value) : asText(value)),
  ]);
  return rows.length > 0 ? h("dl", { class: "hl-pairs" }, ...rows) : null;
}

function words(key: string): string {
  if (key === "cuda") return "CUDA";
  const text = key.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
