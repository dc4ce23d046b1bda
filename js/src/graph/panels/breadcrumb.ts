/** Where the group that is shown alone stands, and the way out. */

import { ROOT, RUN } from "../model/tree.js";
import type { Session } from "../scene/session.js";
import { titleOf } from "./describe.js";
import { element } from "./dom.js";

export class Breadcrumb {
  readonly #root = element("nav", "haoline-graph-crumbs haoline-graph-panel");
  readonly #enter: (item: number) => void;

  constructor(enter: (item: number) => void) {
    this.#enter = enter;
    this.#root.setAttribute("aria-label", "Shown alone");
    this.#root.dataset.testid = "haoline-graph-crumbs";
    this.#root.hidden = true;
  }

  node(): HTMLElement {
    return this.#root;
  }

  show(session: Session): void {
    this.#root.hidden = session.top === ROOT;
    if (this.#root.hidden) return this.#root.replaceChildren();
    const crumbs = [ROOT, ...stations(session)];
    this.#root.replaceChildren(
      ...crumbs.flatMap((item, i) => [
        ...(i > 0 ? [arrow()] : []),
        this.#crumb(session, item, i === crumbs.length - 1),
      ]),
    );
  }

  #crumb(session: Session, item: number, last: boolean): HTMLElement {
    const label = item === ROOT ? session.model.doc.model.name || "model" : stationTitle(session, item);
    const made = element(last ? "span" : "button", "haoline-graph-crumb", label);
    made.title = label;
    if (last) made.setAttribute("aria-current", "location");
    else made.addEventListener("click", () => this.#enter(item));
    return made;
  }
}

/** The groups from outside in. A run and the instance that it shows are one station. */
function stations(session: Session): number[] {
  const { kind, parent } = session.model.tree;
  const path = [...session.path(session.top), session.top];
  return path.filter((item) => item === session.top || kind[parent[item]!] !== RUN);
}

function stationTitle(session: Session, item: number): string {
  const { expansion, model } = session;
  const shown = expansion.shown(item);
  return shown === item ? titleOf(session, item) : model.labels.title(shown);
}

function arrow(): HTMLElement {
  const made = element("span", "haoline-graph-arrow", "›");
  made.setAttribute("aria-hidden", "true");
  return made;
}
