import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SavedSource } from "../../../../js/src/activations/tiles/saved.js";
import { unpackSnapshot } from "../../../../js/src/activations/tiles/unpack.js";
import { byId, press } from "../../views/helpers.js";
import { type Mounted, mount, settled, unmount } from "./mount.js";

beforeEach(() => {
  Object.defineProperty(HTMLElement.prototype, "clientWidth", { value: 640, configurable: true });
  Object.defineProperty(HTMLElement.prototype, "clientHeight", { value: 400, configurable: true });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  unmount();
  Reflect.deleteProperty(HTMLElement.prototype, "clientWidth");
  Reflect.deleteProperty(HTMLElement.prototype, "clientHeight");
});

const reading = ({ node }: Mounted): string => byId("haoline-compared-reading", node).textContent ?? "";
const pane = ({ node }: Mounted, name: string): HTMLElement => byId(`haoline-pane-${name}`, node);
const plane = (made: Mounted, name: string): HTMLElement => byId("haoline-plane", pane(made, name));

function way({ node }: Mounted, text: string): void {
  [...node.querySelectorAll<HTMLElement>(".hl-segment")].find((button) => button.textContent === text)?.click();
}

function names(made: Mounted): (string | null)[] {
  return [...pane(made, "float").querySelectorAll(".hl-pane-name:not([data-off])")].map((name) => name.textContent);
}

describe("the values of a tensor in both models", () => {
  it("are asked of either side and of the error, in the words of the wire", async () => {
    const { kernel } = await mount();
    expect(new Set(kernel.sides)).toEqual(new Set(["float", "variant", "difference"]));
    expect(kernel.asked[0]).toEqual({
      type: "tile",
      tensor: 1,
      sample: 0,
      which: "float",
      view: { kind: "maps", channels: [0, 1], size: 256 },
    });
  });

  it("are read of all three at once, with the error in steps of the grid", async () => {
    const made = await mount({ settings: { channel: 1 } });
    press(plane(made, "float"), "ArrowRight");
    press(plane(made, "float"), "ArrowRight");
    expect(reading(made)).toBe("channel 1 · row 0 · column 1: float 2, quantized 2.25, error 0.25 (0.5 steps)");
  });

  it("say which float values the grid does not reach", async () => {
    const made = await mount({ settings: { channel: 0 } });
    made.show({
      divergence: await (await import("../compared-fixture.js")).compared(
        { id: "div2" },
        { grid_high: Float64Array.from([3, Number.NaN, Number.NaN, Number.NaN]) },
      ),
    });
    await settled();
    for (const key of ["ArrowRight", "ArrowDown", "ArrowRight"]) press(plane(made, "float"), key);
    expect(reading(made)).toContain("float 8, quantized 8.25");
    expect(reading(made)).toContain("beyond the grid's 3");
  });

  it("keep the cursor and the zoom of all pictures together", async () => {
    const made = await mount({ settings: { channel: 0, way: "side" } });
    const all = ["float", "variant", "error"];
    expect(all.map((name) => pane(made, name).hidden)).toEqual([false, false, false]);
    press(plane(made, "variant"), "ArrowRight");
    expect(reading(made)).toContain("row 0 · column 0");
    press(plane(made, "error"), "ArrowDown");
    expect(reading(made)).toContain("channel 0 · row 0 · column 0: float 0, quantized 0.25, error 0.25");
  });

  it("can be the error that the op makes by itself", async () => {
    const made = await mount({ settings: { channel: 0 } });
    way(made, "made here");
    await settled();
    expect(made.now.settings.error).toBe("local");
    expect(made.kernel.sides).toContain("local");
    press(plane(made, "error"), "ArrowRight");
    expect(reading(made)).toContain("error made here 0.125");
  });

  it("are those of the sample that the slider is at", async () => {
    const made = await mount({ settings: { channel: 0 } });
    const slider = byId("haoline-inspect-sample", made.node) as HTMLInputElement;
    slider.value = "2";
    slider.dispatchEvent(new Event("input"));
    await settled();
    expect(made.now.sample).toBe(2);
    expect(made.kernel.asked.at(-1)).toMatchObject({ sample: 2 });
    expect(slider.getAttribute("aria-valuetext")).toBe("owl.png, 3 of 3");
  });

  it("are asked for only while they are in sight", async () => {
    const made = await mount({ tab: "advice" });
    made.show({ row: 3, ops: [3] });
    await settled();
    expect(made.kernel.asked).toEqual([]);
    made.show({ row: 0, ops: [0], tab: "values" });
    await settled();
    expect(made.kernel.asked.length).toBeGreaterThan(0);
  });

  it("show the worst channels first, one alone by keyboard and back", async () => {
    const made = await mount();
    const grid = byId("haoline-maps", pane(made, "float"));
    grid.focus();
    press(grid, "Home");
    expect(reading(made)).toBe("channel 0 · seen here 12.0 dB · made here 13.0 dB · largest error 1");
    press(grid, "Enter");
    expect(made.now.settings.channel).toBe(0);
    expect(document.activeElement).toBe(plane(made, "float"));
    press(plane(made, "float"), "PageDown");
    expect(made.now.settings.channel).toBe(1);
    press(plane(made, "float"), "Escape");
    expect(made.now.settings.channel).toBeNull();
    expect(document.activeElement).toBe(grid);
  });

  it("are saved as arrays of the side that is asked for", async () => {
    const made = await mount({ settings: { channel: 1 } });
    // The page would leave for the file.
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => undefined);
    byId("haoline-save-variant", made.node).click();
    await settled();
    const asked = made.kernel.asked.at(-1);
    expect(asked).toEqual({ type: "array", tensor: 1, sample: 0, channel: 1, which: "variant" });
    expect(made.said).toEqual(["Saved activation1_channel1_sample0_variant.npy."]);
  });
});

