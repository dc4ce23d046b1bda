/** An inspection over a kernel that cuts tiles of made-up sides: the variant is the float model and half a step. */

import type { TileSource } from "../../../../js/src/activations/source.js";
import { LiveSource } from "../../../../js/src/activations/tiles/live.js";
import {
  type Answer,
  type DivergenceDocument,
  type Plan,
  type Question,
  ReportDocument,
} from "../../../../js/src/data/index.js";
import { InspectPanel } from "../../../../js/src/divergence/inspect/panel.js";
import type { Inspected, InspectScene } from "../../../../js/src/divergence/inspect/scene.js";
import { INSPECT, type InspectSettings } from "../../../../js/src/divergence/inspect/settings.js";
import { Tooltip } from "../../../../js/src/views/tooltip.js";
import { report } from "../../views/fixture.js";
import { compared } from "../compared-fixture.js";

/** Each side lies between these. */
const RANGES: Readonly<Record<string, readonly [low: number, high: number]>> = {
  float: [0, 8],
  variant: [0.25, 8.25],
  difference: [0.25, 0.25],
  local: [0.125, 0.125],
};

export class SidesKernel {
  readonly asked: Question[] = [];
  error = "";

  readonly ask = async (question: Question): Promise<Answer> => {
    this.asked.push(question);
    await Promise.resolve();
    if (this.error) throw new Error(this.error);
    if (question.type === "array") return { content: {}, buffers: [Uint8Array.of(1, 2, 3)] };
    return tiles(question);
  };

  /** The sides that tiles were asked of, in the order of the questions. */
  get sides(): string[] {
    return this.asked.filter(({ type }) => type === "tile").map(({ which }) => String(which));
  }
}

/** 2 × 2 tiles: least, a quarter, three quarters, greatest. */
function tiles({ view, which }: Question): Answer {
  const { channels = [0] } = view as { channels?: number[] };
  const [low, high] = RANGES[String(which)]!;
  const codes = Uint16Array.from(channels.flatMap(() => (low === high ? [0, 0, 0, 0] : [0, 16383, 49149, 65532])));
  const each = (value: number): number[] => channels.map(() => value);
  const figures = { low: each(low), high: each(high), mean: each((low + high) / 2), std: each(1) };
  return { content: { shape: [channels.length, 2, 2], full: [2, 2], ...figures }, buffers: [codes] };
}

export interface Mounted {
  readonly kernel: SidesKernel;
  readonly tiles: TileSource;
  readonly node: HTMLElement;
  readonly said: string[];
  readonly selected: (readonly number[])[];
  now: Inspected;
  show(more?: Partial<Inspected>): void;
}

const open: InspectPanel[] = [];

export interface MountOptions {
  readonly tiles?: (kernel: SidesKernel) => TileSource;
  readonly divergence?: DivergenceDocument;
  readonly settings?: Partial<InspectSettings>;
  readonly row?: number;
  readonly tab?: string;
}

export async function mount({
  tiles,
  divergence,
  settings,
  row = 0,
  tab = "values",
}: MountOptions = {}): Promise<Mounted> {
  const kernel = new SidesKernel();
  const source = tiles ? tiles(kernel) : new LiveSource(kernel.ask);
  const document_ = await ReportDocument.decode(report());
  const plan: Plan = { keep_float: [], int16: [], changes: [] };
  const doc = divergence ?? (await compared());
  const all = { ...INSPECT, ...settings };
  const now: Inspected = { document: document_, divergence: doc, row, ops: [0], sample: 0, settings: all, plan, tab };
  const show = (more: Partial<Inspected> = {}): void => {
    made.now = { ...made.now, ...more };
    panel.show(made.now);
  };
  const scene: InspectScene = {
    tiles: source,
    tooltip: new Tooltip(),
    say: (text) => void made.said.push(text),
    change: (changed) => show({ settings: { ...made.now.settings, ...changed } }),
    select: (ops) => void made.selected.push(ops),
    pick: (tensor) => show({ row: made.now.divergence.rowOfTensor(tensor) }),
    chooseSample: (sample) => show({ sample }),
    setPlan: (changed) => show({ plan: changed }),
    showTab: (shown) => show({ tab: shown }),
  };
  const panel = new InspectPanel(scene);
  const made: Mounted = { kernel, tiles: source, node: panel.node(), said: [], selected: [], now, show };
  open.push(panel);
  document.body.append(panel.node());
  show();
  await settled();
  return made;
}

/** After all that is on its way in promises. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
}

export function unmount(): void {
  for (const panel of open.splice(0)) panel.dispose();
  document.body.replaceChildren();
}
