import { afterEach, describe, expect, it, vi } from "vitest";
import type { Answer, HostValues, Question } from "../../../js/src/data/index.js";
import { draw } from "../../../js/src/views/index.js";
import { HOSTILE, report } from "../views/fixture.js";
import { byId, LiveHost, press } from "../views/helpers.js";
import { capture, captured } from "./panel-fixture.js";

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

/** A host whose kernel answers what it is told to; without an answer the question stays open. */
class AskHost extends LiveHost {
  readonly asked: Question[] = [];
  answers: (question: Question) => Answer | Error | null = () => null;

  readonly ask = (question: Question): Promise<Answer> => {
    this.asked.push(question);
    const answer = this.answers(question);
    if (answer instanceof Error) return Promise.reject(answer);
    return answer ? Promise.resolve(answer) : new Promise(() => undefined);
  };
}

interface Drawn {
  readonly host: AskHost;
  readonly root: HTMLElement;
  readonly dispose: () => void;
}

async function drawn(values: Partial<HostValues> = {}, answers?: AskHost["answers"]): Promise<Drawn> {
  const host = new AskHost({ view: "activations", document: report(), activations: capture(), ...values });
  if (answers) host.answers = answers;
  const element = document.createElement("div");
  document.body.append(element);
  const dispose = draw(element, host);
  const root = byId("haoline-activations-view", element);
  await vi.waitFor(() => expect(root.dataset["activations"]).toBe("act1"));
  return { host, root, dispose };
}

function shownTab(root: HTMLElement): string {
  return root.querySelector("[role=tab][aria-selected=true]")?.textContent ?? "";
}

function head(root: HTMLElement): string {
  return byId("haoline-tensor-head", root).textContent ?? "";
}

describe("before an op is chosen", () => {
  it("says what to do, shows the depth of the model and what was found, worst first", async () => {
    const { root, host } = await drawn();
    expect(byId("haoline-activations-hint", root).textContent).toContain("Click an op");
    expect(byId("haoline-tensor-head", root).hidden).toBe(true);
    const depth = byId("haoline-depth", root);
    expect(depth.getAttribute("aria-valuemax")).toBe("3");
    expect(depth.getAttribute("aria-valuetext")).toBe("a, −2 to 4, 0 % zeros");
    const findings = [...root.querySelectorAll("[data-testid=haoline-finding]")];
    expect(findings.map((card) => card.querySelector("h4")?.textContent)).toEqual(["broken", "wide"]);
    expect(host.asked).toEqual([]);
  });

  it("tells how the capture came about", async () => {
    const header = { synthetic: true, complete: false, done: 2, sample_count: 9 };
    const { root } = await drawn({ activations: capture(header) });
    const words = root.querySelector(".hl-run")?.textContent;
    for (const word of [
      "folder images/, 2 samples",
      "CPU",
      "synthetic input",
      "stopped after 2 of 9",
      "outputs unchanged",
    ])
      expect(words).toContain(word);
    expect(byId("haoline-capture-notes", root).textContent).toBe("1 note · 1 gap");
  });

  it.each([
    [{ identical: false, max_abs_difference: 2e-6, note: "" }, "outputs within 2e−6", ""],
    [{ identical: false, max_abs_difference: 0.5, note: "" }, "outputs within 0.5", "warning"],
    [
      { identical: false, max_abs_difference: 4e17, relative_difference: 1e-6, note: "" },
      "outputs within 1e−6 of the largest",
      "",
    ],
    [{ identical: false, max_abs_difference: 0, note: "Outputs are NaN" }, "outputs within 0", "warning"],
    [{ identical: false, max_abs_difference: null, note: "another shape" }, "outputs not compared", "warning"],
  ])("says how far the outputs may be trusted", async (check, text, mood) => {
    const { root } = await drawn({ activations: capture({ check }) });
    const chip = [...root.querySelectorAll<HTMLElement>(".hl-run .hl-chip")].find((item) => item.textContent === text);
    expect(chip?.dataset["mood"]).toBe(mood);
  });

  it("selects the ops of a finding", async () => {
    const { root, host } = await drawn();
    root.querySelector<HTMLElement>("[data-testid=haoline-finding] .hl-link")?.click();
    expect(host.get("selection")).toEqual([3]);
    expect(head(root)).toContain("d");
  });
});

