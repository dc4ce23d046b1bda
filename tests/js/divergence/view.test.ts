import { afterEach, describe, expect, it, vi } from "vitest";
import type { Answer, AskOptions, HostValues, Question } from "../../../js/src/data/index.js";
import { draw } from "../../../js/src/views/index.js";
import { HOSTILE, report } from "../views/fixture.js";
import { byId, column, LiveHost, press, tall, type } from "../views/helpers.js";
import { comparison, HEADER, SUGGESTIONS, WHAT_IF } from "./compared-fixture.js";

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

interface Asked {
  readonly question: Question;
  readonly options: AskOptions;
  readonly answer: (content: Record<string, unknown>) => void;
  readonly fail: (message: string) => void;
}

/** A host whose kernel answers when the test says so. */
class AskHost extends LiveHost {
  readonly asked: Asked[] = [];

  readonly ask = (question: Question, options: AskOptions = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const answer = (content: Record<string, unknown>): void => resolve({ content, buffers: [] });
      this.asked.push({ question, options, answer, fail: (message) => reject(new Error(message)) });
      options.signal?.addEventListener("abort", () => reject(new Error("Stopped.")));
    });

  last(kind: string): Asked {
    const found = this.asked.filter(({ question }) => question.type === kind).at(-1);
    if (!found) throw new Error(`nobody asked for ${kind}`);
    return found;
  }
}

async function drawn<H extends LiveHost>(host: H): Promise<{ host: H; root: HTMLElement; dispose: () => void }> {
  const element = document.createElement("div");
  document.body.append(element);
  const dispose = draw(element, host);
  const root = byId("haoline-divergence-view", element);
  await vi.waitFor(() => expect(root.dataset["divergence"]).toBe("div1"));
  return { host, root, dispose };
}

function values(more: Partial<HostValues> = {}): Partial<HostValues> {
  return { view: "divergence", document: report(), divergence: comparison(), ...more };
}

function measured(more: Partial<HostValues> = {}): Partial<HostValues> {
  return values({ divergence: comparison({ what_if: WHAT_IF }), panel: { tab: "whatif" }, ...more });
}

const asking = (more: Partial<HostValues> = {}): AskHost => new AskHost(values(more));

function outcomes(root: HTMLElement): string[][] {
  const rows = [...byId("haoline-outcomes", root).querySelectorAll("tbody tr")];
  return rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent ?? ""));
}

function suggested(root: HTMLElement): HTMLInputElement[] {
  return [...byId("haoline-suggestions", root).querySelectorAll("input")];
}

function choose(root: HTMLElement, op: number, choice: string): void {
  root.querySelector<HTMLElement>(`[data-op="${op}"] [data-choice="${choice}"]`)?.click();
}

describe("how good a variant is", () => {
  it("is a sentence that can be copied, and headline numbers", async () => {
    const { root } = await drawn(asking());
    const copied: string[] = [];
    vi.stubGlobal("navigator", { clipboard: { writeText: async (text: string) => void copied.push(text) } });
    expect(byId("haoline-divergence-summary", root).textContent).toBe(HEADER.summary);
    root.querySelector<HTMLElement>(".hl-summary .hl-button")?.click();
    await vi.waitFor(() => expect(root.querySelector(".hl-summary .hl-button")?.textContent).toBe("Copied"));
    expect(copied).toEqual([HEADER.summary]);
    vi.unstubAllGlobals();
    const stat = (id: string): string => byId(`haoline-stat-divergence-${id}`, root).textContent ?? "";
    expect(stat("top1")).toContain("90 %");
    expect(stat("cosine")).toContain("0.995");
    expect(stat("sqnr")).toContain("20.0 dB");
    expect(stat("size")).toContain("25 %");
    expect(stat("latency")).toContain("2× faster");
    expect(root.querySelector(".hl-run")?.textContent).toContain("folder images/, 3 samples");
  });

  it("shows how samples fare, and shows the worst at a click", async () => {
    const { root, host } = await drawn(asking());
    const strip = byId("haoline-divergence-samples", root);
    expect(strip.getAttribute("aria-valuetext")).toBe("cat.png, 30.0 dB");
    root.querySelector<HTMLElement>(".hl-samples .hl-link")?.click();
    expect(host.get("sample")).toBe(1);
    press(strip, "End");
    press(strip, "Enter");
    expect(host.get("sample")).toBe(2);
  });
});