describe("wiping", () => {
  it("moves the edge at once and is kept when the slider is let go", async () => {
    const made = await mount({ settings: { channel: 0 } });
    const slider = byId("haoline-wipe", made.node) as HTMLInputElement;
    slider.value = "20";
    slider.dispatchEvent(new Event("input"));
    expect(made.now.settings.wipe).toBe(0.5);
    slider.dispatchEvent(new Event("change", { bubbles: true }));
    expect(made.now.settings.wipe).toBe(0.2);
  });

  it("takes the edge in the picture, and leaves the cursor where it is", async () => {
    const made = await mount({ settings: { channel: 0 } });
    vi.useFakeTimers();
    const node = plane(made, "float");
    // 640 × 400 less the axes: a picture of 370 by 370 in the middle, whose edge is in its middle.
    const at = (x: number): PointerEventInit => ({ clientX: x, clientY: 100, button: 0, bubbles: true, pointerId: 1 });
    const middle = 34 + (598 - 370) / 2 + 185;
    node.dispatchEvent(new PointerEvent("pointerdown", at(middle)));
    node.dispatchEvent(new PointerEvent("pointermove", at(middle + 92.5)));
    node.dispatchEvent(new PointerEvent("pointerup", at(middle + 92.5)));
    expect(reading(made)).not.toContain("float");
    vi.advanceTimersByTime(400);
    expect(made.now.settings.wipe).toBeCloseTo(0.75);
    expect((byId("haoline-wipe", made.node) as HTMLInputElement).value).toBe("75");
  });
});

