import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { registry } from "../widget/registry";
import { drawLater } from "./draw";
import { rendererFactory } from "./mime";

/** Draws reports in outputs, and lends the views to report widgets so that the kernel need not send them. */
export const mimePlugin: JupyterFrontEndPlugin<void> = {
  id: "haoline-jupyter:report",
  description: "Draws model reports in notebook outputs.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate: (_: JupyterFrontEnd, rendermime: IRenderMimeRegistry): void => {
    rendermime.addFactory(rendererFactory);
    registry().draw = drawLater;
  },
};
