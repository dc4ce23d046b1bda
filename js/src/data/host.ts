/** What stands behind a view: a live widget model, a saved document, or a page of its own. */

export interface HardwareChoice {
  /** Profile id, "" before a choice. */
  readonly profile: string;
  readonly count: number;
  /** "" for the model's own precision. */
  readonly precision: string;
}

export interface HostValues {
  /** The report container, maybe gzipped. */
  document: DataView | null;
  /** The overlay container, maybe gzipped. */
  overlay: DataView | null;
  hardware: HardwareChoice;
  /** Op rows. */
  selection: number[];
  tab: string;
  /** Name of an op column, "" for none. */
  color: string;
  status: string;
}

export type HostName = keyof HostValues;
export type TwoWayName = "hardware" | "selection" | "tab" | "color";

export interface Host {
  get<K extends HostName>(name: K): HostValues[K];
  set<K extends TwoWayName>(name: K, value: HostValues[K]): void;
  on(name: HostName, callback: () => void): void;
  off(name: HostName, callback: () => void): void;
  /** False without a kernel: what needs one says so. */
  readonly live: boolean;
}

export type Draw = (element: HTMLElement, host: Host) => () => void;

/** A host with no kernel: two-way values live in the page. */
export class StaticHost implements Host {
  readonly live = false;
  readonly #values: HostValues;
  readonly #listeners = new Map<HostName, Set<() => void>>();

  constructor(values: Partial<HostValues> = {}) {
    this.#values = {
      document: null,
      overlay: null,
      hardware: { profile: "", count: 1, precision: "" },
      selection: [],
      tab: "",
      color: "",
      status: "",
      ...values,
    };
  }

  get<K extends HostName>(name: K): HostValues[K] {
    return this.#values[name];
  }

  set<K extends TwoWayName>(name: K, value: HostValues[K]): void {
    this.#values[name] = value;
    for (const callback of [...(this.#listeners.get(name) ?? [])]) callback();
  }

  on(name: HostName, callback: () => void): void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set.add(callback));
  }

  off(name: HostName, callback: () => void): void {
    this.#listeners.get(name)?.delete(callback);
  }
}
