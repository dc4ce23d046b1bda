import { ask } from "./ask.js";
import type { WidgetModel } from "./model-host.js";
import { type Bundle, type DrawModel, registry } from "./registry.js";

/** The views from the kernel, asked for once per page; a failure leaves the next report free to ask again. */
export function bundle(model: WidgetModel): Promise<Bundle> {
  const page = registry();
  page.bundle ??= ask(model, "bundle")
    .then(open)
    .catch((error: unknown) => {
      delete page.bundle;
      throw error;
    });
  return page.bundle;
}

async function open([module, style]: ArrayBufferView[]): Promise<Bundle> {
  const url = URL.createObjectURL(new Blob([module as BlobPart], { type: "text/javascript" }));
  try {
    const { drawModel } = (await import(url)) as { drawModel: DrawModel };
    return { draw: drawModel, style: new TextDecoder().decode(style) };
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
