/** Reports drawn far below what is read only cost time and memory: a notebook may hold dozens. */

const MARGIN = "1500px";
/** Drawn ones after another in quiet moments, so that the page answers meanwhile; after this they insist. */
const INSIST_MS = 1000;

/** Acts once an element comes near what the reader sees and the page has a moment; the result takes that back. */
export function whenNear(element: Element, act: () => void): () => void {
  const soon = inQuiet(act);
  if (typeof IntersectionObserver === "undefined") {
    soon.ask();
    return soon.cancel;
  }
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      soon.ask();
    },
    // A margin counts around what scrolls, which is the notebook and not the page.
    { root: scroller(element), rootMargin: MARGIN },
  );
  observer.observe(element);
  return () => {
    observer.disconnect();
    soon.cancel();
  };
}

function scroller(element: Element): Element | null {
  for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  }
  return null;
}

function inQuiet(act: () => void): { ask(): void; cancel(): void } {
  let cancel = (): void => undefined;
  const ask = (): void => {
    if (typeof requestIdleCallback === "undefined") return act();
    const request = requestIdleCallback(act, { timeout: INSIST_MS });
    cancel = () => cancelIdleCallback(request);
  };
  return { ask, cancel: () => cancel() };
}
