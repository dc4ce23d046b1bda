import type { Cleanup } from "./cleanup.js";

export type Theme = "light" | "dark";

/** Keep `data-theme` of the report in step with JupyterLab, VS Code or the system. */
export function followTheme(root: HTMLElement, cleanup: Cleanup): void {
  const apply = (): void => {
    root.dataset["theme"] = currentTheme();
  };
  const query = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  if (query) cleanup.listen(query, "change", apply);
  const observer = new MutationObserver(apply);
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-jp-theme-light"] });
  cleanup.add(() => observer.disconnect());
  apply();
}

function currentTheme(): Theme {
  const body = document.body;
  const lab = body.dataset["jpThemeLight"];
  if (lab !== undefined) return lab === "false" ? "dark" : "light";
  if (/\bvscode-(dark|high-contrast)\b/.test(body.className)) return "dark";
  if (/\bvscode-light\b/.test(body.className)) return "light";
  return globalThis.matchMedia?.("(prefers-color-scheme: dark)")?.matches ? "dark" : "light";
}
