/** The line from the sidebar to one kernel: tells it which hardware its reports are about. */

import type { Kernel, KernelMessage } from "@jupyterlab/services";
import { type ISignal, Signal } from "@lumino/signaling";
import type { HardwareChoice } from "../data/host";
import { parseChoice } from "./choice";

const HELLO = "haoline.hello";
const PROFILE = "haoline.profile";
const SUBSHELL_WAIT_MS = 2000;

/**
 * seeking: the kernel has not said yet whether haoline_jupyter is loaded. unloaded: it is not.
 * queued: a choice is sent, and the kernel has not got to it.
 */
export type LinkState = "seeking" | "unloaded" | "queued" | "applied" | "refused";

export interface Device {
  /** Of a profile, or of the kernel's own that no list has. */
  readonly id: string;
  readonly name: string;
}

export class KernelLink {
  readonly #kernel: Kernel.IKernelConnection;
  readonly #changed = new Signal<this, void>(this);
  #comm: Kernel.IComm | null = null;
  #choice: HardwareChoice | null;
  #state: LinkState = "seeking";
  #detected: Device | null = null;
  #problem = "";

  constructor(kernel: Kernel.IKernelConnection, choice: HardwareChoice | null) {
    this.#kernel = kernel;
    this.#choice = choice;
    kernel.registerCommTarget(HELLO, () => this.#open());
    kernel.statusChanged.connect(this.#onStatus, this);
    void this.#find();
  }

  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  get state(): LinkState {
    return this.#state;
  }

  get kernel(): Kernel.IKernelConnection {
    return this.#kernel;
  }

  /** The device the kernel found itself on. */
  get detected(): Device | null {
    return this.#detected;
  }

  /** Why the kernel refused the choice. */
  get problem(): string {
    return this.#problem;
  }

  /** Send a choice now, or as soon as the kernel can take it. */
  push(choice: HardwareChoice | null): void {
    this.#choice = choice;
    if (this.#comm) this.#send(this.#comm);
  }

  dispose(): void {
    this.#comm = null;
    Signal.clearData(this);
  }

  /** A page that was reloaded meets a kernel that said hello long ago. */
  async #find(): Promise<void> {
    const reply = await this.#kernel.requestCommInfo({}).catch(() => null);
    if (this.#comm || this.#state !== "seeking") return;
    this.#set("unloaded");
    if (reply?.content.status !== "ok") return;
    const comms = Object.entries(reply.content.comms);
    const known = comms.find(([, comm]) => comm.target_name === PROFILE)?.[0];
    if (comms.some(([, comm]) => comm.target_name === HELLO)) await this.#open(known);
  }

  async #open(known?: string): Promise<void> {
    if (!this.#kernel.handleComms) return;
    const comm = this.#kernel.createComm(PROFILE, known);
    this.#comm = comm;
    comm.onMsg = (message) => this.#onEcho(message);
    this.#set("queued");
    await this.#subshell(comm);
    if (this.#comm !== comm || comm.isDisposed) return;
    if (known === undefined) comm.open({});
    this.#send(comm);
  }

  /** In a subshell a message passes a running cell; where there is none the promise never settles. */
  #subshell(comm: Kernel.IComm): Promise<unknown> {
    const started = (comm as { subshellStarted?: Promise<void> }).subshellStarted;
    if (!started) return Promise.resolve();
    const supported = this.#kernel.info.then(() => (this.#kernel.supportsSubshells ? started : undefined));
    const timeout = new Promise((resolve) => setTimeout(resolve, SUBSHELL_WAIT_MS));
    return Promise.race([supported.catch(() => undefined), timeout]);
  }

  #send(comm: Kernel.IComm): void {
    comm.send(this.#choice ? { type: "set", ...this.#choice } : { type: "ask" });
    this.#set("queued");
  }

  #onEcho(message: KernelMessage.ICommMsgMsg): void {
    const { type, detected, detected_name: name, message: problem } = message.content.data;
    if (typeof detected === "string") this.#detected = { id: detected, name: String(name ?? detected) };
    this.#problem = type === "error" ? String(problem) : "";
    if (type === "error") return this.#set("refused");
    const echoed = parseChoice(message.content.data);
    if (this.#choice && echoed?.profile !== this.#choice.profile) return;
    this.#set("applied");
  }

  #onStatus(_: unknown, status: Kernel.Status): void {
    if (!["restarting", "autorestarting", "dead"].includes(status)) return this.#changed.emit();
    this.#comm = null;
    this.#set("unloaded");
  }

  #set(state: LinkState): void {
    this.#state = state;
    this.#changed.emit();
  }
}
