import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { keepLink } from "../views/deep-link";
import { modelHost } from "../widget/model-host";
import { registry } from "../widget/registry";
import { drawLater } from "./draw";
import { rendererFactory } from "./mime";
import { NotebookViews } from "./mime-notebook";

/** Draws reports in outputs, and lends the views to report widgets so that the kernel need not send them. */
export const mimePlugin: JupyterFrontEndPlugin<void> = {
  id: "haoline-jupyter:report",
  description: "Draws model reports in notebook outputs.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate: (app: JupyterFrontEnd, rendermime: IRenderMimeRegistry, notebooks: INotebookTracker | null): void => {
    rendermime.addFactory(rendererFactory);
    registry().draw = (element, model) => drawLater(element, modelHost(model));
    if (notebooks) serve(app, notebooks);
    keepLink();
  },
};

function serve(app: JupyterFrontEnd, notebooks: INotebookTracker): void {
  const served = new Map<NotebookPanel, NotebookViews>();
  const add = (panel: NotebookPanel): void => {
    panel.disposed.connect(() => served.delete(panel));
    void Promise.all([panel.context.ready, panel.revealed]).then(() => {
      if (panel.isDisposed) return;
      const views = new NotebookViews(panel);
      served.set(panel, views);
      views.followLink();
    });
  };
  notebooks.forEach(add);
  notebooks.widgetAdded.connect((_, panel) => add(panel));
  window.addEventListener("hashchange", () => {
    for (const [panel, views] of served) if (views.followLink()) app.shell.activateById(panel.id);
  });
}
