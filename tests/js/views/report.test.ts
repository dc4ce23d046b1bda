import { afterEach, describe, expect, it, vi } from "vitest";
import { StaticHost } from "../../../js/src/data/index.js";
import { draw } from "../../../js/src/views/index.js";
import { encode, HOSTILE, overlay, report } from "./fixture.js";
import { byId, column, drawn, host, liveHost, press, tall, type } from "./helpers.js";

afterEach(() => document.body.replaceChildren());

const TABS = ["graph", "layers", "memory", "hardware", "findings"];

describe("header", () => {
  it("shows headline numbers with their origin, and n/a for what is unknown", async () => {
    const { root } = await drawn(host());
    expect(byId("haoline-stat-parameters", root).textContent).toContain("25.6 M");
    expect(byId("haoline-stat-parameters", root).textContent).toContain("counted");
    expect(byId("haoline-stat-parameters", root).getAttribute("aria-label")).toContain("25,557,032");
    expect(byId("haoline-stat-flops", root).textContent).toContain("n/a");
    expect(byId("haoline-stat-time", root).textContent).toContain("estimated");
  });

  it("tells the exact number on focus and puts it away again", async () => {
    const { root } = await drawn(host());
    const tile = byId("haoline-stat-macs", root);
    tile.dispatchEvent(new Event("focus"));
    const tip = root.querySelector<HTMLElement>("[role=tooltip]");
    expect(tip?.hidden).toBe(false);
    expect(tip?.textContent).toContain("4,089,184,000");
    tile.dispatchEvent(new Event("blur"));
    expect(tip?.hidden).toBe(true);
  });
});

describe("tabs", () => {
  it("follow the tab pattern: one panel, roving focus, arrows that wrap", async () => {
    const { root, host: hosted } = await drawn(host({ tab: "findings" }));
    const shown = (): string[] =>
      TABS.filter((id) => byId(`haoline-tab-${id}`, root).getAttribute("aria-selected") === "true");
    expect(shown()).toEqual(["findings"]);
    press(byId("haoline-tab-findings", root), "ArrowLeft");
    expect(shown()).toEqual(["hardware"]);
    press(byId("haoline-tab-hardware", root), "End");
    expect(hosted.get("tab")).toBe("findings");
    const panels = [...root.querySelectorAll<HTMLElement>("[role=tabpanel]")].filter((panel) => !panel.hidden);
    expect(panels.length).toBe(1);
    expect(panels[0]?.getAttribute("aria-labelledby")).toBe(byId("haoline-tab-findings", root).id);
    expect(root.querySelectorAll('[role=tab][tabindex="0"]').length).toBe(1);
  });

  it("show the first for a name nobody knows", async () => {
    const { root } = await drawn(host({ tab: "nonsense" }));
    expect(byId("haoline-tab-graph", root).getAttribute("aria-selected")).toBe("true");
  });
});

describe("hostile names", () => {
  it.each(TABS)("stay text in %s", async (tab) => {
    const names = ["a", HOSTILE, "c", "d"];
    const { root } = await drawn(host({ document: report({ names, text: HOSTILE }), tab, selection: [1] }));
    expect(root.querySelectorAll("img, script, iframe, object, embed").length).toBe(0);
    expect(root.textContent).toContain(HOSTILE);
    expect((globalThis as { pwned?: number }).pwned).toBeUndefined();
  });
});

