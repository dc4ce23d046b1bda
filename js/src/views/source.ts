import { type Host, ReportDocument } from "../data/index.js";
import type { Cleanup } from "./cleanup.js";

export interface SourceEvents {
  readonly report: (report: ReportDocument) => void;
  readonly error: (message: string) => void;
}

/** Decodes what the host holds; the newest bytes win however long the older take. */
export class Source {
  #host: Host;
  #events: SourceEvents;
  #base: ReportDocument | null = null;
  #turn = 0;

  constructor(host: Host, events: SourceEvents, cleanup: Cleanup) {
    this.#host = host;
    this.#events = events;
    const reload = (): void => {
      this.#base = null;
      void this.#load();
    };
    const overlay = (): void => void this.#load();
    host.on("document", reload);
    host.on("overlay", overlay);
    cleanup.add(() => {
      this.#turn = Number.NaN;
      host.off("document", reload);
      host.off("overlay", overlay);
    });
    reload();
  }

  async #load(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    try {
      const base = this.#base ?? (await this.#decode());
      if (turn !== this.#turn || !base) return;
      this.#base = base;
      await this.#show(base, turn);
    } catch (error) {
      if (turn === this.#turn) this.#events.error(`This report cannot be shown: ${message(error)}`);
    }
  }

  async #decode(): Promise<ReportDocument | null> {
    const bytes = this.#host.get("document");
    return bytes && bytes.byteLength > 0 ? ReportDocument.decode(bytes) : null;
  }

  async #show(base: ReportDocument, turn: number): Promise<void> {
    const overlay = this.#host.get("overlay");
    if (!overlay || overlay.byteLength === 0) return this.#events.report(base);
    try {
      const report = await base.withOverlay(overlay);
      if (turn === this.#turn) this.#events.report(report);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#events.report(base);
      this.#events.error(`The hardware estimate cannot be shown: ${message(error)}`);
    }
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
