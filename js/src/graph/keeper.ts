/** The state of a view in words: read, set from outside, and told to others when the user changes it. */

import type { Desk } from "./desk.js";
import type { Field } from "./events.js";
import { addressOf } from "./model/address.js";
import { ROOT } from "./model/tree.js";
import { type Camera, clampScale } from "./paint/camera.js";
import { openAddresses, openedAddresses } from "./scene/opened.js";
import type { GraphState } from "./state.js";

export type Changed = Partial<GraphState>;

/** A camera on its way is told of when it rests; a long list of open groups when nobody waits for the next picture. */
const REST_MS = 150;
const RESTING: readonly Field[] = ["camera", "expanded"];

export class StateKeeper {
  readonly #desk: Desk;
  readonly #callbacks = new Set<(changed: Changed) => void>();
  readonly #touched = new Set<Field>();
  /** What others know already, as text. */
  readonly #known = new Map<Field, string>();
  #quiet = false;
  #queued = false;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  state(): GraphState {
    return {
      selection: this.#read("selection"),
      expanded: this.#read("expanded"),
      focus: this.#read("focus"),
      camera: this.#read("camera"),
      color: this.#read("color"),
      edgeColor: this.#read("edgeColor"),
      size: this.#read("size"),
      filter: this.#read("filter"),
      constants: this.#read("constants"),
      quantizers: this.#read("quantizers"),
    };
  }

  #read<K extends Field>(field: K): GraphState[K] {
    return READ[field](this.#desk);
  }

  onChange(callback: (changed: Changed) => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  /** The user changed these. */
  touch(...fields: Field[]): void {
    if (this.#quiet || this.#callbacks.size === 0) return;
    for (const field of fields) {
      this.#touched.add(field);
      if (RESTING.includes(field)) this.#awaitRest();
      else this.#queue();
    }
  }

  /** Does something that the user has not caused: nobody is told. */
  quietly(act: () => void): void {
    this.#quiet = true;
    try {
      act();
    } finally {
      this.#quiet = false;
    }
  }

  /** Takes a state from outside; what this model knows nothing of is passed over. */
  set(changed: Changed): void {
    this.quietly(() => {
      apply(this.#desk, changed);
    });
    for (const field of Object.keys(changed) as Field[]) {
      if (!Object.hasOwn(READ, field)) continue;
      this.#touched.delete(field);
      this.#known.set(field, JSON.stringify(this.#read(field)));
    }
  }

  dispose(): void {
    clearTimeout(this.#rest);
    this.#callbacks.clear();
  }

  #queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.#tell([...this.#touched].filter((field) => !RESTING.includes(field)));
    });
  }

  #awaitRest(): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#tell(RESTING.filter((field) => this.#touched.has(field))), REST_MS);
  }

  #tell(fields: readonly Field[]): void {
    const changed: Record<string, unknown> = {};
    for (const field of fields) {
      this.#touched.delete(field);
      const value = this.#read(field);
      const text = JSON.stringify(value);
      if (this.#known.get(field) === text) continue;
      this.#known.set(field, text);
      changed[field] = value;
    }
    if (Object.keys(changed).length === 0) return;
    for (const callback of [...this.#callbacks]) callback(changed as Changed);
  }
}

const READ: { readonly [K in Field]: (desk: Desk) => GraphState[K] } = {
  selection: (desk) => [...desk.selectedOps],
  expanded: ({ opened, session }) => (opened ? openedAddresses(session.model, session.expansion) : null),
  focus: ({ session }) => (session.top === ROOT ? "" : addressOf(session.model, session.top)),
  camera: ({ fitted, stage }) => (fitted === "no" ? rounded(stage.target) : null),
  color: (desk) => desk.tints.color,
  edgeColor: (desk) => desk.tints.edgeColor,
  size: (desk) => desk.tints.size,
  filter: (desk) => desk.finder.filter,
  constants: ({ session }) => session.model.options.constants,
  quantizers: ({ session }) => session.model.options.quantizers !== false,
};

/** A hundredth of a pixel at most: more digits would only make a longer link. */
function rounded({ x, y, scale }: Camera): Camera {
  const short = (value: number): number => Number(value.toPrecision(7));
  return { x: short(x), y: short(y), scale: short(scale) };
}

/** What is shown comes before what is open in it, that before what is chosen of it, and the camera last. */
function apply(desk: Desk, changed: Changed): void {
  applyShown(desk, changed);
  applyLook(desk, changed);
  applyOpen(desk, changed);
  if (Array.isArray(changed.selection)) desk.select(rowsOf(desk, changed.selection));
  if (changed.camera !== undefined) applyCamera(desk, changed.camera);
  else if (desk.fitted !== "no" && desk.stage.ready) refit(desk);
}

function applyShown(desk: Desk, { constants, quantizers }: Changed): void {
  const { options } = desk.session.model;
  const wanted = {
    constants: typeof constants === "boolean" ? constants : options.constants,
    quantizers: typeof quantizers === "boolean" ? quantizers : options.quantizers !== false,
  };
  const same = wanted.constants === options.constants && wanted.quantizers === (options.quantizers !== false);
  if (!same) desk.setShown(wanted);
}

function applyLook(desk: Desk, { color, edgeColor, size, filter }: Changed): void {
  if (typeof color === "string" && color !== desk.tints.color) desk.tints.setColor(color);
  if (typeof edgeColor === "string" && edgeColor !== desk.tints.edgeColor) desk.tints.setEdgeColor(edgeColor);
  if (typeof size === "string" && size !== desk.tints.size) desk.tints.setSize(size);
  if (typeof filter === "string" && filter.trim() !== desk.finder.filter) {
    desk.finder.setFilter(desk.session.model, filter);
    desk.events.shown();
    desk.stage.request();
  }
}

function applyOpen(desk: Desk, { expanded, focus }: Changed): void {
  const { session } = desk;
  if (expanded === null) {
    desk.opened = false;
    session.openDefault();
  } else if (Array.isArray(expanded)) {
    desk.opened = true;
    openAddresses(
      session.model,
      session.expansion,
      expanded.filter((address) => typeof address === "string"),
    );
  }
  if (typeof focus === "string") session.enter(focus);
  else if (expanded !== undefined) session.expansion.open(session.top);
  if (expanded === undefined && typeof focus !== "string") return;
  session.scene.touchAll();
  desk.mark();
  desk.events.shown();
}

function applyCamera(desk: Desk, camera: Camera | null): void {
  if (camera === null) {
    desk.fitted = "first";
    if (desk.stage.ready) refit(desk);
  } else if ([camera.x, camera.y, camera.scale].every(Number.isFinite) && camera.scale > 0) {
    desk.fitted = "no";
    desk.stage.jump({ x: camera.x, y: camera.y, scale: clampScale(camera.scale) });
  }
}

function refit(desk: Desk): void {
  desk.stage.jump(desk.mover.overview(desk.session, desk.fitted === "first"));
}

function rowsOf(desk: Desk, selection: readonly unknown[]): number[] {
  const { rows } = desk.session.model.doc.ops;
  return selection.filter((op): op is number => Number.isInteger(op) && (op as number) >= 0 && (op as number) < rows);
}
