import { beforeEach, describe, expect, it } from "vitest";
import type { ReportDocument } from "../../../js/src/data/index";
import { type GraphProbe, PairView } from "../../../js/src/graph/index";
import { GraphModel } from "../../../js/src/graph/model/graph-model";
import { changesIn } from "../../../js/src/graph/overlay/change";
import { listDifferences } from "../../../js/src/graph/pair/differences";
import { encode } from "../data/encode";
import { transformer } from "./models";
import { clickAt, paint, pretendToPaint, settled, size } from "./mount";

pretendToPaint();

/** A document with what a comparison adds to it. */
function compared(
  doc: ReportDocument,
  counterpart: number[],
  alone: string,
  changed: number[],
): Promise<ReportDocument> {
  const change = counterpart.map((row, op) => (row < 0 ? alone : changed.includes(op) ? "changed" : "same"));
  const ops = { counterpart: Int32Array.from(counterpart), change };
  return doc.withOverlay(encode({ kind: "overlay", id: doc.id }, { ops }));
}

/** Four decoder layers against three: the last is gone, and one op of the second does otherwise. */
async function fourAgainstThree(): Promise<[ReportDocument, ReportDocument]> {
  const [four, three] = [await transformer(4).document("four"), await transformer(3).document("three")];
  const gone = four.ops.rows - three.ops.rows;
  const head = 3;
  const first = three.ops.rows - head;
  const there = Array.from({ length: four.ops.rows }, (_, op) =>
    op < first ? op : op < first + gone ? -1 : op - gone,
  );
  const back = Array.from({ length: three.ops.rows }, (_, op) => (op < first ? op : op + gone));
  return [await compared(four, there, "removed", [5]), await compared(three, back, "added", [5])];
}

interface Pane {
  readonly root: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly probe: GraphProbe;
}

let pair: PairView;
let panes: readonly [Pane, Pane];

beforeEach(async () => {
  pair = new PairView(document.body, ...(await fourAgainstThree()));
  const roots = [...pair.node().querySelectorAll<HTMLElement>("[data-testid=haoline-graph]")];
  panes = roots.map((root) => ({
    root,
    canvas: root.querySelector("canvas")!,
    probe: (root as unknown as { haolineGraph: GraphProbe }).haolineGraph,
  })) as unknown as [Pane, Pane];
  for (const { canvas } of panes) size(canvas);
  paint();
});

async function act(pane: Pane, label: string): Promise<void> {
  const node = pane.probe.nodes().find((each) => each.label.startsWith(label))!;
  clickAt(pane.canvas, node.x + node.w / 2, node.y + node.h - 3);
  await settled();
  await new Promise((resolve) => setTimeout(resolve, 200)); // what is open is told once the hand rests
  paint();
}

const chip = (name: string): HTMLButtonElement => pair.node().querySelector(`[data-change=${name}]`)!;
const named = (label: string): HTMLButtonElement =>
  pair.node().querySelector(`.haoline-pair-bar [aria-label="${label}"]`)!;

