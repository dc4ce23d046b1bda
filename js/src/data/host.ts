/** What stands behind a view: a live widget model, a saved document, or a page of its own. */

export interface HardwareChoice {
  /** Profile id, "" before a choice. */
  readonly profile: string;
  readonly count: number;
  /** "" for the model's own precision. */
  readonly precision: string;
}

export interface HostCamera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** What a view asks its kernel; the type says what it is. */
export interface Question {
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface Answer {
  readonly content: Readonly<Record<string, unknown>>;
  readonly buffers: readonly ArrayBufferView[];
}

/** How far the kernel is with what it was asked. */
export interface Progress {
  readonly stage: string;
  /** From 0 to 1; null: nobody knows. */
  readonly fraction: number | null;
}

export interface AskOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** Has the kernel stop; the question is then rejected. */
  readonly signal?: AbortSignal;
  /** The question was asked before, as its `request` says, and only its answer is waited for. */
  readonly rejoin?: boolean;
}

/** Op rows that a variant to be built would keep. */
export interface Plan {
  readonly keep_float: readonly number[];
  /** With activations of 16 bits. */
  readonly int16: readonly number[];
  /** Names of repairs and switches, as lint suggests them. */
  readonly changes: readonly string[];
}

/** What a reader changes; the names are those of the widget's traits. */
export interface TwoWayValues {
  hardware: HardwareChoice;
  tab: string;
  /** Pixels of a view that has a height of its own. */
  height: number;
  /** Op rows. */
  selection: number[];
  /** Name of an op column, "" for none. */
  color: string;
  /** Name of a tensor column, "" for none. */
  edge_color: string;
  /** Name of an op column, "" for none. */
  size: string;
  /** A query: what does not match fades. */
  filter: string;
  /** Addresses of the open groups; null: what the graph opens by itself. */
  expanded: string[] | null;
  /** Address of the group shown alone, "" for the whole model. */
  focus: string;
  /** null: everything fitted into the view. */
  camera: HostCamera | null;
  constants: boolean;
  quantizers: boolean;
  /** Which sample's activations are shown. */
  sample: number;
  /** Row of the tensor table, -1: what the selected op makes first. */
  tensor: number;
  /** How activations are shown, in the words of their panels; JSON. */
  panel: PanelState;
  /** Base64 of what is on screen, for a reader without a kernel. */
  snapshot: string;
  /** What a reader would keep float or 16-bit of a quantized model. */
  plan: Plan;
}

export type PanelState = Readonly<Record<string, unknown>>;

export interface HostValues extends TwoWayValues {
  /** Which view is drawn: "report", "graph", "activations", "divergence". */
  view: string;
  /** The report container, maybe gzipped. */
  document: DataView | null;
  /** The overlay container, maybe gzipped. */
  overlay: DataView | null;
  /** The activations container, maybe gzipped. */
  activations: DataView | null;
  /** The divergence container, maybe gzipped. */
  divergence: DataView | null;
  status: string;
  /** The long question that the kernel is at, with its `request`; empty: none. */
  work: Readonly<Record<string, unknown>>;
}

export type HostName = keyof HostValues;
export type TwoWayName = keyof TwoWayValues;

export interface Host {
  get<K extends HostName>(name: K): HostValues[K];
  set<K extends TwoWayName>(name: K, value: HostValues[K]): void;
  on(name: HostName, callback: () => void): void;
  off(name: HostName, callback: () => void): void;
  /** False without a kernel: what needs one says so. */
  readonly live: boolean;
  /** A page of its own that shows what is shown now; absent where nobody can make one. */
  readonly page?: () => Promise<Blob>;
  /** Rejects with a sentence for the reader; absent without a kernel. */
  readonly ask?: (question: Question, options?: AskOptions) => Promise<Answer>;
}

export type Draw = (element: HTMLElement, host: Host) => () => void;

export const HOST_DEFAULTS: HostValues = {
  view: "report",
  document: null,
  overlay: null,
  activations: null,
  divergence: null,
  status: "",
  work: {},
  hardware: { profile: "", count: 1, precision: "" },
  tab: "",
  height: 480,
  selection: [],
  color: "",
  edge_color: "",
  size: "",
  filter: "",
  expanded: null,
  focus: "",
  camera: null,
  constants: false,
  quantizers: true,
  sample: 0,
  tensor: -1,
  panel: {},
  snapshot: "",
  plan: { keep_float: [], int16: [], changes: [] },
};

/** A host with no kernel: two-way values live in the page. */
export class StaticHost implements Host {
  readonly live = false;
  readonly page?: () => Promise<Blob>;
  readonly #values: HostValues;
  readonly #listeners = new Map<HostName, Set<() => void>>();

  constructor(values: Partial<HostValues> = {}, page?: () => Promise<Blob>) {
    this.#values = { ...HOST_DEFAULTS, ...values };
    if (page) this.page = page;
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
