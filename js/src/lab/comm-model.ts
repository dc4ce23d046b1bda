/**
 * The state of one report widget over its comm, for places that have no widget manager (a model's own tab).
 * https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md
 */

import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { JSONObject, JSONValue } from "@lumino/coreutils";
import type { Answer, AskOptions, Host, HostName, HostValues, Question, TwoWayName } from "../data/host";
import { ask, type OnMessage, type Talker } from "../widget/ask";
import { question } from "../widget/question";

export const WIDGET_TARGET = "jupyter.widget";

type Path = (string | number)[];
type State = Record<string, unknown>;

interface Update {
  readonly method?: string;
  readonly state?: State;
  readonly buffer_paths?: Path[];
  readonly content?: { readonly type?: string };
}

export class CommHost implements Host {
  readonly live = true;
  readonly #comm: Kernel.IComm;
  readonly #listeners = new Map<HostName, Set<() => void>>();
  readonly #state: State;
  readonly #heard = new Set<OnMessage>();
  readonly #talker: Talker = {
    send: (content) => void this.#comm.send({ method: "custom", content: content as JSONObject }),
    on: (_, callback) => this.#heard.add(callback as OnMessage),
    off: (_, callback) => this.#heard.delete(callback as OnMessage),
  };

  constructor(comm: Kernel.IComm, opened: KernelMessage.ICommOpenMsg) {
    this.#comm = comm;
    this.#state = merged(opened.content.data as Update, opened.buffers);
    comm.onMsg = (message) => this.#onMessage(message);
  }

  get<K extends HostName>(name: K): HostValues[K] {
    return (this.#state[name] ?? null) as HostValues[K];
  }

  set<K extends TwoWayName>(name: K, value: HostValues[K]): void {
    this.#state[name] = value;
    const state = { [name]: value as unknown as JSONValue } as JSONObject;
    this.#comm.send({ method: "update", state, buffer_paths: [] });
    this.#notify(name);
  }

  async page(): Promise<Blob> {
    return new Blob((await ask(this.#talker, "html")) as BlobPart[], { type: "text/html" });
  }

  readonly ask = (message: Question, options?: AskOptions): Promise<Answer> => question(this.#talker, message, options);

  on(name: HostName, callback: () => void): void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set.add(callback));
  }

  off(name: HostName, callback: () => void): void {
    this.#listeners.get(name)?.delete(callback);
  }

  #onMessage(message: KernelMessage.ICommMsgMsg): void {
    const update = message.content.data as Update;
    if (update.method === "custom") {
      for (const callback of [...this.#heard]) callback(update.content ?? null, (message.buffers ?? []).map(view));
    }
    if (update.method !== "update") return;
    const state = merged(update, message.buffers);
    Object.assign(this.#state, state);
    for (const name of Object.keys(state)) this.#notify(name as HostName);
  }

  #notify(name: HostName): void {
    for (const callback of [...(this.#listeners.get(name) ?? [])]) callback();
  }
}

/** Whether a widget that the kernel opened is a report. */
export function isReport(opened: KernelMessage.ICommOpenMsg): boolean {
  const state = (opened.content.data as Update).state;
  return typeof state?.["report_id"] === "string";
}

/** Binary values travel beside the state; only top-level ones exist in a report. */
function merged(update: Update, buffers: (ArrayBuffer | ArrayBufferView)[] = []): State {
  const state: State = { ...update.state };
  for (const [at, [name]] of (update.buffer_paths ?? []).entries()) {
    const buffer = buffers[at];
    if (buffer && typeof name === "string") state[name] = view(buffer);
  }
  return state;
}

function view(buffer: ArrayBuffer | ArrayBufferView): DataView {
  if (ArrayBuffer.isView(buffer)) return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  return new DataView(buffer);
}
