import type { Answer, AskOptions, Host, Question } from "../../data/index.js";

/** A kernel that is free answers sooner. */
const BUSY_MS = 1500;

/** Says that the kernel is busy while a question of the view waits for it. */
export class Patience {
  readonly #say: (busy: boolean) => void;
  #waiting = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;

  constructor(say: (busy: boolean) => void) {
    this.#say = say;
  }

  /** The host, whose questions are waited for. */
  over(host: Host): Host {
    const { ask } = host;
    return {
      live: host.live,
      get: (name) => host.get(name),
      set: (name, value) => host.set(name, value),
      on: (name, callback) => host.on(name, callback),
      off: (name, callback) => host.off(name, callback),
      ...(ask && { ask: (question: Question, options?: AskOptions) => this.#during(ask(question, options)) }),
    };
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  async #during(answer: Promise<Answer>): Promise<Answer> {
    this.#waiting += 1;
    if (this.#waiting === 1) this.#timer = setTimeout(() => this.#tell(true), BUSY_MS);
    try {
      return await answer;
    } finally {
      this.#waiting -= 1;
      clearTimeout(this.#timer);
      if (this.#waiting === 0) this.#tell(false);
      // One answer shows that the kernel works: the next has the same time again.
      else this.#timer = setTimeout(() => this.#tell(true), BUSY_MS);
    }
  }

  #tell(busy: boolean): void {
    if (busy !== this.#busy) this.#say(busy);
    this.#busy = busy;
  }
}
