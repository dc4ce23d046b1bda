/** A graph view in a page without pixels: a canvas context that remembers its text, frames and sizes at command. */

import { afterEach, beforeEach, vi } from "vitest";
import type { ReportDocument } from "../../../js/src/data/index";
import { type GraphNodeInfo, type GraphOptions, type GraphProbe, GraphView } from "../../../js/src/graph/index";

let written: string[] = [];
let resized: (() => void)[] = [];
let frames: (() => void)[] = [];

export function pretendToPaint(): void {
  beforeEach(() => {
    [written, resized, frames] = [[], [], []];
    vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation((() => fakeContext()) as never);
    vi.stubGlobal("Path2D", class {});
    vi.stubGlobal("requestAnimationFrame", (callback: () => void) => frames.push(callback));
    vi.stubGlobal("cancelAnimationFrame", () => undefined);
    vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener() {}, removeEventListener() {} }));
    vi.stubGlobal("ResizeObserver", FakeObserver);
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    document.body.replaceChildren();
  });
}

class FakeObserver {
  constructor(callback: () => void) {
    resized.push(callback);
  }
  observe(): void {}
  disconnect(): void {}
}

function fakeContext(): unknown {
  const calls: Record<string, unknown> = {
    measureText: (text: string) => ({ width: text.length * 6 }),
    fillText: (text: string) => written.push(text),
  };
  return new Proxy(calls, {
    get: (target, name) => (name in target ? target[String(name)] : () => undefined),
    set: () => true,
  });
}

/** What was written on the canvas since the last call. */
export function textOnCanvas(): string[] {
  return written.splice(0);
}

export function paint(): void {
  for (const callback of frames.splice(0)) callback();
}

export interface Mounted {
  readonly view: GraphView;
  readonly canvas: HTMLCanvasElement;
  readonly probe: GraphProbe;
}

export function mount(doc: ReportDocument, options: GraphOptions = {}, sized = true): Mounted {
  const view = new GraphView(document.body, doc, options);
  const canvas = view.node().querySelector<HTMLCanvasElement>("[data-testid=haoline-graph-canvas]")!;
  if (sized) size(canvas);
  return { view, canvas, probe: (view.node() as unknown as { haolineGraph: GraphProbe }).haolineGraph };
}

export function size(canvas: HTMLCanvasElement, width = 1000): void {
  Object.defineProperty(canvas, "clientWidth", { value: width, configurable: true });
  Object.defineProperty(canvas, "clientHeight", { value: 600, configurable: true });
  for (const callback of resized) callback();
}

export function nodeNamed({ probe }: Mounted, label: string): GraphNodeInfo {
  const node = probe.nodes().find((each) => each.label === label);
  if (!node) throw new Error(`${label} is not among ${probe.nodes().map((each) => each.label)}`);
  return node;
}

export function clickAt(canvas: HTMLCanvasElement, x: number, y: number, keys: PointerEventInit = {}): void {
  Object.assign(canvas, { setPointerCapture: () => undefined });
  for (const type of ["pointerdown", "pointerup"]) {
    canvas.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX: x, clientY: y, button: 0, ...keys }));
  }
}

let clicks = 0;

/** Clicks on the lower part of a node, below a group's buttons, and never twice on one spot: that would be a double click. */
export function clickNode(mounted: Mounted, label: string, keys: PointerEventInit = {}): void {
  const node = nodeNamed(mounted, label);
  clicks += 1;
  clickAt(mounted.canvas, node.x + node.w / 2 + 6 * (clicks % 3), node.y + node.h - 3, keys);
}

/** Whether the notebook may have the key, too. */
export function press(view: GraphView, key: string, more: KeyboardEventInit = {}): boolean {
  return view.node().dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true, bubbles: true, ...more }));
}

/** Lets what is told in a microtask be told. */
export const settled = (): Promise<void> => new Promise((resolve) => queueMicrotask(resolve));
