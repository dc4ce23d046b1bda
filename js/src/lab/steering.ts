/** What the sidebar can steer (notebooks, model tabs) and which of them it steers now. */

import type { ISessionContext } from "@jupyterlab/apputils";
import type { Kernel } from "@jupyterlab/services";
import { Token } from "@lumino/coreutils";
import { type ISignal, Signal } from "@lumino/signaling";
import type { Widget } from "@lumino/widgets";
import type { HardwareChoice } from "../data/host";
import type { ChoiceStore } from "./choice";
import { KernelLink } from "./link";

export interface SteeredOptions {
  readonly widget: Widget;
  readonly session: ISessionContext;
  readonly store: ChoiceStore;
  /** What its kernel waits for before it can take a choice, in a sentence. */
  readonly waitsFor: string;
}

/** One notebook or model tab: its choice and the link to its kernel. */
export class Steered {
  readonly #widget: Widget;
  readonly #session: ISessionContext;
  readonly #store: ChoiceStore;
  readonly #steering: Steering;
  readonly waitsFor: string;
  readonly #changed = new Signal<this, void>(this);
  #link: KernelLink | null = null;

  constructor({ widget, session, store, waitsFor }: SteeredOptions, steering: Steering) {
    this.#widget = widget;
    this.#session = session;
    this.#store = store;
    this.waitsFor = waitsFor;
    this.#steering = steering;
    session.kernelChanged.connect(this.#connect, this);
    session.statusChanged.connect(this.#emit, this);
    store.changed.connect(this.#push, this);
    this.#connect();
  }

  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  get title(): string {
    return this.#widget.title.label;
  }

  get session(): ISessionContext {
    return this.#session;
  }

  get link(): KernelLink | null {
    return this.#link;
  }

  /** Its own choice, else the default. */
  get choice(): HardwareChoice | null {
    return this.#store.read() ?? this.#steering.fallback;
  }

  choose(choice: HardwareChoice): void {
    this.#store.write(choice);
  }

  refresh(): void {
    this.#push();
  }

  dispose(): void {
    this.#store.dispose();
    this.#link?.changed.disconnect(this.#emit, this);
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  #connect(): void {
    const kernel = this.#session.session?.kernel;
    this.#link?.changed.disconnect(this.#emit, this);
    this.#link = kernel ? this.#steering.link(kernel, this.choice) : null;
    this.#link?.changed.connect(this.#emit, this);
    this.#emit();
  }

  #push(): void {
    this.#link?.push(this.choice);
    this.#emit();
  }

  #emit(): void {
    this.#changed.emit();
  }
}

export class Steering {
  readonly #steered = new Map<Widget, Steered>();
  readonly #links = new Map<string, KernelLink>();
  readonly #changed = new Signal<this, void>(this);
  #current: Steered | null = null;
  #fallback: HardwareChoice | null = null;

  /** Another one is steered now. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  get current(): Steered | null {
    return this.#current;
  }

  /** The choice of whatever has none of its own. */
  get fallback(): HardwareChoice | null {
    return this.#fallback;
  }

  set fallback(choice: HardwareChoice | null) {
    this.#fallback = choice;
    for (const steered of this.#steered.values()) steered.refresh();
  }

  add(options: SteeredOptions): void {
    const { widget } = options;
    this.#steered.set(widget, new Steered(options, this));
    widget.disposed.connect(() => this.#remove(widget));
    widget.title.changed.connect(() => this.#changed.emit());
  }

  /** Steer this widget, if it is one that can be. */
  focus(widget: Widget | null): void {
    const steered = widget ? this.#steered.get(widget) : undefined;
    if (!steered || steered === this.#current) return;
    this.#current = steered;
    this.#changed.emit();
  }

  /** Two notebooks of one kernel share a link: only the first connection to a kernel may open comms. */
  link(kernel: Kernel.IKernelConnection, choice: HardwareChoice | null): KernelLink {
    this.#prune();
    const link = this.#links.get(kernel.id) ?? new KernelLink(kernel, choice);
    this.#links.set(kernel.id, link);
    return link;
  }

  #prune(): void {
    for (const [id, link] of this.#links) {
      if (!link.kernel.isDisposed) continue;
      link.dispose();
      this.#links.delete(id);
    }
  }

  #remove(widget: Widget): void {
    const steered = this.#steered.get(widget);
    steered?.dispose();
    this.#steered.delete(widget);
    if (this.#current !== steered) return;
    this.#current = null;
    this.#changed.emit();
  }
}

export const ISteering = new Token<Steering>(
  "haoline-jupyter:ISteering",
  "Registers a widget with a kernel whose reports follow the hardware sidebar.",
);
