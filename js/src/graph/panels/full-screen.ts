/** The graph alone on the screen. Pages inside frames, as in VS Code, may not ask for it: then it says so. */

export function isFullScreen(root: HTMLElement): boolean {
  return root.matches(":fullscreen");
}

export async function toggleFullScreen(root: HTMLElement, tell: (text: string) => void): Promise<void> {
  try {
    if (isFullScreen(root)) await document.exitFullscreen();
    else await root.requestFullscreen();
  } catch {
    tell("The page around does not allow full screen");
  }
}