describe("a selected op", () => {
  it("is shown with its tensor: name, type, shape, range and what is wrong", async () => {
    const { root, host } = await drawn();
    host.push("selection", [0]);
    for (const word of ["a", "MatMul", "float32 1×3×2×2", "feature maps", "−2 to 4"])
      expect(head(root)).toContain(word);
    expect(byId("haoline-activations-hint", root).hidden).toBe(true);
    expect(shownTab(root)).toBe("Maps");
    host.push("selection", [3]);
    for (const word of ["12 NaN", "no finite values"]) expect(head(root)).toContain(word);
  });

  it("offers its tensors where it makes several, until another op is selected", async () => {
    const { root, host } = await drawn({ selection: [1] });
    expect(head(root)).toContain("1 of 3 dead");
    const choice = byId("haoline-tensor", root) as HTMLSelectElement;
    choice.value = "2";
    choice.dispatchEvent(new Event("change"));
    expect(host.get("tensor")).toBe(3);
    expect(head(root)).toContain("1×4");
    press(byId("haoline-depth", root), "Home");
    press(byId("haoline-depth", root), "Enter");
    expect([host.get("selection"), host.get("tensor")]).toEqual([[0], -1]);
    press(byId("haoline-depth", root), "ArrowRight");
    press(byId("haoline-depth", root), "ArrowRight");
    press(byId("haoline-depth", root), "Enter");
    expect([host.get("selection"), host.get("tensor")]).toEqual([[1], 3]);
    press(byId("haoline-depth", root), "ArrowLeft");
    press(byId("haoline-depth", root), "Enter");
    expect(head(root)).toContain("1×3×2×2");
    root.querySelector<HTMLElement>(".hl-tensor-title .hl-close")?.click();
    expect([host.get("selection"), host.get("tensor")]).toEqual([[], -1]);
  });

  it("of which nothing was captured says why", async () => {
    const { root } = await drawn({ selection: [2] });
    expect(byId("haoline-activations-hint", root).textContent).toBe("Nothing was captured of c: the body of a loop");
  });

  it("marks its own findings, which come first", async () => {
    const { root } = await drawn({ selection: [0], panel: { tab: "findings" } });
    const cards = [...root.querySelectorAll("[data-testid=haoline-finding]")];
    expect(cards.map((card) => card.hasAttribute("data-selected"))).toEqual([true, false]);
    expect(cards[0]?.textContent).toContain("wide");
  });

  it("begins anew with another tensor: a channel is that of one", async () => {
    const { host } = await drawn({ selection: [0], panel: { channel: 2, sort: "max", tab: "distribution" } });
    host.push("selection", [1]);
    await Promise.resolve();
    expect(host.get("panel")).toEqual({ sort: "max", tab: "distribution" });
  });
});

