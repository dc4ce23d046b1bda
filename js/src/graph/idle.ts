/** Work that can wait until the page has shown what it has. */

/** A page that never rests gets it done after this long. */
const INSIST_MS = 500;

/** Returns what calls it off. */
export function whenIdle(act: () => void): () => void {
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(act);
    return () => clearTimeout(timer);
  }
  const request = requestIdleCallback(act, { timeout: INSIST_MS });
  return () => cancelIdleCallback(request);
}
