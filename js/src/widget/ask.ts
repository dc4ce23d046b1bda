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
