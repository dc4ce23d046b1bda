import { expect, vi } from "vitest";
import { type HostValues, StaticHost } from "../../../js/src/data/index.js";
import { draw } from "../../../js/src/views/index.js";
import { report } from "./fixture.js";

/** A host as a widget is one: a kernel behind it may push any value. */
export class LiveHost extends StaticHost {
  override readonly live = true as unknown as false;

  push<K extends keyof HostValues>(name: K, value: HostValues[K]): void {
    this.set(name as never, value as never);
  }
}

export function byId(id: string, root: ParentNode = document): HTMLElement {
  const found = root.querySelector<HTMLElement>(`[data-testid="${id}"]`);
  if (!found) throw new Error(`there is no ${id}`);
  return found;
}

export interface Drawn<H> {
  readonly host: H;
  readonly root: HTMLElement;
  readonly dispose: () => void;
}

/** A drawn report, decoded and ready. */
export async function drawn<H extends StaticHost>(host: H): Promise<Drawn<H>> {
  const element = document.createElement("div");
  document.body.append(element);
  const dispose = draw(element, host);
  await vi.waitFor(() => expect(byId("haoline-report", element).dataset["reportId"]).toBe("r1"));
  return { host, root: byId("haoline-report", element), dispose };
}

export function host(values: Partial<HostValues> = {}): StaticHost {
  return new StaticHost({ document: report(), tab: "layers", ...values });
}

export function liveHost(values: Partial<HostValues> = {}): LiveHost {
  return new LiveHost({ document: report(), tab: "layers", ...values });
}

export function press(element: Element, key: string, more: KeyboardEventInit = {}): void {
  element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
}

export function type(field: HTMLElement, text: string): void {
  (field as HTMLInputElement).value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** happy-dom lays nothing out: give an element a height. */
export function tall(element: HTMLElement, height: number): void {
  Object.defineProperty(element, "clientHeight", { value: height, configurable: true });
}

/** Text of a column over the rows in the page, in the order shown. */
export function column(root: ParentNode, id: string): string[] {
  const rows = [...root.querySelectorAll<HTMLElement>(".hl-rows > .hl-row")];
  const at = (row: HTMLElement): number => Number(row.getAttribute("aria-rowindex"));
  const cells = rows.sort((a, b) => at(a) - at(b)).map((row) => row.querySelector(`[data-column="${id}"]`));
  return cells.map((cell) => cell?.textContent ?? "");
}
