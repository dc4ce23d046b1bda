/** The report of a folder that holds a model: weights in shards with their configuration. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { IFileBrowserFactory } from "@jupyterlab/filebrowser";
import { FACTORY } from "./document";
import { modelIcon } from "./icon";

const COMMAND = "haoline:open-folder";
const RANK = 1.5;

/** Adds the command to the menu of folders in file browsers. */
export function addFolderCommand(app: JupyterFrontEnd, browsers: IFileBrowserFactory): void {
  const folder = (): string | undefined => {
    const selected = [...(browsers.tracker.currentWidget?.selectedItems() ?? [])];
    return selected.length === 1 && selected[0]?.type === "directory" ? selected[0].path : undefined;
  };
  app.commands.addCommand(COMMAND, {
    label: "Open Model Report",
    caption: "Open the report of the model whose weights and configuration lie in this folder",
    icon: modelIcon,
    isEnabled: () => folder() !== undefined,
    execute: () => {
      const path = folder();
      return path === undefined ? undefined : app.commands.execute("docmanager:open", { path, factory: FACTORY });
    },
  });
  app.contextMenu.addItem({ command: COMMAND, selector: '.jp-DirListing-item[data-isdir="true"]', rank: RANK });
}
