import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import type { HardwareChoice } from "../data/host";
import { NotebookChoice, parseChoice } from "./choice";
import { Sidebar } from "./sidebar";
import { ISteering, Steering } from "./steering";

const ID = "haoline-jupyter:plugin";
const DEFAULT = "defaultHardware";
const RANK = 650;

/** The hardware sidebar, and the links to the kernels of all open notebooks. */
export const sidebarPlugin: JupyterFrontEndPlugin<Steering> = {
  id: ID,
  description: "The hardware sidebar.",
  autoStart: true,
  provides: ISteering,
  requires: [INotebookTracker],
  optional: [ISettingRegistry, ILayoutRestorer, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    settings: ISettingRegistry | null,
    restorer: ILayoutRestorer | null,
    shell: ILabShell | null,
  ): Steering => {
    const steering = new Steering();
    const steer = (panel: NotebookPanel): void => {
      void panel.context.ready.then(() => {
        if (panel.isDisposed) return;
        steering.add({
          widget: panel,
          session: panel.sessionContext,
          store: new NotebookChoice(panel),
          waitsFor: "Applied once the notebook runs %load_ext haoline_jupyter.",
        });
        steering.focus(notebooks.currentWidget);
      });
    };
    notebooks.forEach(steer);
    notebooks.widgetAdded.connect((_, panel) => steer(panel));
    notebooks.currentChanged.connect((_, panel) => steering.focus(panel));
    shell?.currentChanged.connect((_, { newValue }) => steering.focus(newValue));
    const onDefault = (choice: HardwareChoice): void => void settings?.set(ID, DEFAULT, { ...choice });
    const sidebar = new Sidebar({ steering, onDefault: settings ? onDefault : null });
    app.shell.add(sidebar, "left", { rank: RANK });
    restorer?.add(sidebar, sidebar.id);
    if (settings) void followDefault(settings, steering);
    return steering;
  },
};

async function followDefault(registry: ISettingRegistry, steering: Steering): Promise<void> {
  const settings = await registry.load(ID);
  const apply = (): void => {
    steering.fallback = parseChoice(settings.get(DEFAULT).composite);
  };
  settings.changed.connect(apply);
  apply();
}
