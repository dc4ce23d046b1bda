import { afterEach, describe, expect, it, vi } from "vitest";
import { luminance, parseColor, readTheme, watchTheme } from "../../../js/src/graph/paint/theme";

const asked = (...wishes: string[]): void => {
  vi.stubGlobal("matchMedia", (query: string) => ({
    matches: wishes.some((wish) => query.includes(wish)),
    addEventListener() {},
    removeEventListener() {},
  }));
};

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.removeAttribute("class");
  delete document.body.dataset.jpThemeLight;
});

/** Contrast of two colours, 1 to 21 (WCAG 2). */
function contrast(a: string, b: string): number {
  const [x, y] = [luminance(parseColor(a)!), luminance(parseColor(b)!)].sort((p, q) => q - p);
  return (x! + 0.05) / (y! + 0.05);
}

describe("the theme", () => {
  it("follows JupyterLab, then VS Code, then the system", () => {
    asked("dark");
    expect(readTheme(document.body).dark).toBe(true);
    document.body.className = "vscode-light";
    expect(readTheme(document.body).dark).toBe(false);
    document.body.dataset.jpThemeLight = "false";
    expect(readTheme(document.body).dark).toBe(true);
  });

  it.each([
    ["a wish of the system", () => asked("prefers-contrast: more")],
    ["VS Code's dark theme", () => document.body.classList.add("vscode-high-contrast")],
    ["VS Code's light theme", () => document.body.classList.add("vscode-high-contrast", "vscode-high-contrast-light")],
  ])("has solid lines and strong text for high contrast: %s", (_, wish) => {
    asked();
    wish();
    const theme = readTheme(document.body);
    expect(theme.contrast).toBe("more");
    for (const ground of [theme.background, theme.card, ...theme.nest]) {
      for (const ink of [theme.text, theme.muted, theme.faint, theme.border]) {
        expect(contrast(ink, ground)).toBeGreaterThan(10);
      }
      expect(contrast(theme.brand, ground)).toBeGreaterThan(4.5);
    }
    expect(contrast(theme.onBrand, theme.brand)).toBeGreaterThan(4.5);
  });

  it("tells VS Code's light high contrast from its dark one", () => {
    asked();
    document.body.className = "vscode-high-contrast";
    expect(readTheme(document.body).dark).toBe(true);
    document.body.className = "vscode-high-contrast-light";
    expect(readTheme(document.body).dark).toBe(false);
  });

  it("leaves colours to the system where it wants that", () => {
    asked("forced-colors", "prefers-contrast: more");
    const theme = readTheme(document.body);
    expect(theme.contrast).toBe("forced");
    expect(new Set([theme.text, theme.muted, theme.faint, theme.border]).size).toBe(1);
    expect(document.body.children).toHaveLength(0);
  });

  it("is usually readable, light and dark", () => {
    for (const dark of [false, true]) {
      asked(dark ? "dark" : "light");
      const theme = readTheme(document.body);
      expect(contrast(theme.text, theme.card)).toBeGreaterThan(10);
      expect(contrast(theme.muted, theme.card)).toBeGreaterThan(4.5);
    }
  });

  it("tells of changes until it is told to stop", async () => {
    asked();
    let changes = 0;
    const stop = watchTheme(() => {
      changes += 1;
    });
    document.body.className = "vscode-dark";
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(changes).toBe(1);
    stop();
    document.body.className = "vscode-light";
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(changes).toBe(1);
  });
});