describe("where the error is", () => {
  it("is read place by place with the keys; Enter selects the op", async () => {
    const { root, host } = await drawn(asking());
    const chart = byId("haoline-divergence-depth", root);
    expect(chart.getAttribute("aria-valuetext")).toBe("a, made here 10 %, seen here 10 %");
    press(chart, "ArrowRight");
    expect(chart.getAttribute("aria-valuetext")).toBe("b, not compared: folded into the quantizer of a");
    press(chart, "ArrowRight");
    expect(chart.getAttribute("aria-valuetext")).toBe("c, made here none, seen here none");
    press(chart, "End");
    expect(chart.getAttribute("aria-valuetext")).toBe("d, made here 1 %, seen here 31.6 %");
    press(chart, "Enter");
    expect(host.get("selection")).toEqual([3]);
    expect(root.querySelector(".hl-ranking")?.textContent).toContain("1 not compared");
  });

  it("is told by op, by category and by block, each row selecting its ops", async () => {
    const { root, host } = await drawn(asking());
    const list = byId("haoline-divergence-ranking", root);
    const rows = (): (string | null)[] =>
      [...list.querySelectorAll("button")].map((row) => row.getAttribute("aria-label"));
    const turn = (label: string): void =>
      [...root.querySelectorAll<HTMLElement>(".hl-ranking .hl-segment")]
        .find((item) => item.textContent === label)
        ?.click();
    expect(list.hidden).toBe(true);
    turn("Worst ops");
    expect(host.get("panel")).toEqual({ ranking: "ops" });
    expect(rows()).toEqual(["a: made here 10 %, seen here 10 %", "d: made here 1 %, seen here 31.6 %"]);
    turn("By category");
    expect(rows()).toEqual([
      "linear: made in all its ops 10 % · 99 % of all, worst seen 10 %",
      "activation: made in all its ops 1 % · 0.99 % of all, worst seen 31.6 %",
    ]);
    list.querySelector("button")?.click();
    expect(host.get("selection")).toEqual([0, 2]);
    expect(list.querySelector("button")?.getAttribute("aria-pressed")).toBe("true");
    list.querySelector("button")?.click();
    expect(host.get("selection")).toEqual([]);
    turn("By block");
    expect(rows()).toHaveLength(1);
  });

  it("is said to be nowhere where both models are the same to the last bit", async () => {
    const none = new Float64Array(4).fill(Number.NaN);
    const same = new Uint8Array(4).fill(1);
    const tensors = { sqnr_db: none, local_sqnr_db: none, exact: same, local_exact: same };
    for (const ranking of ["depth", "ops", "categories", "blocks"]) {
      const panel = { ranking, tab: "whatif" };
      const { root, dispose } = await drawn(asking({ divergence: comparison({}, tensors), panel }));
      if (ranking !== "depth")
        expect(byId("haoline-divergence-ranking", root).textContent).toContain("same to the last bit");
      expect(root.querySelector(".hl-ranking-legend")?.textContent).not.toContain("make most error");
      expect(byId("haoline-keep-list", root).textContent).toContain("No op is known to make an error");
      dispose();
    }
  });

  it("colours the graph by the errors that the report has", async () => {
    const columns = [
      { name: "local_sqnr_db", type: "f64", values: [20, null, null, 40], provenance: "measured" },
    ] as const;
    const { root, host } = await drawn(new AskHost(values({ document: report({ columns }) })));
    const overlay = byId("haoline-divergence-overlay", root);
    const pressed = (): string | undefined => overlay.querySelector("[aria-pressed=true]")?.textContent;
    expect(pressed()).toBe("Category");
    [...overlay.querySelectorAll<HTMLElement>(".hl-segment")]
      .find(({ textContent }) => textContent === "Made here")
      ?.click();
    expect([host.get("color"), pressed()]).toEqual(["local_sqnr_db", "Made here"]);
    host.push("color", "macs");
    // Of colours none is pressed any more.
    expect(pressed()).toBe("Float");
  });
});

describe("the table", () => {
  it("begins with what makes most error; SQNR sorts from the worst, a third click is the execution order", async () => {
    const { root, host } = await drawn(asking({ panel: { tab: "table" } }));
    tall(byId("haoline-divergence-table", root), 400);
    type(byId("haoline-divergence-filter", root), "");
    expect(column(root, "name")).toEqual(["a", "d", "c", "b"]);
    expect(column(root, "local")).toEqual(["10 %", "1 %", "none", ""]);
    expect(column(root, "sqnr_db")).toEqual(["20.0 dB", "10.0 dB", "exact", ""]);
    const sort = (): void => root.querySelector<HTMLElement>('.hl-head [data-column="sqnr_db"] .hl-sort')?.click();
    sort();
    expect(column(root, "name")).toEqual(["d", "a", "c", "b"]);
    sort();
    expect(column(root, "name")).toEqual(["c", "a", "d", "b"]);
    sort();
    expect(column(root, "name")).toEqual(["a", "b", "c", "d"]);
    type(byId("haoline-divergence-filter", root), "folded");
    expect(column(root, "name")).toEqual(["b"]);
    root.querySelector<HTMLElement>(".hl-rows > .hl-row .hl-cell")?.click();
    expect(host.get("selection")).toEqual([1]);
  });
});