describe("two graphs side by side", () => {
  it("says how many ops are the same, changed and gone", () => {
    const text = pair.node().querySelector("[data-testid=haoline-pair-bar]")!.textContent;
    expect(text).toContain("~ 1 changed");
    expect(text).toMatch(/− \d\d removed/);
    expect(text).not.toContain("added");
  });

  it("tells two models of one name apart", () => {
    const titles = [...pair.node().querySelectorAll(".haoline-pair-title")].map(({ textContent }) => textContent);
    expect(titles).toEqual(["decoder · first", "decoder · second"]);
  });

  it("opens in both what is opened in one, whichever it is", async () => {
    const [first, second] = panes;
    await act(first, "layers");
    expect(second.probe.state().expanded).toEqual(first.probe.state().expanded);
    expect(second.probe.nodes().some(({ label }) => label === "attn")).toBe(true);
    await act(second, "attn");
    expect(first.probe.nodes().filter(({ label }) => label === "q")).toHaveLength(1);
  });

  it("selects the counterpart of what is selected", async () => {
    const [first, second] = panes;
    await act(first, "Gather");
    const [op] = first.probe.state().selection;
    expect(second.probe.state().selection).toEqual([op]);
  });

  it("keeps counterparts at the same place of both views at the same scale", async () => {
    const [first, second] = panes;
    await act(first, "layers");
    const scale = Number(first.canvas.dataset.scale);
    const centre = ({ probe }: Pane): string => {
      const { x, y, w, h } = probe.nodes().find(({ label }) => label === "norm1")!;
      return [x + w / 2, y + h / 2].map(Math.round).join();
    };
    first.root.dispatchEvent(new KeyboardEvent("keydown", { key: "+", cancelable: true }));
    paint(); // the one with the keyboard
    paint(); // the one that follows
    expect(second.canvas.dataset.scale).toBe(first.canvas.dataset.scale);
    expect(centre(second)).toBe(centre(first));
    expect(Number(first.canvas.dataset.scale)).toBeGreaterThan(scale);
  });

  it("lets each go its own way when asked to", async () => {
    const [first, second] = panes;
    const open = second.probe.state().expanded;
    named("Move both views together").click();
    await act(first, "layers");
    expect(second.probe.state().expanded).toEqual(open);
    named("Move both views together").click();
    expect(second.probe.state().expanded).toEqual(first.probe.state().expanded);
  });

  it("goes from difference to difference and opens what hides them", async () => {
    named("Next difference").click();
    paint();
    expect(panes[0].probe.state().selection).toEqual([5]);
    expect(panes[1].probe.state().selection).toEqual([5]);
    expect(panes[0].probe.nodes().some(({ ops, group }) => !group && ops[0] === 5)).toBe(true);
    named("Next difference").click();
    paint();
    expect(panes[0].probe.state().selection[0]).toBeGreaterThan(5);
    expect(panes[1].probe.state().selection).toEqual([]);
    expect(pair.node().textContent).toMatch(/2 \/ \d\d/);
  });

  it("lets one kind of difference stand out in both", async () => {
    chip("changed").click();
    expect(panes.map(({ probe }) => probe.emphasised())).toEqual([[5], [5]]);
    chip("changed").click();
    expect(panes.map(({ probe }) => probe.emphasised())).toEqual([null, null]);
  });

  it("colours equal amounts alike in both, whatever the range of either", async () => {
    const docs = await fourAgainstThree();
    const spread = (doc: ReportDocument, factor: number): Promise<ReportDocument> => {
      const cost = Float64Array.from({ length: doc.ops.rows }, (_, op) => 1 + factor * op);
      return doc.withOverlay(encode({ kind: "overlay", id: doc.id }, { ops: { cost } }));
    };
    pair.update(await spread(docs[0], 1), await spread(docs[1], 10));
    pair.setState({ color: "cost" });
    const [first, second] = panes.map(
      ({ root }) => root.querySelector<HTMLElement>("[data-testid=haoline-graph-legend]")!,
    );
    const ends = (legend: HTMLElement): string => legend.querySelector(".haoline-legend-below")!.textContent!;
    expect(ends(first!)).toBe(ends(second!));
    expect(ends(first!)).toContain("800"); // its own go to 100
    const pressed = (legend: HTMLElement): string | null | undefined =>
      legend.querySelector(".haoline-legend-choice[aria-pressed=true]")?.textContent;
    panes[0].root.dispatchEvent(new Event("pointerdown"));
    [...first!.querySelectorAll<HTMLButtonElement>(".haoline-legend-choice")]
      .find(({ textContent }) => textContent === "Log")!
      .click();
    expect([pressed(first!), pressed(second!)]).toEqual(["Log", "Log"]);
    expect(ends(first!)).toBe(ends(second!));
  });

  it("takes itself away", () => {
    pair.dispose();
    expect(document.body.childElementCount).toBe(0);
  });
});

describe("marks of change", () => {
  it("calls a group new or gone as a whole, and changed where anything in it differs", async () => {
    const [first] = await fourAgainstThree();
    const model = new GraphModel(first);
    const change = changesIn(model)!;
    const groups = [...model.tree.kind.keys()].filter((item) => model.isGroup(item));
    const titled = (title: string): (string | null)[] =>
      groups.filter((item) => model.labels.title(item) === title).map((item) => change(item));
    expect(titled("layers.3")).toEqual(["removed"]);
    expect(titled("layers.0")).toEqual(["changed"]);
    expect(titled("layers.1")).toEqual([null]);
  });

  it("knows none where nothing was compared", async () => {
    const doc = await transformer(2).document();
    expect(changesIn(new GraphModel(doc))).toBeNull();
    expect(listDifferences(doc, doc)).toEqual([]);
  });
});
