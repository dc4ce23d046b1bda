/** Keys that the focused graph takes. All others go on to the notebook. */

export type Direction = "up" | "down" | "left" | "right";

export interface KeyTarget {
  searchFocus(): void;
  fit(): void;
  zoomBy(factor: number): void;
  walk(direction: Direction): void;
  toggle(): void;
  page(step: 1 | -1): void;
  toggleLegend(): void;
  toggleHelp(): void;
  escape(): void;
}

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

export function handleKey(event: KeyboardEvent, target: KeyTarget): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const direction = Object.hasOwn(ARROWS, event.key) ? ARROWS[event.key] : undefined;
  const action = direction ? () => target.walk(direction) : actionFor(event.key, target);
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

function actionFor(key: string, target: KeyTarget): (() => void) | undefined {
  const actions: Readonly<Record<string, () => void>> = {
    "/": () => target.searchFocus(),
    f: () => target.fit(),
    "+": () => target.zoomBy(1.3),
    "=": () => target.zoomBy(1.3),
    "-": () => target.zoomBy(1 / 1.3),
    Enter: () => target.toggle(),
    " ": () => target.toggle(),
    "[": () => target.page(-1),
    "]": () => target.page(1),
    l: () => target.toggleLegend(),
    "?": () => target.toggleHelp(),
    Escape: () => target.escape(),
  };
  return Object.hasOwn(actions, key) ? actions[key] : undefined;
}
