/** Where a hardware choice lives: in the notebook's metadata, or with the page for a tab that has no notebook. */

import type { NotebookPanel } from "@jupyterlab/notebook";
import { type ISignal, Signal } from "@lumino/signaling";
import type { HardwareChoice } from "../data/host";

export const NO_CHOICE: HardwareChoice = { profile: "", count: 1, precision: "" };

const METADATA = "haoline";

export interface ChoiceStore {
  /** null: nothing was chosen here. */
  read(): HardwareChoice | null;
  write(choice: HardwareChoice): void;
  /** The choice changed from outside: a collaborator, the metadata editor. */
  readonly changed: ISignal<ChoiceStore, void>;
  dispose(): void;
}

/** A choice from metadata, settings or a kernel, which may hold anything. */
export function parseChoice(value: unknown): HardwareChoice | null {
  if (typeof value !== "object" || value === null) return null;
  const { profile, count, precision } = value as Record<string, unknown>;
  if (typeof profile !== "string" || profile === "") return null;
  const whole = typeof count === "number" && Number.isInteger(count) && count > 0;
  return { profile, count: whole ? count : 1, precision: typeof precision === "string" ? precision : "" };
}

export function sameChoice(a: HardwareChoice | null, b: HardwareChoice | null): boolean {
  return a?.profile === b?.profile && a?.count === b?.count && a?.precision === b?.precision;
}

/** Outlives a reload of the page, not the browser tab. */
export class PageChoice implements ChoiceStore {
  readonly changed: Signal<ChoiceStore, void> = new Signal(this);
  readonly #key: string;

  constructor(path: string) {
    this.#key = `haoline:choice:${path}`;
  }

  read(): HardwareChoice | null {
    try {
      return parseChoice(JSON.parse(sessionStorage.getItem(this.#key) ?? "null"));
    } catch {
      return null;
    }
  }

  write(choice: HardwareChoice): void {
    sessionStorage.setItem(this.#key, JSON.stringify(choice));
    this.changed.emit();
  }

  dispose(): void {
    sessionStorage.removeItem(this.#key);
    Signal.clearData(this);
  }
}

/** In the metadata of a notebook; in the page as well until the notebook is saved. */
export class NotebookChoice implements ChoiceStore {
  readonly changed: Signal<ChoiceStore, void> = new Signal(this);
  readonly #panel: NotebookPanel;
  readonly #unsaved: PageChoice;

  constructor(panel: NotebookPanel) {
    this.#panel = panel;
    this.#unsaved = new PageChoice(panel.context.path);
    panel.model?.metadataChanged.connect(this.#onMetadata, this);
    panel.context.saveState.connect(this.#onSave, this);
    const unsaved = this.#unsaved.read();
    if (unsaved && !sameChoice(unsaved, this.read())) this.write(unsaved);
  }

  read(): HardwareChoice | null {
    const metadata = this.#panel.model?.getMetadata(METADATA) as Record<string, unknown> | undefined;
    return parseChoice(metadata?.["profile"]);
  }

  write(choice: HardwareChoice): void {
    const metadata = this.#panel.model?.getMetadata(METADATA) as Record<string, unknown> | undefined;
    this.#unsaved.write(choice);
    this.#panel.model?.setMetadata(METADATA, { ...metadata, profile: { ...choice } });
  }

  dispose(): void {
    this.#unsaved.dispose();
    Signal.clearData(this);
  }

  #onMetadata(_: unknown, change: { key: string }): void {
    if (change.key === METADATA) this.changed.emit();
  }

  #onSave(_: unknown, state: string): void {
    if (state === "completed") this.#unsaved.dispose();
  }
}
