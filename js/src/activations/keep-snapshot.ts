import type { TileSource } from "./source.js";

/** After so long without a change. */
const REST_MS = 1200;

/** Hands on what is on screen whenever it has come to rest; the result ends it. */
export function keepSnapshot(source: TileSource, write: (snapshot: string) => void, rest = REST_MS): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = "";
  const keep = async (): Promise<void> => {
    const text = await source.snapshot();
    if (text !== "" && text !== last) write(text);
    last = text;
  };
  const stop = source.watch(() => {
    clearTimeout(timer);
    // A page too old to compress keeps nothing.
    timer = setTimeout(() => void keep().catch(() => undefined), rest);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
