import type { Draw } from "../data/host.js";
import type { WidgetModel } from "./model-host.js";
import { type Bundle, registry } from "./registry.js";

/** A model that can also talk to its kernel. */
export interface KernelModel extends WidgetModel {
  send(content: unknown): void;
}

type OnMessage = (content: { type?: string } | null, buffers?: ArrayBufferView[]) => void;

const PATIENCE_MS = 60_000;

/** The views from the kernel, asked for once per page; a failure leaves the next report free to ask again. */
export function bundle(model: KernelModel, timeout = PATIENCE_MS): Promise<Bundle> {
  const page = registry();
  page.bundle ??= ask(model, timeout)
    .then(open)
    .catch((error: unknown) => {
      delete page.bundle;
      throw error;
    });
  return page.bundle;
}

function ask(model: KernelModel, timeout: number): Promise<ArrayBufferView[]> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      model.off("msg:custom", answer);
    };
    const answer: OnMessage = (content, buffers = []) => {
      if (content?.type !== "bundle" || buffers.length < 2) return;
      stop();
      resolve(buffers);
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error("the kernel did not send it; run the cell again"));
    }, timeout);
    model.on("msg:custom", answer);
    model.send({ type: "bundle" });
  });
}

async function open([module, style]: ArrayBufferView[]): Promise<Bundle> {
  const url = URL.createObjectURL(new Blob([module as BlobPart], { type: "text/javascript" }));
  try {
    const { draw } = (await import(url)) as { draw: Draw };
    return { draw, style: new TextDecoder().decode(style) };
  } finally {
    URL.revokeObjectURL(url);
  }
}

const MARK = "data-haoline-style";

/** Put the style sheet where the element is: its document, or the shadow tree that holds it. */
export function applyStyle(element: Element, style: string): void {
  const root = element.getRootNode();
  const target = root instanceof ShadowRoot ? root : document.head;
  if (target.querySelector(`[${MARK}]`)) return;
  const sheet = document.createElement("style");
  sheet.setAttribute(MARK, "");
  sheet.textContent = style;
  target.append(sheet);
}
