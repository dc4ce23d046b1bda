import type { Answer, Question } from "../data/host.js";

/** The end of a link to a kernel that custom messages go through. */
export interface Talker {
  send(content: unknown): void;
  on(event: "msg:custom", callback: (...args: never[]) => void): void;
  off(event: "msg:custom", callback: (...args: never[]) => void): void;
}

export type OnMessage = (content: { type?: string } | null, buffers?: ArrayBufferView[]) => void;

export const PATIENCE_MS = 60_000;

/** Has the kernel send bytes: it answers a message of a type with one of the same type. */
export function ask(model: Talker, type: string, timeout = PATIENCE_MS): Promise<ArrayBufferView[]> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      model.off("msg:custom", answer);
    };
    const answer: OnMessage = (content, buffers = []) => {
      if (content?.type !== type || buffers.length === 0) return;
      stop();
      resolve(buffers);
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error("the kernel did not send it; run the cell again"));
    }, timeout);
    model.on("msg:custom", answer);
    model.send({ type });
  });
}

// Two pages of one kernel hear each other's answers, so that both must not count from the same number.
let serial = Math.floor(Math.random() * 2 ** 30);

/** Asks the kernel something of many such questions: the answer has the number of its question. */
export function question(model: Talker, message: Question, timeout = PATIENCE_MS): Promise<Answer> {
  serial += 1;
  const request = serial;
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      model.off("msg:custom", hear);
    };
    const hear = (content: Answer["content"] | null, buffers: readonly ArrayBufferView[] = []): void => {
      if (content?.["request"] !== request || content["type"] !== message.type) return;
      stop();
      const { error } = content;
      if (typeof error === "string") reject(new Error(error));
      else resolve({ content, buffers });
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`The kernel has not answered for ${timeout / 1000} s: it is busy with a cell, or gone.`));
    }, timeout);
    model.on("msg:custom", hear);
    try {
      model.send({ ...message, request });
    } catch {
      stop();
      reject(new Error("The kernel is gone: run the cell again."));
    }
  });
}
