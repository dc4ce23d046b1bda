/** What a notebook knows that an output does not: when it is saved, which outputs it has, where they are. */

import type { NotebookPanel } from "@jupyterlab/notebook";
import type { Widget } from "@lumino/widgets";
import { currentLink, targetOf } from "../views/deep-link";
import { registry } from "../widget/registry";
import { ReportRenderer } from "./mime";
import { type Stored, storedReport } from "./stored";

/** Outputs come and go in bursts. */
const SETTLE_MS = 1000;

interface OutputCell {
  readonly outputs?: { readonly length: number; get(index: number): { readonly data: object } };
}

/** Serves the views in one notebook. */
export class NotebookViews {
  /** Those of the page: a copy of a notebook shows the same views. */
  static readonly #all = new Set<NotebookViews>();

  readonly #panel: NotebookPanel;
  #shown = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(panel: NotebookPanel) {
    this.#panel = panel;
    panel.context.saveState.connect((_, state) => {
      if (state === "started") this.#keepStates();
    });
    panel.model?.contentChanged.connect(() => this.#look());
    panel.disposed.connect(() => this.#close());
    this.#shown = this.#viewIds();
    NotebookViews.#all.add(this);
  }

  /** The cell that shows what the address of the page speaks of is brought into view: before, nothing is drawn there. */
  followLink(): boolean {
    const target = targetOf(currentLink());
    const at = target ? [...this.#stored()].find(({ stored }) => stored.id === target.report)?.cell : undefined;
    const cell = this.#panel.content.widgets[at ?? -1];
    if (cell) void this.#panel.content.scrollToCell(cell);
    return cell !== undefined;
  }

  /** The widget manager forgets its models without telling them. */
  #close(): void {
    clearTimeout(this.#timer);
    NotebookViews.#all.delete(this);
    for (const id of this.#only(this.#shown)) registry().models.delete(id);
  }

  /** Of these views, those that no other notebook shows. */
  #only(ids: Iterable<string>): string[] {
    const others = [...NotebookViews.#all].filter((other) => other !== this);
    return [...ids].filter((id) => !others.some((other) => other.#shown.has(id)));
  }

  #keepStates(): void {
    for (const renderer of [...ReportRenderer.all]) if (this.#holds(renderer)) renderer.keepState();
  }

  #holds(widget: Widget): boolean {
    for (let at: Widget | null = widget; at; at = at.parent) if (at === this.#panel) return true;
    return false;
  }

  #look(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const now = this.#viewIds();
      const gone = [...this.#shown].filter((id) => !now.has(id));
      this.#shown = now;
      for (const id of this.#only(gone)) dismiss(id);
    }, SETTLE_MS);
  }

  #viewIds(): Set<string> {
    return new Set([...this.#stored()].flatMap(({ stored }) => stored.view_id ?? []));
  }

  *#stored(): Iterable<{ cell: number; stored: Stored }> {
    for (const [cell, model] of [...(this.#panel.model?.cells ?? [])].entries()) {
      const { outputs } = model as unknown as OutputCell;
      for (let at = 0; at < (outputs?.length ?? 0); at += 1) {
        const stored = storedReport((outputs?.get(at).data ?? {}) as Record<string, unknown>);
        if (stored) yield { cell, stored };
      }
    }
  }
}

/** A live view whose output is gone, with its cell or its kernel's answer: the kernel would keep it for ever. */
function dismiss(id: string): void {
  registry().models.get(id)?.send({ type: "gone" });
}
