/** Draws the report kept in a notebook's output, and the live one in its place when the kernel has it. */

import type { IRenderMime } from "@jupyterlab/rendermime";
import { Widget } from "@lumino/widgets";
import type { Host } from "../data/host";
import { modelHost } from "../widget/model-host";
import { registry } from "../widget/registry";
import { drawLater } from "./draw";
import { whenNear } from "./mime-near";
import { StoredState } from "./mime-state";
import { REPORT_MIME, type Stored, storedHost, storedReport } from "./stored";

/** Before the widget manager's -20: an untrusted or dead notebook has no widget, but has this. */
export const REPORT_RANK = -30;

/** A live view arrives just after its output and goes just before; drawing the stored report meanwhile would flicker. */
const LIVE_WAIT_MS = 250;

export class ReportRenderer extends Widget implements IRenderMime.IRenderer {
  /** The renderers of the page. */
  static readonly all = new Set<ReportRenderer>();

  #stored: Stored | null = null;
  #kept: StoredState | null = null;
  #host: Host | null = null;
  #erase: () => void = () => undefined;
  /** To be drawn once it is in the page. */
  #due = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onModel = (event: Event): void => {
    if ((event as CustomEvent<string>).detail === this.#stored?.view_id) this.#drawSoon();
  };

  constructor() {
    super();
    this.addClass("hl-output");
    // JupyterLab's own keys stay out of a focused view.
    this.node.dataset["lmSuppressShortcuts"] = "true";
    registry().events.addEventListener("model", this.#onModel);
    ReportRenderer.all.add(this);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    ReportRenderer.all.delete(this);
    registry().events.removeEventListener("model", this.#onModel);
    clearTimeout(this.#timer);
    this.#erase();
    super.dispose();
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const stored = storedReport(model.data as Record<string, unknown>);
    if (this.#kept?.holds(stored)) return;
    this.#stored = stored;
    if (!stored) {
      this.node.textContent = "This report was saved by another version of HaoLine; run its cell again.";
      return;
    }
    this.#kept = new StoredState(model, stored);
    this.#drawSoon();
  }

  /** Keeps what is seen in the output: its notebook is about to be saved. */
  keepState(): void {
    if (this.#host) this.#kept?.write(this.#host);
  }

  /** A live view at once; the stored one after a moment, in which its output may be replaced. */
  #drawSoon(): void {
    clearTimeout(this.#timer);
    if (this.#stored && this.#live(this.#stored)) this.#draw();
    else this.#timer = setTimeout(() => this.#draw(), LIVE_WAIT_MS);
  }

  protected override onAfterAttach(): void {
    if (this.#due) this.#draw();
  }

  #draw(): void {
    if (this.isDisposed || !this.#stored) return;
    this.#due = !this.node.isConnected;
    if (this.#due) return;
    this.#erase();
    const host = this.#live(this.#stored) ?? storedHost(this.#stored);
    this.#host = host;
    const unfollow = this.#kept?.follow(host);
    let erase = (): void => undefined;
    // What is inside a cell off screen has no place of its own; the cell has.
    const leave = whenNear(this.node.closest(".jp-Cell") ?? this.node, () => {
      erase = drawLater(this.node, host);
    });
    this.#erase = () => {
      unfollow?.();
      leave();
      erase();
    };
  }

  #live({ view_id }: Stored): Host | null {
    const model = registry().models.get(view_id ?? "");
    return model ? modelHost(model) : null;
  }
}

export const rendererFactory: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: [REPORT_MIME],
  defaultRank: REPORT_RANK,
  createRenderer: () => new ReportRenderer(),
};
