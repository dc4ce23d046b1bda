/** Questions that the kernel answers while a view is at work. Not part of the stub, which every saved view carries. */

import type { Answer, AskOptions, Question } from "../data/host.js";
import { PATIENCE_MS, type Talker } from "./ask.js";

/** A kernel at work tells how far it is; between two such words it may be long. */
export const STAGE_MS = 600_000;
/** What does not stop by then is left to itself. */
export const STOP_MS = 10_000;
const STOPPED = "Stopped.";

// Two pages of one kernel hear each other's answers, so that both must not count from the same number.
let serial = Math.floor(Math.random() * 2 ** 30);

/** Asks the kernel something of many such questions: the answer has the number of its question. */
export function question(model: Talker, message: Question, options: AskOptions = {}): Promise<Answer> {
  const asked = message["request"];
  if (options.rejoin && typeof asked === "number") return new Inquiry(model, message, asked, options).answer();
  serial += 1;
  return new Inquiry(model, message, serial, options).answer();
}

/** A question on its way. */
class Inquiry {
  readonly #model: Talker;
  readonly #message: Question;
  readonly #request: number;
  readonly #options: AskOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resolve: (answer: Answer) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(model: Talker, message: Question, request: number, options: AskOptions) {
    this.#model = model;
    this.#message = message;
    this.#request = request;
    this.#options = options;
  }

  answer(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#ask();
    });
  }

  #ask(): void {
    const { signal } = this.#options;
    if (signal?.aborted) return this.#reject(new Error(STOPPED));
    this.#model.on("msg:custom", this.#hear);
    signal?.addEventListener("abort", this.#abort);
    const seconds = PATIENCE_MS / 1000;
    this.#wait(PATIENCE_MS, `The kernel has not answered for ${seconds} s: it is busy with a cell, or gone.`);
    if (!this.#options.rejoin) this.#send({ ...this.#message, request: this.#request });
  }

  #send(content: unknown): void {
    try {
      this.#model.send(content);
    } catch {
      this.#fail("The kernel is gone: run the cell again.");
    }
  }

  readonly #hear = (content: Answer["content"] | null, buffers: readonly ArrayBufferView[] = []): void => {
    if (content?.["request"] !== this.#request) return;
    if (content["type"] === "progress") return this.#progress(content);
    if (content["type"] !== this.#message.type) return;
    const { error } = content;
    if (typeof error === "string") return this.#fail(error);
    this.#leave();
    this.#resolve({ content, buffers });
  };

  #progress({ stage, fraction }: Answer["content"]): void {
    if (this.#options.signal?.aborted) return;
    // A kernel that tells of its work is there; a stage of it may take long.
    this.#wait(STAGE_MS, `The kernel has told nothing for ${STAGE_MS / 60_000} minutes: it is gone, or stuck.`);
    this.#options.onProgress?.({
      stage: typeof stage === "string" ? stage : "",
      fraction: typeof fraction === "number" && Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : null,
    });
  }

  readonly #abort = (): void => {
    this.#wait(STOP_MS, STOPPED);
    this.#send({ type: "stop", request: this.#request });
  };

  #wait(milliseconds: number, message: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(message), milliseconds);
  }

  #fail(message: string): void {
    this.#leave();
    this.#reject(new Error(message));
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#model.off("msg:custom", this.#hear);
    this.#options.signal?.removeEventListener("abort", this.#abort);
  }
}
