import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { JSONObject } from "@lumino/coreutils";
import { Signal } from "@lumino/signaling";

/** A comm that keeps what is sent and lets a test speak for the kernel. */
export class FakeComm {
  readonly sent: JSONObject[] = [];
  readonly subshellStarted = Promise.resolve();
  opened = false;
  isDisposed = false;
  onMsg: (message: KernelMessage.ICommMsgMsg) => void = () => undefined;

  constructor(
    readonly targetName: string,
    readonly commId: string,
  ) {}

  open(): void {
    this.opened = true;
  }

  send(data: JSONObject): void {
    this.sent.push(data);
  }

  receive(data: unknown, buffers: ArrayBuffer[] = []): void {
    this.onMsg({ content: { data }, buffers } as unknown as KernelMessage.ICommMsgMsg);
  }
}

/** As much of a kernel connection as a link uses. */
export class FakeKernel {
  readonly id = "kernel";
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  readonly info = Promise.resolve({});
  readonly comms: FakeComm[] = [];
  readonly targets = new Map<string, () => unknown>();
  supportsSubshells = true;
  handleComms = true;
  isDisposed = false;
  /** What the kernel had before the page came: comm id to target. */
  living: Record<string, string> = {};

  registerCommTarget(name: string, callback: () => unknown): void {
    this.targets.set(name, callback);
  }

  createComm(target: string, id = `comm-${this.comms.length}`): FakeComm {
    const comm = new FakeComm(target, id);
    this.comms.push(comm);
    return comm;
  }

  async requestCommInfo(): Promise<unknown> {
    const entries = Object.entries(this.living).map(([id, target_name]) => [id, { target_name }]);
    return { content: { status: "ok", comms: Object.fromEntries(entries) } };
  }

  connection(): Kernel.IKernelConnection {
    return this as unknown as Kernel.IKernelConnection;
  }
}

export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
