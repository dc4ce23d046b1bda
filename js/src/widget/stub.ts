/** The widget's own module. It is saved with every report, so it only finds the views and hands over. */

import { applyStyle, bundle } from "./bundle.js";
import type { WidgetModel } from "./model-host.js";
import { type DrawModel, registry } from "./registry.js";

interface Context {
  readonly model: WidgetModel;
}

interface RenderContext extends Context {
  readonly el: HTMLElement;
}

const STEP_MS = 50;
const EXTENSION_WAIT_MS = 1000;

/** Make the model known to the page, also where only the stored report is shown. */
function initialize({ model }: Context): () => void {
  const { models, events } = registry();
  const id = String(model.get("view_id"));
  const tell = (): boolean => events.dispatchEvent(new CustomEvent("model", { detail: id }));
  const forget = (): boolean => models.get(id) === model && models.delete(id);
  models.set(id, model);
  tell();
  // Its kernel restarts or its notebook closes: what is drawn may stay, nothing new is drawn with it.
  model.on("comm_live_update", forget);
  return () => {
    model.off("comm_live_update", forget);
    // JupyterLab's kernel connection keeps closed comms, and they their models, for as long as the kernel lives.
    for (const bytes of ["document", "overlay", "activations", "divergence"]) model.set(bytes, null, { silent: true });
    if (forget()) tell();
  };
}

async function render({ model, el }: RenderContext): Promise<() => void> {
  const note = document.createElement("div");
  note.textContent = "Loading the report view …";
  el.append(note);
  try {
    const draw = await findViews(model, el);
    note.remove();
    return draw(el, model);
  } catch (error) {
    note.textContent = `The report view did not load: ${error instanceof Error ? error.message : error}`;
    return () => note.remove();
  }
}

async function findViews(model: WidgetModel, el: HTMLElement): Promise<DrawModel> {
  const provided = await extension();
  if (provided) return provided;
  const { draw, style } = await bundle(model);
  applyStyle(el, style);
  return draw;
}

/** The extension's views; on a Jupyter page it may take a moment to activate. */
async function extension(): Promise<DrawModel | undefined> {
  const page = registry();
  const wait = document.getElementById("jupyter-config-data") ? EXTENSION_WAIT_MS : 0;
  for (let waited = 0; !page.draw && waited < wait; waited += STEP_MS) {
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  return page.draw;
}

export default { initialize, render };
