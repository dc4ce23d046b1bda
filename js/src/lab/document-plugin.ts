import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { WidgetTracker } from "@jupyterlab/apputils";
import type { DocumentWidget } from "@jupyterlab/docregistry";
import { IFileBrowserFactory } from "@jupyterlab/filebrowser";
import { type Contents, IDefaultDrive } from "@jupyterlab/services";
import { PageChoice } from "./choice";
import { FACTORY, type ModelTab, modelTabFactory, NO_CONTENT, NoContentFactory, readOnlyProvider } from "./document";
import { MODEL_FILES } from "./file-types";
import { addFolderCommand } from "./folder";
import { modelIcon } from "./icon";
import { ISteering, type Steering } from "./steering";

/** Double click on a model file opens its report in a tab; folders of a model have a command in their menu. */
export const documentPlugin: JupyterFrontEndPlugin<void> = {
  id: "haoline-jupyter:documents",
  description: "Opens model files as reports.",
  autoStart: true,
  optional: [IDefaultDrive, ILayoutRestorer, ISteering, IFileBrowserFactory],
  activate: (
    app: JupyterFrontEnd,
    drive: Contents.IDrive | null,
    restorer: ILayoutRestorer | null,
    steering: Steering | null,
    browsers: IFileBrowserFactory | null,
  ): void => {
    drive?.contentProviderRegistry?.register(NO_CONTENT, readOnlyProvider(drive));
    for (const type of MODEL_FILES) app.docRegistry.addFileType({ ...type, icon: modelIcon });
    if (browsers) addFolderCommand(app, browsers);
    app.docRegistry.addModelFactory(new NoContentFactory());
    const factory = modelTabFactory();
    const tracker = new WidgetTracker<DocumentWidget<ModelTab>>({ namespace: "haoline-models" });
    factory.widgetCreated.connect((_, widget) => {
      widget.title.icon = modelIcon;
      steering?.add({
        widget,
        session: widget.context.sessionContext,
        store: new PageChoice(widget.context.path),
        waitsFor: "Applied once the model is open.",
      });
      widget.context.pathChanged.connect(() => void tracker.save(widget));
      void tracker.add(widget);
    });
    tracker.currentChanged.connect((_, widget) => steering?.focus(widget));
    app.docRegistry.addWidgetFactory(factory);
    void restorer?.restore(tracker, {
      command: "docmanager:open",
      args: (widget) => ({ path: widget.context.path, factory: FACTORY }),
      name: (widget) => widget.context.path,
    });
  },
};
