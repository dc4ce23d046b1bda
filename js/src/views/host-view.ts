import type { Host, HostName, ReportDocument } from "../data/index.js";
import { Cleanup } from "./cleanup.js";
import { DeepLink } from "./deep-link.js";
import { h } from "./dom.js";
import { OpTensors } from "./op-tensors.js";
import { Source } from "./source.js";
import { StatusLine } from "./status-line.js";
import { followTheme } from "./theme.js";
import { Tooltip } from "./tooltip.js";
import type { Scene } from "./view.js";

const SAID_MS = 6000;

/** What every view of a report does: follow its host, decode what it holds, answer links, clean up. */
export abstract class HostView implements Scene {
  readonly host: Host;
  readonly tooltip = new Tooltip();
  abstract readonly tabs: boolean;
  protected readonly status = new StatusLine();
  protected readonly cleanup = new Cleanup();
  #picked = false;
  #report: ReportDocument | null = null;
  #tensors: OpTensors | null = null;
  #link: DeepLink | null = null;
  #said: ReturnType<typeof setTimeout> | undefined;
  readonly #node: HTMLElement;

  constructor(host: Host, testid: string) {
    this.host = host;
    this.#node = h("div", {
      class: "haoline",
      role: "region",
      "data-testid": testid,
      "data-lm-suppress-shortcuts": "true",
    });
  }

  abstract show(tab: string): void;

  /** Shows another report, or the same with other columns. */
  protected abstract update(report: ReportDocument): void;

  /** Shows what is selected now. */
  protected abstract showSelection(): void;

  node(): HTMLElement {
    return this.#node;
  }

  get report(): ReportDocument {
    if (!this.#report) throw new Error("the report is not decoded yet");
    return this.#report;
  }

  get ready(): boolean {
    return this.#report !== null;
  }

  get picked(): boolean {
    return this.#picked;
  }

  get tensors(): OpTensors {
    this.#tensors ??= new OpTensors(this.report);
    return this.#tensors;
  }

  /** The selected rows that this report has. */
  get selection(): number[] {
    const rows = this.#report?.ops.rows ?? 0;
    return (this.host.get("selection") ?? []).filter((op) => Number.isInteger(op) && op >= 0 && op < rows);
  }

  select(ops: readonly number[]): void {
    this.#picked = true;
    // The host tells of a change, and so do we hear of it.
    this.host.set("selection", [...ops]);
  }

  /** A passing remark; the host's own line comes back after it. */
  say(text: string): void {
    clearTimeout(this.#said);
    this.status.status(text);
    this.#said = setTimeout(() => this.status.status(this.host.get("status")), SAID_MS);
  }

  dispose(): void {
    clearTimeout(this.#said);
    this.cleanup.dispose();
    this.#node.remove();
  }

  /** Puts the parts in place and starts to follow the host. */
  protected start(body: HTMLElement): void {
    body.hidden = true;
    this.#node.append(body, this.status.node(), this.tooltip.node());
    followTheme(this.#node, this.cleanup);
    this.on("selection", () => this.#reselect());
    this.on("status", () => this.status.status(this.host.get("status")));
    this.status.status(this.host.get("status") || "Opening the report …");
    const events = {
      report: (report: ReportDocument) => this.#take(report, body),
      error: (text: string) => this.fail(text),
    };
    new Source(this.host, events, this.cleanup);
  }

  protected on(name: HostName, callback: () => void): void {
    this.host.on(name, callback);
    this.cleanup.add(() => this.host.off(name, callback));
  }

  protected fail(message: string): void {
    this.status.status(this.host.get("status"));
    this.status.error(message);
  }

  #reselect(): void {
    this.#picked = true;
    if (this.ready) this.showSelection();
  }

  #take(report: ReportDocument, body: HTMLElement): void {
    this.#report = report;
    this.#tensors = null;
    this.#node.dataset["reportId"] = report.id;
    this.#node.dataset["hardware"] = report.hardware?.profile.id ?? "";
    this.status.error("");
    this.status.status(this.host.get("status"));
    body.hidden = false;
    this.update(report);
    this.#link ??= new DeepLink(this, this.cleanup);
  }
}