describe("selection", () => {
  it("of a finding reaches the table and the host", async () => {
    const { root, host: hosted } = await drawn(host({ tab: "findings" }));
    byId("haoline-finding", root).querySelector("button")?.click();
    expect(hosted.get("selection")).toEqual([1, 2]);
    hosted.set("tab", "layers");
    tall(byId("haoline-table", root), 260);
    hosted.set("selection", [2, 1]);
    expect(root.querySelectorAll('.hl-rows [aria-selected="true"]').length).toBe(2);
  });

  it("of the memory curve: Enter takes the op at the peak", async () => {
    const { root, host: hosted } = await drawn(host({ tab: "memory" }));
    const chart = byId("haoline-memory-chart", root);
    expect(chart.getAttribute("aria-valuetext")).toBe("c, 4 KiB alive");
    press(chart, "Enter");
    expect(hosted.get("selection")).toEqual([2]);
  });

  it("of a category takes all its ops", async () => {
    const { root, host: hosted } = await drawn(host({ tab: "hardware" }));
    const bars = [...root.querySelectorAll<HTMLElement>(".hl-bar")];
    bars.find((bar) => bar.textContent?.includes("activation"))?.click();
    expect(hosted.get("selection")).toEqual([1, 3]);
  });

  it("ignores rows that the report does not have", async () => {
    const { root } = await drawn(host({ selection: [99, -1] }));
    expect(byId("haoline-op-detail", root).hidden).toBe(true);
  });
});

describe("updates in place", () => {
  it("an overlay changes the numbers and keeps filter, tab and nodes", async () => {
    const { root, host: hosted } = await drawn(liveHost());
    const grid = byId("haoline-table", root);
    type(byId("haoline-table-filter", root), "c");
    hosted.push("overlay", overlay(4));
    await vi.waitFor(() => expect(root.dataset["hardware"]).toBe("l4"));
    expect(byId("haoline-table", root)).toBe(grid);
    expect(column(root, "estimated_us")).toEqual(["99 µs"]);
    expect(byId("haoline-stat-time", root).textContent).toContain("99 µs");
    expect((byId("haoline-table-filter", root) as HTMLInputElement).value).toBe("c");
  });

  it("shows the newest document however fast they come", async () => {
    const { root, host: hosted } = await drawn(liveHost());
    hosted.push("document", report({ names: ["x"] }));
    hosted.push("overlay", null);
    hosted.push("document", report({ names: ["y", "z"] }));
    await vi.waitFor(() => expect(column(root, "name")).toEqual(["y", "z"]));
  });

  it("says what is wrong with a foreign overlay and keeps the report", async () => {
    const { root, host: hosted } = await drawn(liveHost());
    hosted.push("overlay", encode({ schema: 1, kind: "overlay", id: "other", hardware: null }, {}));
    await vi.waitFor(() => expect(byId("haoline-status", root).textContent).toContain("another report"));
    expect(root.dataset["hardware"]).toBe("h100-sxm");
  });

  it("shows the kernel's status line", async () => {
    const { root, host: hosted } = await drawn(liveHost());
    hosted.push("status", "queued: the kernel is busy");
    expect(byId("haoline-status", root).textContent).toContain("queued");
    hosted.push("status", "");
    expect(byId("haoline-status", root).hidden).toBe(true);
  });
});

describe("documents that cannot be shown", () => {
  it.each([
    ["no container", new DataView(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9]).buffer), "HLR1"],
    ["a later schema", encode({ schema: 2, kind: "report", id: "r1" }, {}), "schema"],
  ])("%s: one plain sentence", async (_, document_, word) => {
    const element = document.createElement("div");
    document.body.append(element);
    draw(element, new StaticHost({ document: document_ }));
    await vi.waitFor(() => expect(byId("haoline-status", element).textContent).toContain("cannot be shown"));
    expect(byId("haoline-status", element).textContent).toContain(word);
  });
});

describe("several reports", () => {
  it("live side by side and leave nothing behind", async () => {
    const shared = liveHost();
    const [first, second] = [await drawn(shared), await drawn(liveHost({ tab: "memory" }))];
    const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
    expect(new Set(ids).size).toBe(ids.length);
    first.dispose();
    expect(document.querySelectorAll('[data-testid="haoline-report"]').length).toBe(1);
    shared.push("document", report({ names: ["gone"] }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(first.root.textContent).not.toContain("gone");
    expect(second.root.isConnected).toBe(true);
    second.dispose();
  });
});
