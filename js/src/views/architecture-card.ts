import { type Architecture, format } from "../data/index.js";
import { type CardFact, factCard } from "./fact-card.js";

const { bytes, count, exact } = format;
/** Kinds of layers named one by one. */
const MOST_KINDS = 4;

/** What a language model is made of, as serving it sees it. */
export function architectureCard(card: Architecture): HTMLElement {
  const made = factCard(
    "Architecture",
    card.family === "unknown" ? "" : card.family,
    "haoline-architecture",
    architectureFacts(card),
  );
  if (card.source) made.title = `From ${card.source}`;
  return made;
}

/** The facts that are known, in words. */
export function architectureFacts(card: Architecture): CardFact[] {
  const facts: (CardFact | null)[] = [
    layers(card),
    known("Hidden size", card.hidden_size),
    known("Feed-forward", card.feed_forward_size),
    heads(card),
    experts(card),
    known("Vocabulary", card.vocabulary, card.tied_embeddings === true ? "tied embeddings" : ""),
    known("Context", card.context_length, "tokens"),
    sized("KV cache per token", card.kv_bytes_per_token, card.kv_dtype && `in ${card.kv_dtype}`),
    sized("Recurrent state", card.state_bytes, "per sequence"),
    active(card),
  ];
  return facts.filter((fact) => fact !== null);
}

function layers({ layers: kinds }: Architecture): CardFact | null {
  if (kinds.length === 0) return null;
  const total = kinds.reduce((sum, [, amount]) => sum + amount, 0);
  const words = kinds.slice(0, MOST_KINDS).map(([kind, amount]) => `${amount} ${kind.replaceAll("_", " ")}`);
  const more = kinds.length > MOST_KINDS ? " · …" : "";
  const [only] = kinds;
  const note = kinds.length === 1 ? (only?.[0] ?? "").replaceAll("_", " ") : words.join(" · ") + more;
  return { label: "Layers", value: exact(total), note };
}

function heads({ attention_heads, kv_heads, head_dim }: Architecture): CardFact | null {
  const parts = [kv_heads !== null && `${exact(kv_heads)} KV`, head_dim !== null && `${exact(head_dim)} each`].filter(
    Boolean,
  );
  const note = parts.join(" · ");
  if (attention_heads === null) return note ? { label: "Heads", value: note } : null;
  return { label: "Heads", value: exact(attention_heads), note };
}

function experts({ experts: total, experts_per_token, shared_experts }: Architecture): CardFact | null {
  if (total === null) return null;
  const parts = [
    experts_per_token !== null && `${exact(experts_per_token)} active`,
    shared_experts ? `${exact(shared_experts)} shared` : false,
  ].filter(Boolean);
  return { label: "Experts", value: exact(total), note: parts.join(" · ") };
}

/** Only where not all parameters work on a token. */
function active({ active_parameters: some, total_parameters: all }: Architecture): CardFact | null {
  if (some === null || some === all) return null;
  const note = all === null ? "" : `of ${billions(all)}`;
  return { label: "Active parameters", value: billions(some), note };
}

function billions(value: number): string {
  return count(value).replace(/ G$/, " B");
}

function known(label: string, value: number | null, note = ""): CardFact | null {
  return value === null ? null : { label, value: exact(value), note };
}

function sized(label: string, value: number | null, note: string): CardFact | null {
  return value === null ? null : { label, value: bytes(value), note };
}
