/** Saves what a view shows as a file. */

import type { Desk } from "./desk.js";
import { renderPNG, renderSVG } from "./paint/export.js";
import type { Theme } from "./paint/theme.js";
import type { Save } from "./panels/menus.js";

/** Pixels of a PNG to each pixel of the view: enough for print and projector. */
const SHARP = 2;

export interface Saving {
  readonly theme: () => Theme;
  /** A page that shows the graph by itself; absent: none can be made here. */
  readonly html: (() => Promise<Blob>) | undefined;
  readonly tell: (text: string) => void;
}

export function savesOf(desk: Desk, { theme, html, tell }: Saving): Save[] {
  const save = (label: string, suffix: string, make: () => Promise<Blob>): Save => ({
    label,
    run: () => {
      const name = fileName(desk.session.model.doc.model.name, suffix);
      make().then(
        (blob) => download(blob, name),
        () => tell(`${name} could not be made`),
      );
    },
  });
  const svg = async (whole: boolean): Promise<Blob> =>
    new Blob([renderSVG(desk.session.root(), desk.look(theme()), desk.stage, { whole })], { type: "image/svg+xml" });
  const png = async (): Promise<Blob> =>
    renderPNG(desk.session.root(), desk.look(theme()), desk.stage, { whole: false, scale: SHARP });
  return [
    save("Save the view as PNG", "png", png),
    save("Save the view as SVG", "svg", () => svg(false)),
    save("Save everything open as SVG", "svg", () => svg(true)),
    ...(html ? [save("Save as HTML", "html", html)] : []),
  ];
}

function fileName(model: string, suffix: string): string {
  return `${model.replace(/[^\w.-]+/g, "_").slice(0, 80) || "model"}.${suffix}`;
}

/** A link that is clicked: the one way that works in every notebook. */
function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
