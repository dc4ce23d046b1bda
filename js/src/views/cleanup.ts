/** What a view has to undo when it goes: observers, listeners outside its own nodes, host callbacks. */
export class Cleanup {
  #tasks: (() => void)[] = [];

  add(task: () => void): void {
    this.#tasks.push(task);
  }

  listen(target: EventTarget, event: string, handler: (event: Event) => void, capture = false): void {
    target.addEventListener(event, handler, capture);
    this.add(() => target.removeEventListener(event, handler, capture));
  }

  /** Call back with the width and height of an element whenever they change. */
  resize(element: Element, handler: (width: number, height: number) => void): void {
    if (typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) handler(entry.contentRect.width, entry.contentRect.height);
    });
    observer.observe(element);
    this.add(() => observer.disconnect());
  }

  dispose(): void {
    for (const task of this.#tasks.splice(0)) task();
  }
}
