import { afterEach, describe, expect, it, vi } from "vitest";
import { type HostValues, StaticHost } from "../../../js/src/data/index.js";
import { draw } from "../../../js/src/views/index.js";
import { ownColumns, report } from "./fixture.js";
import { byId, LiveHost, press } from "./helpers.js";

afterEach(() => document.body.replaceChildren());

interface Cell {
  readonly root: HTMLElement;
  readonly dispose: () => void;
  state(): Record<string, unknown>;
}

async function cell(host: StaticHost): Promise<Cell> {
  const element = document.createElement("div");
  document.body.append(element);
  const dispose = draw(element, host);
  await vi.waitFor(() => byId("haoline-graph", element));
  const graph = byId("haoline-graph", element) as HTMLElement & { haolineGraph: { state(): Record<string, unknown> } };
  return { root: byId("haoline-graph-view", element), dispose, state: () => graph.haolineGraph.state() };
}

function values(more: Partial<HostValues> = {}): Partial<HostValues> {
  return { view: "graph", document: report(), ...more };
}

function picked(root: HTMLElement, what: string): string {
  return (byId(`haoline-graph-${what}`, root) as HTMLSelectElement).value;
}

function pick(root: HTMLElement, what: string, column: string): void {
  const select = byId(`haoline-graph-${what}`, root) as HTMLSelectElement;
  select.value = column;
  select.dispatchEvent(new Event("change"));
}

describe("a graph of its own", () => {
  it("has no tabs, and opens in the state it was kept in", async () => {
    const camera = { x: 1, y: 2, scale: 0.5 };
    const kept = { color: "macs", edge_color: "nbytes", size: "flops", filter: "type:Relu", camera, selection: [1] };
    const { root, state } = await cell(new StaticHost(values(kept)));
    expect(root.querySelector("[role=tablist]")).toBeNull();
    expect([picked(root, "color"), picked(root, "edge-color"), picked(root, "size")]).toEqual([
      "macs",
      "nbytes",
      "flops",
    ]);
    expect(state()).toMatchObject({ color: "macs", edgeColor: "nbytes", size: "flops", filter: "type:Relu", camera });
    expect(state()["selection"]).toEqual([1]);
    expect(byId("haoline-op-detail", root).hidden).toBe(false);
  });

  it("groups columns by where they come from and tells their units", async () => {
    const { root } = await cell(new StaticHost(values()));
    const groups = [...byId("haoline-graph-color", root).querySelectorAll("optgroup")];
    expect(groups.map((group) => group.label)).toEqual(["Estimated", "Counted"]);
    expect(groups[1]?.textContent).toContain("MACs (MAC)");
    expect(byId("haoline-graph-size", root).textContent).not.toContain("precision");
  });

  it("tells its host what the reader picks, and shows what the host says", async () => {
    const host = new LiveHost(values());
    const { root, state } = await cell(host);
    pick(root, "color", "macs");
    expect(host.get("color")).toBe("macs");
    expect(state()["color"]).toBe("macs");
    host.push("size", "flops");
    host.push("constants", true);
    host.push("filter", "type:MatMul");
    expect(picked(root, "size")).toBe("flops");
    expect(state()).toMatchObject({ size: "flops", constants: true, filter: "type:MatMul" });
  });

  it("takes a state that means nothing here without harm", async () => {
    const host = new LiveHost(
      values({ color: "gone", expanded: ["nowhere", ""], focus: "nobody", selection: [99, -1] }),
    );
    const { root, state } = await cell(host);
    expect(picked(root, "color")).toBe("");
    expect(state()["selection"]).toEqual([]);
    host.push("camera", { x: Number.NaN, y: 0, scale: 0 });
    host.push("expanded", null);
    expect(root.querySelector("[role=alert]")?.textContent).toBe("");
  });

  it("offers a column as soon as an overlay brings it, and drops it when it goes", async () => {
    const host = new LiveHost(values());
    const { root } = await cell(host);
    const offered = (): boolean => byId("haoline-graph-color", root).querySelector("[value=mine]") !== null;
    const mine = { name: "mine", type: "f64", values: [1, 2, 3, 4], provenance: "measured", unit: "dB" } as const;
    host.push("overlay", ownColumns([mine], ["mine"]));
    await vi.waitFor(() => expect(offered()).toBe(true));
    host.push("overlay", ownColumns([], []));
    await vi.waitFor(() => expect(offered()).toBe(false));
  });

  it("forgets a column of the document that the overlay names no more", async () => {
    const mine = { name: "mine", type: "f64", values: [1, 2, 3, 4] } as const;
    const header = { user_columns: { ops: ["mine"], tensors: [] } };
    const host = new LiveHost(values({ document: report({ columns: [mine], header }), color: "mine" }));
    const { root } = await cell(host);
    expect(picked(root, "color")).toBe("mine");
    host.push("overlay", ownColumns([], []));
    await vi.waitFor(() => expect(byId("haoline-graph-color", root).querySelector("[value=mine]")).toBeNull());
  });

  it("grows and shrinks with the arrow keys, within reason", async () => {
    const host = new LiveHost(values({ height: 300 }));
    const { root } = await cell(host);
    const handle = byId("haoline-resize", root);
    press(handle, "ArrowDown");
    expect(host.get("height")).toBe(324);
    for (let times = 0; times < 40; times += 1) press(handle, "ArrowUp");
    expect(host.get("height")).toBe(160);
    host.push("height", 400);
    expect(handle.getAttribute("aria-valuenow")).toBe("400");
  });

  it("lets go of its host when it goes", async () => {
    const host = new LiveHost(values());
    const off = vi.spyOn(host, "off");
    const on = vi.spyOn(host, "on");
    const { root, dispose } = await cell(host);
    dispose();
    expect(root.isConnected).toBe(false);
    const heard = on.mock.calls.map(([name]) => name).sort();
    expect(off.mock.calls.map(([name]) => name).sort()).toEqual(heard);
    host.push("color", "macs");
    host.push("selection", [1]);
  });
});
