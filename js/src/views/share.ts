/** Takes what is shown elsewhere: a link to the selection, a page of its own. */

import { fragmentOf, urlOf } from "./deep-link.js";
import type { Scene } from "./view.js";

export async function copyLink(scene: Scene, ops: readonly number[]): Promise<void> {
  const fragment = fragmentOf(scene.report, ops);
  try {
    await navigator.clipboard.writeText(urlOf(fragment));
    scene.say("The link is copied.");
  } catch {
    scene.say(`The browser allows no copying. Put this behind the address of the page: ${fragment}`);
  }
}

/** A page of its own; without a kernel or a page to start from, the reader is told how to get one. */
export async function pageOf(scene: Scene): Promise<Blob> {
  const { host } = scene;
  try {
    if (host.page) return await host.page();
  } catch (error) {
    scene.say(`The page could not be made: ${error instanceof Error ? error.message : error}`);
    throw error;
  }
  scene.say("The kernel makes the page: run this cell again, then save it.");
  throw new Error("there is no kernel");
}
