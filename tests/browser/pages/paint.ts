/** The graph engine on a bare page, for tests that look at pixels. */

import { ReportDocument } from "../../../js/src/data/index";
import { type GraphState, GraphView } from "../../../js/src/graph/index";
import "../../../js/src/graph/index.css";
import { renderPNG, renderSVG } from "../../../js/src/graph/paint/export";
import type { Look } from "../../../js/src/graph/paint/look";
import { readTheme } from "../../../js/src/graph/paint/theme";
import { Session } from "../../../js/src/graph/scene/session";

const VIEW = { camera: { x: -20, y: -20, scale: 1 }, width: 800, height: 500, ratio: 1 };

let doc: ReportDocument;
let view: GraphView;

const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
const canvasOf = (of: GraphView): HTMLCanvasElement => of.node().querySelector("canvas")!;

function mount(): GraphView {
  const box = document.createElement("div");
  box.className = "box";
  document.body.replaceChildren(box);
  return new GraphView(box, doc);
}

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i += 1) await frame();
}

function pixels(of: GraphView): Uint8ClampedArray {
  const canvas = canvasOf(of);
  return canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height).data;
}

/** Opens a report and everything in it. */
async function load(bytes: string): Promise<void> {
  doc = await ReportDocument.decode(Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0)));
  view = mount();
  await settle();
  view.node().focus();
  view.node().dispatchEvent(new KeyboardEvent("keydown", { key: "e", bubbles: true, cancelable: true }));
  await settle();
}

async function show(state: Partial<GraphState>): Promise<void> {
  view.setState(state);
  await settle();
}

/** Share of bytes of the picture that a view painted from nothing has otherwise, a little or plainly. */
async function differsFromFresh(): Promise<{ little: number; plainly: number; blank: boolean }> {
  const before = pixels(view);
  const fresh = { ...view.state() };
  view.dispose();
  view = mount();
  await settle();
  await show(fresh);
  const after = pixels(view);
  let [little, plainly] = [0, 0];
  for (let i = 0; i < after.length; i += 1) {
    const difference = Math.abs(before[i]! - after[i]!);
    if (difference > 0) little += 1;
    if (difference > 32) plainly += 1;
  }
  const first = new Uint32Array(after.buffer.slice(0, 4))[0];
  const blank = new Uint32Array(after.buffer).every((pixel) => pixel === first);
  return { little: little / after.length, plainly: plainly / after.length, blank };
}

function stage(): { session: Session; look: Look } {
  const session = new Session(doc, { constants: false });
  session.expansion.openAll();
  session.scene.touchAll();
  const { model, expansion, summaries } = session;
  const still = { hover: -1, hoverEdge: null, current: -1, tween: null, selected: new Set<number>() };
  const plain = { coloring: null, edgeColoring: null, emphasis: null, change: null };
  return { session, look: { model, expansion, summaries, theme: readTheme(document.body), ...still, ...plain } };
}

function svg(whole: boolean): string {
  const { session, look } = stage();
  return renderSVG(session.root(), look, VIEW, { whole });
}

async function png(whole: boolean, scale: number): Promise<{ width: number; height: number; colors: number }> {
  const { session, look } = stage();
  const bitmap = await createImageBitmap(await renderPNG(session.root(), look, VIEW, { whole, scale }));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const ctx = canvas.getContext("2d")!;
  ctx.drawImage(bitmap, 0, 0);
  const data = new Uint32Array(ctx.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer);
  return { width: bitmap.width, height: bitmap.height, colors: new Set(data).size };
}

function canvasSize(): { width: number; height: number; ink: boolean } {
  const { width, height } = canvasOf(view);
  const data = new Uint32Array(pixels(view).buffer);
  return { width, height, ink: data.some((pixel) => pixel !== data[0]) };
}

/** What a browser does that takes the memory of a canvas back. */
function loseCanvas(): void {
  const canvas = canvasOf(view);
  Object.assign(canvas, { width: canvas.width });
}

Object.assign(window, { paint: { load, show, settle, differsFromFresh, loseCanvas, svg, png, canvasSize, state: () => view.state() } });