it("shows what an op takes on either side once that was measured", async () => {
  const { root } = await drawn(new AskHost(measured({ panel: { tab: "table" } })));
  tall(byId("haoline-divergence-table", root), 400);
  type(byId("haoline-divergence-filter", root), "");
  expect(column(root, "name")).toEqual(["a", "c", "d", "b"]);
  expect(column(root, "float_us")).toEqual(["60 µs", "30 µs", "", "5 µs"]);
  expect(column(root, "variant_us")).toEqual(["20 µs", "10 µs", "", "5 µs"]);
});

describe("what to change", () => {
  it("is predicted at once, and marked as predicted", async () => {
    const { root, host } = await drawn(new AskHost(measured()));
    expect(outcomes(root)).toEqual([["0.9950"], ["20.0 dB"], ["1000 B"], ["100 µs"]]);
    choose(root, 0, "float");
    expect(host.get("plan")).toEqual({ keep_float: [0], int16: [], changes: [] });
    expect(byId("haoline-outcomes", root).textContent).toContain("predicted");
    expect(outcomes(root).map(([, predicted]) => predicted)).toEqual(["0.9980", "24.0 dB", "1.56 KiB", "140 µs"]);
    choose(root, 0, "int16");
    expect(host.get("plan")).toEqual({ keep_float: [], int16: [0], changes: [] });
    expect(outcomes(root).at(-1)?.[1]).toBe("155 µs");
    expect(root.querySelector("[data-testid=haoline-tab-whatif] .hl-badge")?.textContent).toBe("1");
  });

  it("keeps the costliest ops at a click on the curve", async () => {
    const { root, host } = await drawn(new AskHost(measured()));
    const curve = byId("haoline-keep-curve", root);
    expect(curve.getAttribute("aria-valuemax")).toBe("3");
    press(curve, "End");
    press(curve, "ArrowLeft");
    press(curve, "Enter");
    expect(host.get("plan")).toEqual({ keep_float: [0, 2], int16: [], changes: [] });
  });

  it("is measured op by op when asked, with progress", async () => {
    const { root, host } = await drawn(asking({ panel: { tab: "whatif" } }));
    expect(byId("haoline-what-if", root).textContent).toContain("by the error they make");
    byId("haoline-measure", root).click();
    const asked = host.last("sensitivity");
    asked.options.onProgress?.({ stage: "op 1 of 3", fraction: 0.25 });
    const bar = root.querySelector("[role=progressbar]");
    expect([bar?.getAttribute("aria-valuenow"), bar?.getAttribute("aria-label")]).toEqual([
      "25",
      "Measuring: op 1 of 3",
    ]);
    expect((byId("haoline-build", root) as HTMLButtonElement).disabled).toBe(true);
    asked.answer({ what_if: WHAT_IF });
    await vi.waitFor(() => expect(byId("haoline-measure", root).hidden).toBe(true));
    expect(byId("haoline-what-if", root).textContent).toContain("Errors add up well.");
    expect(root.querySelectorAll("[data-op]")).toHaveLength(3);
  });

  it("is asked once, though the trait holds the question until after the answer", async () => {
    const { root, host } = await drawn(asking({ panel: { tab: "whatif" } }));
    byId("haoline-measure", root).click();
    host.push("work", { type: "sensitivity", request: 3 });
    host.last("sensitivity").answer({ what_if: WHAT_IF });
    await vi.waitFor(() => expect(byId("haoline-measure", root).hidden).toBe(true));
    expect(host.asked.filter((one) => one.question.type === "sensitivity")).toHaveLength(1);
    choose(root, 0, "float");
    expect((byId("haoline-build", root) as HTMLButtonElement).disabled).toBe(false);
  });

  it("is built and verified, the result beside the prediction and kept", async () => {
    const { root, host, dispose } = await drawn(
      new AskHost(measured({ plan: { keep_float: [0], int16: [3], changes: [] } })),
    );
    byId("haoline-build", root).click();
    const asked = host.last("build");
    expect(asked.question).toEqual({ type: "build", keep_float: [0], int16: [3], changes: [] });
    asked.options.onProgress?.({ stage: "verifying", fraction: null });
    expect(root.querySelector("[role=progressbar]")?.hasAttribute("aria-valuenow")).toBe(false);
    asked.answer({
      size: 1650,
      cosine: 0.9979,
      sqnr_db: 23.8,
      latency: { p50_us: 145 },
      float_latency: { p50_us: 201 },
      calibrated_on: 3,
      path: "/b",
    });
    await vi.waitFor(() => expect(outcomes(root)[0]).toHaveLength(3));
    expect(outcomes(root)[0]?.[2]).toBe("0.9979");
    expect(byId("haoline-build-result", root).textContent).toContain("predicted 0.9980");
    expect(byId("haoline-build-result", root).textContent).toContain("ranges from the 3 samples compared");
    byId("haoline-build-result", root).querySelector<HTMLElement>(".hl-button")?.click();
    expect(host.last("open").question).toEqual({ type: "open", path: "/b" });
    dispose();
    const again = await drawn(new AskHost(measured({ panel: host.get("panel"), plan: host.get("plan") })));
    expect(byId("haoline-build-result", again.root).textContent).toContain("23.8 dB");
  });

  it("is suggested by lint, which is asked when the reader looks, and ticked", async () => {
    const { root, host } = await drawn(asking());
    const questions = (): number => host.asked.filter(({ question }) => question.type === "suggestions").length;
    expect(questions()).toBe(0);
    byId("haoline-tab-whatif", root).click();
    expect(byId("haoline-suggestions", root).textContent).toContain("Looking at both models");
    host.last("suggestions").answer({ suggestions: SUGGESTIONS });
    await vi.waitFor(() => expect(suggested(root)).toHaveLength(2));
    expect(byId("haoline-suggestions", root).textContent).toContain("Clip the mask");
    suggested(root)[0]?.click();
    expect(host.get("plan")).toEqual({ keep_float: [], int16: [], changes: ["clip-mask"] });
    suggested(root)[1]?.click();
    expect(host.get("plan")).toEqual({ keep_float: [0, 2], int16: [], changes: ["clip-mask"] });
    expect(suggested(root).map((box) => box.checked)).toEqual([true, true]);
    expect(byId("haoline-tab-whatif", root).querySelector(".hl-badge")?.textContent).toBe("3");
    expect(byId("haoline-what-if", root).textContent).toContain("not predicted");
    byId("haoline-build", root).click();
    expect(host.last("build").question).toMatchObject({ changes: ["clip-mask"], keep_float: [0, 2] });
    suggested(root)[1]?.click();
    expect(host.get("plan")).toEqual({ keep_float: [], int16: [], changes: ["clip-mask"] });
    byId("haoline-suggestions", root).querySelector<HTMLElement>(".hl-link")?.click();
    expect(host.get("selection")).toEqual([0, 2]);
    expect(questions()).toBe(1);
  });

  it("goes on being built and measured when the view is drawn anew", async () => {
    const work = { type: "build", request: 41, keep_float: [0], int16: [], changes: ["clip-mask"] };
    const { root, host } = await drawn(new AskHost(measured({ work })));
    const { question, options, answer } = host.last("build");
    expect([question, options.rejoin]).toEqual([work, true]);
    options.onProgress?.({ stage: "verifying", fraction: 0.5 });
    expect(byId("haoline-errand", root).textContent).toContain("Building: verifying");
    host.push("work", { ...work });
    expect(host.asked.filter((one) => one.question.type === "build")).toHaveLength(1);
    answer({ size: 1650, cosine: 0.99, sqnr_db: 23, path: "/b" });
    await vi.waitFor(() => expect(byId("haoline-build-result", root).textContent).toContain("1 op float, clip-mask"));
    host.push("work", {});
    expect((byId("haoline-measure", root) as HTMLElement).hidden).toBe(true);
    const late = await drawn(new AskHost(measured({ work })));
    late.host.push("work", {}); // it was answered while the view was drawn
    expect(byId("haoline-errand", late.root).textContent).not.toContain("Building:");
    expect((byId("haoline-build", late.root) as HTMLButtonElement).hidden).toBe(false);
    late.host.last("build").fail("The kernel has not answered.");
    await Promise.resolve();
    expect(byId("haoline-errand", late.root).textContent).not.toContain("not answered");
    const other = await drawn(asking({ panel: { tab: "whatif" } }));
    other.host.push("work", { type: "sensitivity", request: 42 });
    byId("haoline-errand-stop", other.root).click();
    expect(other.host.last("sensitivity").options.signal?.aborted).toBe(true);
    other.host.push("work", { type: "nonsense", request: "x" });
    expect(other.host.asked.map((one) => one.question.type)).not.toContain("nonsense");
  });

  it("may be suggested by nobody", async () => {
    const { root, host } = await drawn(asking({ panel: { tab: "whatif" } }));
    host.last("suggestions").fail("The model is gone.");
    await vi.waitFor(() => expect(byId("haoline-suggestions", root).textContent).toContain("The model is gone."));
    const nothing = await drawn(asking({ panel: { tab: "whatif" }, divergence: comparison({ suggestions: [] }) }));
    expect(byId("haoline-suggestions", nothing.root).textContent).toContain("nothing to suggest");
    const stored = await drawn(new LiveHost(measured()));
    expect(byId("haoline-suggestions", stored.root).hidden).toBe(true);
  });

  it("can be stopped, and nothing is lost", async () => {
    const plan = { keep_float: [0], int16: [], changes: [] };
    const { root, host } = await drawn(new AskHost(measured({ plan })));
    byId("haoline-build", root).click();
    byId("haoline-errand-stop", root).click();
    expect(host.last("build").options.signal?.aborted).toBe(true);
    await vi.waitFor(() => expect(byId("haoline-errand", root).textContent).toContain("Stopped. Nothing was changed."));
    expect(host.get("plan")).toEqual(plan);
    expect((byId("haoline-build", root) as HTMLButtonElement).disabled).toBe(false);
  });

  it("says what the kernel says when it fails", async () => {
    const { root, host } = await drawn(new AskHost(measured({ plan: { keep_float: [0], int16: [], changes: [] } })));
    byId("haoline-build", root).click();
    host.last("build").fail("Nobody gave samples to calibrate with.");
    await vi.waitFor(() => expect(byId("haoline-errand", root).textContent).toContain("Nobody gave samples"));
  });

  it("needs no kernel for predictions, only for building", async () => {
    const { root } = await drawn(new LiveHost(measured({ plan: { keep_float: [0], int16: [], changes: [] } })));
    expect(outcomes(root)[1]).toEqual(["20.0 dB", "24.0 dB"]);
    expect(byId("haoline-build", root).hidden).toBe(true);
    expect(byId("haoline-what-if", root).textContent).toContain("run the cell again");
  });
});

