import { format, isRecord, type ReportDocument } from "../data/index.js";
import { type CardFact, factCard } from "./fact-card.js";

const { bytes, exact } = format;
const MOST_PRECISIONS = 4;

/** A compiled engine in a row of facts; null where the document is of none. */
export function engineCard(report: ReportDocument): HTMLElement | null {
  const { engine } = report.facts;
  if (!isRecord(engine)) return null;
  const version = engine.version ? `TensorRT ${String(engine.version)}` : "TensorRT";
  const device = isRecord(engine.device) ? String(engine.device.name ?? "") : "";
  const about = [version, device].filter(Boolean).join(" · ");
  return factCard("Engine", about, "haoline-engine", engineFacts(engine));
}

/** The facts that are known, in words. */
export function engineFacts(engine: Readonly<Record<string, unknown>>): CardFact[] {
  const number = (key: string): number | null => finite(engine[key]);
  const facts: (CardFact | null)[] = [
    counted("Fusions", number("fusions"), "layers made of several ops"),
    counted("Reformats", number("reformats")),
    precisions(engine.precision),
    counted("Streams", number("streams")),
    sized("Device memory", number("memory_bytes")),
    bindings(engine.bindings),
  ];
  return facts.filter((fact) => fact !== null);
}

function counted(label: string, value: number | null, note = ""): CardFact | null {
  return value === null ? null : { label, value: exact(value), note };
}

function sized(label: string, value: number | null): CardFact | null {
  return value === null ? null : { label, value: bytes(value) };
}

function precisions(value: unknown): CardFact | null {
  if (!isRecord(value)) return null;
  const known = Object.entries(value).flatMap(([name, layers]) => {
    const amount = finite(layers);
    return amount === null ? [] : [[name, amount] as const];
  });
  if (known.length === 0) return null;
  known.sort((a, b) => b[1] - a[1]);
  const words = known.slice(0, MOST_PRECISIONS).map(([name, amount]) => `${name} ${exact(amount)}`);
  return { label: "Precision of layers", value: words.join(" · ") + (known.length > MOST_PRECISIONS ? " · …" : "") };
}

function bindings(value: unknown): CardFact | null {
  return Array.isArray(value) && value.length > 0 ? { label: "Bindings", value: exact(value.length) } : null;
}

function finite(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