describe("flickering", () => {
  it("takes turns by itself until it is paused, and by hand with F", async () => {
    vi.useFakeTimers();
    const made = await mountFaked();
    way(made, "Flicker");
    expect(names(made)).toEqual(["Float"]);
    vi.advanceTimersByTime(650);
    expect(names(made)).toEqual(["Quantized, 8 bits"]);
    byId("haoline-flicker-pause", made.node).click();
    vi.advanceTimersByTime(5000);
    expect(names(made)).toEqual(["Quantized, 8 bits"]);
    press(plane(made, "float"), "f");
    expect(names(made)).toEqual(["Float"]);
    vi.advanceTimersByTime(5000);
    expect(names(made)).toEqual(["Float"]);
  });

  it("rests while another tab is in front", async () => {
    vi.useFakeTimers();
    const made = await mountFaked();
    way(made, "Flicker");
    made.show({ tab: "advice" });
    vi.advanceTimersByTime(1300);
    expect(names(made)).toEqual(["Float"]);
    made.show({ tab: "values" });
    vi.advanceTimersByTime(650);
    expect(names(made)).toEqual(["Quantized, 8 bits"]);
  });

  it("lets what is on screen come to rest, so that it is kept", async () => {
    vi.useFakeTimers();
    const made = await mountFaked();
    let told = 0;
    made.tiles.watch(() => {
      told += 1;
    });
    made.show({ settings: { ...made.now.settings, channel: null, way: "flicker" } });
    await vi.advanceTimersByTimeAsync(50);
    const before = told;
    await vi.advanceTimersByTimeAsync(6000);
    expect(told).toBe(before);
  });

  it("begins with F wherever the keys are in the pictures", async () => {
    const made = await mount({ settings: { channel: 0 } });
    press(plane(made, "error"), "F");
    expect(made.now.settings.way).toBe("flicker");
    expect(names(made)).toEqual(["Quantized, 8 bits"]);
  });

  it("waits for a hand where the reader wants less motion", async () => {
    vi.stubGlobal("matchMedia", (query: string) => ({
      matches: query.includes("reduced-motion"),
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
    }));
    vi.useFakeTimers();
    const made = await mountFaked();
    way(made, "Flicker");
    vi.advanceTimersByTime(5000);
    expect(names(made)).toEqual(["Float"]);
    press(plane(made, "float"), "f");
    expect(names(made)).toEqual(["Quantized, 8 bits"]);
  });
});

async function mountFaked(): Promise<Mounted> {
  const mounting = mount({ settings: { channel: 0 } });
  await vi.advanceTimersByTimeAsync(50);
  return mounting;
}

describe("without a kernel", () => {
  it("shows both sides and the error of what was on screen, and says that the rest is not here", async () => {
    const live = await mount({ settings: { channel: 0 } });
    const snapshot = await live.tiles.snapshot();
    const sides = [...(await unpackSnapshot(snapshot)).tiles.keys()].map((key) => key.split(" ").at(-2));
    expect(sides).toEqual(["float", "variant", "difference"]);
    const saved = await mount({ tiles: () => new SavedSource(snapshot), settings: { channel: 0 } });
    await vi.waitFor(() => expect(plane(saved, "float").dataset["missing"]).toBe("false"));
    press(plane(saved, "float"), "ArrowRight");
    expect(reading(saved)).toContain("float 0, quantized 0.25, error 0.25");
    saved.show({ sample: 1 });
    await vi.waitFor(() => expect(saved.node.querySelector(".hl-pictures-note")?.textContent).toContain("no kernel"));
  });

  it("takes no side from a notebook that there is none of", async () => {
    const live = await mount({ settings: { channel: 0 } });
    live.kernel.asked.length = 0;
    const forged = await forge(await live.tiles.snapshot());
    await expect(unpackSnapshot(forged)).rejects.toThrow("damaged");
  });
});

/** The snapshot with a side of another name. */
async function forge(snapshot: string): Promise<string> {
  const packed = Uint8Array.from(atob(snapshot), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const text = new TextDecoder("latin1").decode(bytes).replace('"which":"float"', '"which":"flood"');
  const changed = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const gzipped = new Blob([changed]).stream().pipeThrough(new CompressionStream("gzip"));
  const out = new Uint8Array(await new Response(gzipped).arrayBuffer());
  return btoa(String.fromCharCode(...out));
}

describe("where there is nothing to compare", () => {
  it("says why, and leads to the op that took the tensor up", async () => {
    const made = await mount({ row: 1 });
    expect(byId("haoline-compared", made.node).textContent).toContain("folded into the quantizer of a");
    expect(pane(made, "float").hidden).toBe(true);
    expect(made.kernel.asked).toEqual([]);
  });

  it("says what the kernel says", async () => {
    const made = await mount({ settings: { channel: 0 } });
    made.kernel.error = "Sample 1 cannot be run again: dog.png is gone.";
    made.show({ sample: 1 });
    await settled();
    expect(made.node.querySelector(".hl-pictures-note")?.textContent).toBe(made.kernel.error);
    made.show({ sample: 0 });
    expect(made.node.querySelector<HTMLElement>(".hl-pictures-note")?.hidden).toBe(true);
  });
});