describe("the distribution", () => {
  it("lists quantiles and says where they come from; what is unknown is not there", async () => {
    const { root, host } = await drawn({ selection: [1], panel: { tab: "distribution" } });
    expect(byId("haoline-quantiles", root).textContent).toContain("from a random sample");
    const statistics = byId("haoline-statistics", root).textContent;
    for (const word of ["36 in 3 samples", "Zeros50 %", "Channels3", "Dead1"]) expect(statistics).toContain(word);
    expect(statistics).not.toContain("Saturated");
    host.push("selection", [3]);
    expect(byId("haoline-statistics", root).textContent).toContain("NaN12 (100 %)");
  });

  it("says where the figures of channels were not stored", async () => {
    const activations = capture({}, { first_channel: Int32Array.from([-1, 0, -1, -1]) });
    const { root, host } = await drawn({ activations, selection: [0], panel: { tab: "distribution" } });
    const hint = [...root.querySelectorAll<HTMLElement>(".hl-distribution .hl-hint")].at(-1);
    expect([hint?.hidden, hint?.textContent]).toEqual([false, expect.stringContaining("run the cell")]);
    host.push("selection", [1]);
    expect(hint?.hidden).toBe(true);
    host.push("selection", [3]);
    expect(hint?.hidden).toBe(true);
  });

  it("reads channel by channel with the keys, and Enter shows the channel alone", async () => {
    const { root, host } = await drawn({ selection: [1], panel: { tab: "distribution" } });
    const strip = byId("haoline-channel-strip", root);
    press(strip, "ArrowRight");
    expect(strip.getAttribute("aria-valuetext")).toBe("channel 1, 0 to 0, dead");
    press(strip, "Enter");
    expect(host.get("panel")).toEqual({ channel: 1 });
    expect(shownTab(root)).toBe("Maps");
  });

  it("keeps the axes that are chosen", async () => {
    const { root, host } = await drawn({ selection: [1], panel: { tab: "distribution" } });
    const log = [...byId("haoline-distribution", root).querySelectorAll("button")].filter(
      (b) => b.textContent === "log",
    );
    log[0]?.click();
    log[1]?.click();
    expect(host.get("panel")).toEqual({ tab: "distribution", bins: "log", counts: "log" });
    expect(log.map((button) => button.getAttribute("aria-pressed"))).toEqual(["true", "true"]);
  });
});

describe("samples", () => {
  it("are chosen with a slider or its buttons, and named", async () => {
    const { root, host } = await drawn({ selection: [0] });
    const slider = byId("haoline-sample", root) as HTMLInputElement;
    slider.value = "1";
    slider.dispatchEvent(new Event("input"));
    expect(host.get("sample")).toBe(1);
    expect(slider.getAttribute("aria-valuetext")).toBe("dog.png, 2 of 3");
    root.querySelector<HTMLElement>("[aria-label='The sample after']")?.click();
    expect(host.get("sample")).toBe(2);
    expect((root.querySelector("[aria-label='The sample after']") as HTMLButtonElement).disabled).toBe(true);
  });

  it("are compared two by two, or taken together; not both", async () => {
    const { root, host } = await drawn({ selection: [0], sample: 2 });
    const [compare, mean] = root.querySelectorAll<HTMLInputElement>("[data-testid=haoline-sample-bar] [type=checkbox]");
    compare?.click();
    expect(host.get("panel")).toEqual({ against: 0 });
    expect(byId("haoline-sample-against", root).closest<HTMLElement>(".hl-sample")?.hidden).toBe(false);
    mean?.click();
    expect(host.get("panel")).toEqual({ mean: true });
    expect((byId("haoline-sample", root) as HTMLInputElement).disabled).toBe(true);
    expect(compare?.disabled).toBe(true);
  });

  it("ask the kernel for what they show", async () => {
    const { host } = await drawn({ selection: [0] });
    host.push("sample", 1);
    expect(host.asked).toContainEqual({ type: "input", sample: 1 });
  });

  it("show their tokens, and say on them what else they feed", async () => {
    const arrays = [{ name: "ids", dtype: "int64", shape: [1, 2], text: "7 8" }];
    const content = { label: "owl.png", picture: null, tokens: null, arrays };
    const { root, host } = await drawn({ selection: [0], sample: 2 }, ({ type }) =>
      type === "input" ? { content, buffers: [] } : null,
    );
    await vi.waitFor(() => expect(root.querySelector<HTMLElement>(".hl-tokens")?.title).toBe("ids: int64 1×2"));
    expect(byId("haoline-input", root).textContent).toContain("owl");
    host.push("sample", 0);
    await vi.waitFor(() => expect(byId("haoline-input", root).textContent).toContain("ids int64 1×27 8"));
  });

  it("have the tokens that the kernel tells, also where the document left them out", async () => {
    const content = { label: "cat", picture: null, tokens: ["a", "cat"], arrays: [] };
    const { root } = await drawn({ selection: [0] }, ({ type }) =>
      type === "input" ? { content, buffers: [] } : null,
    );
    await vi.waitFor(() => expect(root.querySelector(".hl-tokens")?.textContent).toBe("acat"));
    const doc = await captured();
    expect([doc.tokens(0), doc.tokens(2)]).toEqual([null, ["an", "owl"]]);
    doc.tell(5, ["far"]);
    expect(doc.tokens(5)).toEqual(["far"]);
  });

  it("keep the tokens where the kernel fails, and tell of it where there is nothing else", async () => {
    const { root, host } = await drawn({ selection: [0], sample: 2 }, () => new Error("The capture is gone."));
    await Promise.resolve();
    expect(byId("haoline-input", root).textContent).toContain("owl");
    host.push("sample", 0);
    await vi.waitFor(() => expect(byId("haoline-input", root).textContent).toContain("The capture is gone."));
  });
});

