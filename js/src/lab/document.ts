/** A model's own tab: double click on a model file opens its report. */

import type { ISessionContext } from "@jupyterlab/apputils";
import { ABCWidgetFactory, Base64ModelFactory, type DocumentRegistry, DocumentWidget } from "@jupyterlab/docregistry";
import type { Contents, Kernel, KernelMessage } from "@jupyterlab/services";
import type { IDisposable } from "@lumino/disposable";
import { Widget } from "@lumino/widgets";
import type { Host } from "../data/host";
import { CommHost, isReport, WIDGET_TARGET } from "./comm-model";
import { drawLater } from "./draw";
import { MAYBE_MODELS, MODEL_FILES } from "./file-types";
import { type Stored, storedHost, storedReport } from "./stored";

export const FACTORY = "Model report";
/** Names both the model factory and the content provider. */
export const NO_CONTENT = "haoline-jupyter:no-content";

/** The file stays where it is: a model of gigabytes never travels to the page. */
export class NoContentFactory extends Base64ModelFactory {
  override get name(): string {
    return NO_CONTENT;
  }

  override get fileFormat(): Contents.FileFormat {
    return null;
  }

  override preferredLanguage(): string {
    return "python";
  }
}

/** Read-only, or Jupyter would copy the model as a checkpoint. */
export function readOnlyProvider(drive: Contents.IDrive): Pick<Contents.IDrive, "get" | "save"> {
  return {
    get: async (path) => ({ ...(await drive.get(path, { content: false })), writable: false }),
    save: (path) => Promise.reject(new Error(`${path} is shown read-only`)),
  };
}

type Context = DocumentRegistry.Context;

export class ModelTab extends Widget {
  readonly #session: ISessionContext;
  readonly #context: Context;
  readonly #message = document.createElement("div");
  readonly #report = document.createElement("div");
  #dispose: () => void = () => undefined;
  #host: Host | null = null;
  #stderr = "";
  #running: IDisposable | null = null;

  constructor(context: Context) {
    super();
    this.#session = context.sessionContext;
    this.#context = context;
    this.addClass("hl-model-tab");
    this.#message.className = "hl-model-message";
    this.#message.setAttribute("role", "status");
    this.#report.className = "hl-model-report";
    this.node.dataset["testid"] = "haoline-model-tab";
    this.node.append(this.#message, this.#report);
    this.#say("busy", "Starting a kernel…");
    void context.ready.then(() => this.#start());
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#dispose();
    super.dispose();
  }

  async #start(): Promise<void> {
    await this.#session.ready;
    if (this.isDisposed) return;
    this.#session.kernelChanged.connect(this.#run, this);
    this.#session.statusChanged.connect(this.#onStatus, this);
    this.#run();
  }

  /** Have the kernel open the file; what it shows is caught by `#catchWidget` and `#onOutput`. */
  #run(): void {
    const kernel = this.#session.session?.kernel;
    if (!kernel) return this.#say("info", "Choose a Python kernel to open this model.");
    this.#say("busy", "Opening the model…");
    this.#host = null;
    this.#stderr = "";
    this.#catchWidget(kernel);
    this.#running?.dispose();
    const { path } = this.#context;
    const content = { code: openingCode(path), store_history: false };
    // Named like a cell, so that the kernel closes what an earlier run of it showed.
    const running = kernel.requestExecute(content, true, { cellId: `haoline:${path}` });
    this.#running = running;
    running.onIOPub = (message) => this.#onOutput(message);
    running.done.then(
      () => this.#finish(),
      () => undefined,
    );
  }

  #onStatus(_: unknown, status: Kernel.Status): void {
    if (status !== "restarting" && status !== "autorestarting") return;
    this.#running = null;
    const kernel = this.#session.session?.kernel;
    void kernel?.info.then(() => this.#run());
  }

  #catchWidget(kernel: Kernel.IKernelConnection): void {
    kernel.registerCommTarget(WIDGET_TARGET, (comm, opened) => {
      if (isReport(opened)) this.#show(new CommHost(comm, opened));
    });
  }

  #onOutput(message: KernelMessage.IIOPubMessage): void {
    const { msg_type: type } = message.header;
    const content = message.content as Record<string, unknown>;
    if (type === "error") this.#say("error", errorText(content));
    else if (type === "stream" && content["name"] === "stderr") this.#stderr += String(content["text"]);
    else if (type === "display_data" || type === "update_display_data") this.#onDisplay(content);
  }

  #onDisplay({ data }: Record<string, unknown>): void {
    const bundle = (data ?? {}) as Record<string, unknown>;
    const stored = storedReport(bundle);
    if (stored) this.#showStored(stored);
    else if (!this.#host && typeof bundle["text/plain"] === "string") this.#note(bundle["text/plain"]);
  }

  #showStored(stored: Stored): void {
    if (!this.#host) this.#show(storedHost(stored));
  }

  /** A live report replaces a stored one. */
  #show(host: Host): void {
    this.#host = host;
    this.#dispose();
    this.#message.hidden = true;
    this.#report.hidden = false;
    this.#dispose = drawLater(this.#report, host);
  }

  #finish(): void {
    const waiting = this.#message.dataset["kind"] === "busy";
    if (!this.#host && waiting) this.#say("error", this.#stderr.trim() || "The kernel showed no report.");
  }

  #note(text: string): void {
    if (!this.#host && this.#message.dataset["kind"] === "busy") this.#message.textContent = text.trim();
  }

  #say(kind: "busy" | "info" | "error", text: string): void {
    this.#dispose();
    this.#report.hidden = true;
    this.#message.hidden = false;
    this.#message.dataset["kind"] = kind;
    this.#message.textContent = text;
  }
}

class ModelTabFactory extends ABCWidgetFactory<DocumentWidget<ModelTab>> {
  protected createNewWidget(context: Context): DocumentWidget<ModelTab> {
    const widget = new DocumentWidget({ content: new ModelTab(context), context });
    widget.toolbar.hide();
    return widget;
  }
}

export function modelTabFactory(): ModelTabFactory {
  return new ModelTabFactory({
    name: FACTORY,
    modelName: NO_CONTENT,
    contentProviderId: NO_CONTENT,
    fileTypes: [...MODEL_FILES.map(({ name }) => name), ...MAYBE_MODELS],
    defaultFor: MODEL_FILES.map(({ name }) => name),
    readOnly: true,
    preferKernel: true,
    canStartKernel: true,
    autoStartDefault: true,
    shutdownOnClose: true,
  });
}

/** The kernel runs beside the file or folder. JSON strings are Python literals, short of lone surrogates. */
function openingCode(path: string): string {
  const name = JSON.stringify(path.slice(path.lastIndexOf("/") + 1));
  return `import haoline_jupyter as _haoline; _haoline.display_file(${name}); del _haoline`;
}

function errorText({ ename, evalue }: Record<string, unknown>): string {
  return ename === "ModuleNotFoundError"
    ? `This kernel has no haoline-jupyter: pip install haoline-jupyter\n(${evalue})`
    : `${evalue || ename}`;
}
