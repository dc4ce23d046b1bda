import { afterEach, describe, expect, it, vi } from "vitest";
import type { HardwareChoice } from "../../../js/src/data/index.js";
import { HardwarePicker, PROFILES } from "../../../js/src/views/index.js";
import { byId, drawn, host, liveHost, press, type } from "./helpers.js";

afterEach(() => document.body.replaceChildren());

const CHOICE: HardwareChoice = { profile: "h100-sxm", count: 1, precision: "fp16" };

function picker(more: Partial<ConstructorParameters<typeof HardwarePicker>[0]> = {}) {
  const onChoose = vi.fn<(choice: HardwareChoice) => void>();
  const made = new HardwarePicker({ choice: CHOICE, detected: null, onChoose, ...more });
  document.body.append(made.node());
  const options = (): string[] =>
    [...made.node().querySelectorAll("[role=option]")].map((option) => option.getAttribute("data-profile") ?? "");
  const search = byId("haoline-profile-search", made.node());
  return { made, onChoose, options, search };
}

describe("the list", () => {
  it("offers every device, marks the chosen and the detected one", () => {
    const { made, options } = picker({ detected: "l4" });
    expect(options().length).toBe(PROFILES.length);
    expect(options().length).toBeGreaterThanOrEqual(60);
    expect(made.node().querySelector("[aria-selected=true]")?.getAttribute("data-profile")).toBe("h100-sxm");
    expect(made.node().querySelector(".hl-detected")?.closest("[role=option]")?.getAttribute("data-profile")).toBe(
      "l4",
    );
  });

  it("narrows by words, vendor and memory", () => {
    const { made, options, search } = picker();
    type(search, "rtx 4090");
    expect(options()).toContain("rtx-4090");
    expect(options().length).toBeLessThan(4);
    type(search, "");
    type(byId("haoline-profile-vendor", made.node()), "AMD");
    expect(options().every((id) => PROFILES.find((profile) => profile.id === id)?.vendor === "AMD")).toBe(true);
    type(byId("haoline-profile-vendor", made.node()), "");
    type(byId("haoline-profile-memory", made.node()), "80");
    expect(options()).toContain("h100-sxm");
    expect(options()).not.toContain("rtx-4090");
  });

  it("says so when nothing matches", () => {
    const { made, options, search } = picker();
    type(search, "no such thing");
    expect(options()).toEqual([]);
    expect(made.node().textContent).toContain("No device matches");
  });

  it("adds a device of the user's own", () => {
    const { options, made } = picker({ extra: { id: "my-box", name: "<b>box</b>", vendor: "me" } });
    expect(options()[0]).toBe("my-box");
    expect(made.node().querySelector("b")).toBeNull();
  });
});

describe("keyboard", () => {
  it("searches, walks and chooses without a mouse", () => {
    const { onChoose, options, search, made } = picker();
    type(search, "a100");
    press(search, "ArrowDown");
    press(search, "ArrowDown");
    const active = search.getAttribute("aria-activedescendant");
    expect(made.node().querySelector(`#${active}`)?.getAttribute("data-profile")).toBe(options()[1]);
    press(search, "Enter");
    expect(onChoose).toHaveBeenCalledWith({ profile: options()[1], count: 1, precision: "fp16" });
  });

  it("takes the first match on Enter", () => {
    const { onChoose, options, search } = picker();
    type(search, "l40");
    press(search, "Enter");
    expect(onChoose.mock.calls[0]?.[0].profile).toBe(options()[0]);
  });
});

describe("count and precision", () => {
  it("clamps the count and keeps the rest of the choice", () => {
    const { made, onChoose } = picker();
    const count = byId("haoline-profile-count", made.node()) as HTMLInputElement;
    count.value = "-3";
    count.dispatchEvent(new Event("change"));
    count.value = "8";
    count.dispatchEvent(new Event("change"));
    expect(onChoose.mock.calls.map(([choice]) => choice.count)).toEqual([1, 8]);
    expect(onChoose.mock.calls[1]?.[0].profile).toBe("h100-sxm");
  });

  it("offers the model's own precision and shows published peaks", () => {
    const { made, onChoose } = picker();
    const field = byId("haoline-profile-precision", made.node()) as HTMLSelectElement;
    expect(field.textContent).toContain("as the model has it");
    expect(field.textContent).toContain("fp16 · 989 TFLOP/s");
    expect(field.textContent).toContain("int8 · 1.98 POP/s");
    field.value = "";
    field.dispatchEvent(new Event("change"));
    expect(onChoose).toHaveBeenCalledWith({ ...CHOICE, precision: "" });
  });
});

describe("in a report", () => {
  it("without a kernel says what it needs and changes nothing", async () => {
    const { root, host: hosted } = await drawn(host());
    byId("haoline-hardware-chip", root).click();
    expect(byId("haoline-hardware-picker", root).textContent).toContain("Run its cell");
    root.querySelector<HTMLElement>('[data-profile="l4"]')?.click();
    expect(hosted.get("hardware").profile).toBe("");
  });

  it("with a kernel asks it, and waits for its numbers", async () => {
    const { root, host: hosted } = await drawn(liveHost());
    byId("haoline-hardware-chip", root).click();
    root.querySelector<HTMLElement>('[data-profile="l4"]')?.click();
    expect(hosted.get("hardware")).toEqual({ profile: "l4", count: 1, precision: "fp16" });
    expect(byId("haoline-hardware-chip", root).classList).toContain("hl-pending");
    expect(root.dataset["hardware"]).toBe("h100-sxm");
  });

  it("closes on Escape and on a click elsewhere", async () => {
    const { root } = await drawn(liveHost());
    const chip = byId("haoline-hardware-chip", root);
    const open = (): string | null => chip.getAttribute("aria-expanded");
    chip.click();
    expect(open()).toBe("true");
    press(byId("haoline-profile-search", root), "Escape");
    expect(open()).toBe("false");
    chip.click();
    document.body.dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true }));
    expect(open()).toBe("false");
  });
});