describe("the kernel", () => {
  it("is said to be busy while it lets a question wait", async () => {
    const { root, host } = await drawn();
    vi.useFakeTimers();
    host.push("selection", [0]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(byId("haoline-status", root).textContent).toContain("The kernel is busy");
  });

  it("is not needed for figures; what needs it says so", async () => {
    const host = new (class extends LiveHost {
      override readonly live = false as never;
    })({ view: "activations", document: report(), activations: capture(), selection: [0] });
    const element = document.createElement("div");
    document.body.append(element);
    draw(element, host);
    await vi.waitFor(() => expect(byId("haoline-input", element).textContent).toContain("There is no kernel"));
    expect(head(element)).toContain("−2 to 4");
    expect(byId("haoline-statistics", element).textContent).toContain("36 in 3 samples");
  });
});

describe("what a file says", () => {
  it("stays text", async () => {
    const samples = [{ label: HOSTILE, tokens: [HOSTILE] }, { label: HOSTILE }];
    const finding = {
      id: "x",
      severity: HOSTILE,
      title: HOSTILE,
      ops: [0],
      evidence: { [HOSTILE]: HOSTILE },
      advice: HOSTILE,
    };
    const header = { origin: HOSTILE, provider: HOSTILE, notes: [HOSTILE], gaps: [{ what: HOSTILE, ops: [2] }] };
    const activations = capture({ ...header, samples, findings: [finding] });
    const text = report({ text: HOSTILE, names: [HOSTILE, "b", "c", "d"] });
    const { root } = await drawn({ document: text, activations, selection: [0], panel: { tab: "findings" } });
    expect(root.textContent).toContain(HOSTILE);
    expect(root.querySelector("img, script")).toBeNull();
    expect((globalThis as { pwned?: unknown }).pwned).toBeUndefined();
  });

  it("that cannot be read is told, and the graph stays", async () => {
    const host = new AskHost({
      view: "activations",
      document: report(),
      activations: new DataView(new ArrayBuffer(4)),
    });
    const element = document.createElement("div");
    document.body.append(element);
    draw(element, host);
    await vi.waitFor(() =>
      expect(element.querySelector("[role=alert]")?.textContent).toContain("The activations cannot be shown"),
    );
    expect(byId("haoline-graph", element)).toBeTruthy();
  });
});

it("lets go of its host when it goes", async () => {
  const { host, root, dispose } = await drawn({ selection: [0] });
  const off = vi.spyOn(host, "off");
  dispose();
  expect(root.isConnected).toBe(false);
  expect(new Set(off.mock.calls.map(([name]) => name))).toEqual(
    new Set([
      ...off.mock.calls.map(([name]) => name),
      "activations",
      "sample",
      "tensor",
      "panel",
      "selection",
      "height",
    ]),
  );
  host.push("selection", [1]);
  host.push("activations", capture());
});
