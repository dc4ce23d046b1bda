import type { Draw } from "../data/host";

/** Draws once the views have arrived, unless the element went before them. */
export const drawLater: Draw = (element, host) => {
  let dispose: (() => void) | null = null;
  let gone = false;
  import("./views").then(
    ({ draw }) => {
      if (!gone) dispose = draw(element, host);
    },
    (error: unknown) => {
      element.textContent = `The report view did not load: ${error}`;
    },
  );
  return () => {
    gone = true;
    dispose?.();
  };
};
