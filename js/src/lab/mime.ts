/** Draws the report kept in a notebook's output, and the live one in its place when the kernel has it. */

import type { IRenderMime } from "@jupyterlab/rendermime";
import { Widget } from "@lumino/widgets";
import type { Host } from "../data/host";
import { modelHost } from "../widget/model-host";
import { registry } from "../widget/registry";
import { drawLater } from "./draw";
import { REPORT_MIME, type Stored, storedHost, storedReport } from "./stored";

/** Before the widget manager's -20: an untrusted or dead notebook has no widget, but has this. */
export const REPORT_RANK = -30;

/** A live widget arrives just after its output; drawing the stored report first would flicker. */
const LIVE_WAIT_MS = 250;

export class ReportRenderer extends Widget implements IRenderMime.IRenderer {
  #stored: Stored | null = null;
  #dispose: () => void = () => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onModel = (event: Event): void => {
    if ((event as CustomEvent<string>).detail === this.#stored?.id) this.#draw();
  };

  constructor() {
    super();
    this.addClass("hl-output");
    // JupyterLab's own keys stay out of a focused view.
    this.node.dataset["lmSuppressShortcuts"] = "true";
    registry().events.addEventListener("model", this.#onModel);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    registry().events.removeEventListener("model", this.#onModel);
    clearTimeout(this.#timer);
    this.#dispose();
    super.dispose();
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.#stored = storedReport(model.data as Record<string, unknown>);
    if (!this.#stored) {
      this.node.textContent = "This report was saved by another version of HaoLine; run its cell again.";
      return;
    }
    clearTimeout(this.#timer);
    if (registry().models.has(this.#stored.id)) this.#draw();
    else this.#timer = setTimeout(() => this.#draw(), LIVE_WAIT_MS);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    if (this.isDisposed || !this.#stored) return;
    this.#dispose();
    this.#dispose = drawLater(this.node, this.#host(this.#stored));
  }

  #host(stored: Stored): Host {
    const model = registry().models.get(stored.id);
    return model ? modelHost(model) : storedHost(stored);
  }
}

export const rendererFactory: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: [REPORT_MIME],
  defaultRank: REPORT_RANK,
  createRenderer: () => new ReportRenderer(),
};
