import type { Answer, AskOptions, Progress, Question } from "../../data/index.js";

export interface ErrandState {
  /** "": nothing is going on. */
  readonly what: string;
  readonly progress: Progress | null;
  readonly stopping: boolean;
  /** What went wrong last; "": nothing. */
  readonly failed: string;
}

type Ask = (question: Question, options?: AskOptions) => Promise<Answer>;

const IDLE: ErrandState = { what: "", progress: null, stopping: false, failed: "" };

/** One long question at a time: tells how far the kernel is, and can be stopped. */
export class Errand {
  readonly #ask: Ask;
  readonly #told: (state: ErrandState) => void;
  #state = IDLE;
  #stop: AbortController | null = null;
  #rejoined = false;
  #turn = 0;

  constructor(ask: Ask, told: (state: ErrandState) => void) {
    this.#ask = ask;
    this.#told = told;
  }

  get state(): ErrandState {
    return this.#state;
  }

  get running(): boolean {
    return this.#state.what !== "";
  }

  /** null where it failed or was stopped, which the state tells. `rejoin`: it is under way already. */
  async run(what: string, question: Question, rejoin = false): Promise<Answer["content"] | null> {
    if (this.running) return null;
    this.#turn += 1;
    const turn = this.#turn;
    this.#rejoined = rejoin;
    this.#stop = new AbortController();
    this.#set({ ...IDLE, what });
    try {
      const onProgress = (progress: Progress): void => {
        if (turn === this.#turn) this.#set({ ...this.#state, progress });
      };
      const { content } = await this.#ask(question, { onProgress, signal: this.#stop.signal, rejoin });
      if (turn !== this.#turn) return null;
      this.#set(IDLE);
      return content;
    } catch (error) {
      if (turn !== this.#turn) return null;
      const stopped = this.#stop?.signal.aborted ?? false;
      const failed = error instanceof Error ? error.message : String(error);
      this.#set({ ...IDLE, failed: stopped ? "Stopped. Nothing was changed." : failed });
      return null;
    }
  }

  /** What was begun elsewhere is over, and its answer came before anybody listened. */
  forget(): void {
    if (!this.running || !this.#rejoined) return;
    this.#turn += 1;
    this.#set(IDLE);
  }

  stop(): void {
    if (!this.running || this.#state.stopping) return;
    this.#set({ ...this.#state, stopping: true });
    this.#stop?.abort();
  }

  #set(state: ErrandState): void {
    this.#state = state;
    this.#told(state);
  }
}