describe("the view", () => {
  it("follows what Python sets and bears what it cannot show", async () => {
    const panel = { tab: "nonsense", ranking: 7, graphs: [], builds: "x", inspect: null };
    const { root, host } = await drawn(
      asking({ panel, sample: 99, plan: { keep_float: [77], int16: [], changes: [] } }),
    );
    expect(root.querySelector("[role=tab][aria-selected=true]")?.textContent).toBe("Op");
    host.push("selection", [1]);
    expect(byId("haoline-inspect", root).textContent).toContain("folded into the quantizer of a");
    host.push("panel", { tab: "findings" });
    expect(byId("haoline-activation-findings", root).textContent).toContain("wide range");
  });

  it("shows another comparison in the place of the first", async () => {
    const { root, host } = await drawn(asking());
    host.push("divergence", comparison({ id: "div2", summary: "Better now." }));
    await vi.waitFor(() => expect(root.dataset["divergence"]).toBe("div2"));
    expect(byId("haoline-divergence-summary", root).textContent).toBe("Better now.");
    host.push("divergence", new DataView(new ArrayBuffer(9)));
    await vi.waitFor(() => expect(byId("haoline-status", root).textContent).toContain("cannot be shown"));
  });

  it("puts words of a file on the page as words", async () => {
    const hostile = {
      summary: HOSTILE,
      model: HOSTILE,
      notes: [HOSTILE],
      samples: [{ label: HOSTILE }, { label: HOSTILE }, {}],
    };
    const document_ = report({ names: [HOSTILE, "b", "c", "d"], text: HOSTILE });
    const divergence = comparison(
      { ...hostile, what_if: { ...WHAT_IF, check: HOSTILE } },
      { why: [HOSTILE, HOSTILE, "", ""] },
    );
    const { root } = await drawn(new AskHost(measured({ document: document_, divergence, selection: [1] })));
    expect(root.querySelector("img, script")).toBeNull();
    expect((globalThis as { pwned?: number }).pwned).toBeUndefined();
  });

  it("leaves nothing behind", async () => {
    const { root, dispose } = await drawn(new AskHost(measured()));
    dispose();
    expect(root.isConnected).toBe(false);
    expect(document.body.querySelector(".haoline")).toBeNull();
  });
});
