/**
 * Large layouts off the main thread. One worker serves all views of a page; it goes when it has had nothing to do for a
 * while. Where a page forbids workers the layout runs on the page after all, once it has had the time to say so.
 */

import { layoutLayered } from "./layered.js";
import type { Layout, LayoutInput } from "./types.js";
import type { Answer, Question } from "./worker.js";
import { WORKER_SOURCE } from "./worker-source.js";

export interface Offload {
  /** Lays out elsewhere and hands the result to `done`, later. Returns what cancels it. */
  start(input: LayoutInput, done: (layout: Layout) => void): () => void;
}

let shared: LayoutWorker | null = null;

/** The page's worker; null where there is none to be had, as outside a browser. */
export function pageOffload(): Offload | null {
  if (WORKER_SOURCE === "" || typeof Worker === "undefined") return null;
  shared ??= new LayoutWorker(() => startWorker(WORKER_SOURCE));
  return shared;
}

function startWorker(source: string): Worker {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return new Worker(url, { name: "haoline-layout" });
  } finally {
    // The worker has its own claim on the text once it is constructed; a moment more costs nothing.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

interface Task {
  readonly input: LayoutInput;
  readonly done: (layout: Layout) => void;
}

const IDLE_MS = 20_000;
/** Time for the page to paint its notice before it is kept busy. */
const NOTICE_MS = 60;

export class LayoutWorker implements Offload {
  readonly #create: () => Worker;
  readonly #waiting: Task[] = [];
  #running: Task | null = null;
  #worker: Worker | null = null;
  #forbidden = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(create: () => Worker) {
    this.#create = create;
  }

  start(input: LayoutInput, done: (layout: Layout) => void): () => void {
    const task = { input, done };
    this.#waiting.push(task);
    this.#next();
    return () => this.#cancel(task);
  }

  #next(): void {
    if (this.#running) return;
    clearTimeout(this.#timer);
    const task = this.#waiting.shift();
    if (!task) {
      if (this.#worker) this.#timer = setTimeout(() => this.#stop(), IDLE_MS);
      return;
    }
    this.#running = task;
    const worker = this.#ready();
    if (worker) worker.postMessage({ input: task.input } satisfies Question);
    else this.#timer = setTimeout(() => this.#finish(layoutLayered(task.input)), NOTICE_MS);
  }

  #finish(layout: Layout): void {
    const task = this.#running;
    this.#running = null;
    this.#next();
    task?.done(layout);
  }

  /** What runs cannot be interrupted, only ended with its worker. */
  #cancel(task: Task): void {
    const at = this.#waiting.indexOf(task);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#running !== task) return;
    this.#stop();
    this.#running = null;
    this.#next();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = null;
  }

  #ready(): Worker | null {
    if (this.#forbidden) return null;
    try {
      this.#worker ??= this.#listen(this.#create());
    } catch {
      this.#forbidden = true;
    }
    return this.#worker;
  }

  #listen(worker: Worker): Worker {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (this.#worker === worker) this.#finish(data.layout);
    };
    // A content security policy speaks up only here, with an error that has no message.
    worker.onerror = (event) => {
      event.preventDefault();
      if (this.#worker === worker) this.#giveUp();
    };
    return worker;
  }

  #giveUp(): void {
    this.#stop();
    this.#forbidden = true;
    if (this.#running) this.#waiting.unshift(this.#running);
    this.#running = null;
    this.#next();
  }
}
