/** A kernel that cuts tiles out of made-up tensors, and a document that describes them. */

import type { MapKey } from "../../../js/src/activations/tiles/key.js";
import type { Ask } from "../../../js/src/activations/tiles/live.js";
import type { Tile } from "../../../js/src/activations/tiles/tile.js";
import { ActivationsDocument } from "../../../js/src/data/activations.js";
import type { Answer, Question } from "../../../js/src/data/host.js";
import { encode } from "../data/encode.js";

export function mapKey(channel: number, more: Partial<MapKey> = {}): MapKey {
  return { kind: "maps", tensor: 0, sample: 0, against: null, mean: false, size: 64, channel, ...more };
}

export function tileOf(codes: readonly number[], width: number, more: Partial<Tile> = {}): Tile {
  const height = codes.length / width;
  const size = { width, height, fullWidth: width, fullHeight: height };
  return { ...size, low: -1, high: 1, mean: 0, std: 1, codes: Uint16Array.from(codes), rough: false, ...more };
}

/** Answers every question for maps with 2 × 2 tiles whose first code is the channel; counts what it was asked. */
export class Kernel {
  readonly asked: Question[] = [];
  /** Answers are held back until `flush`, as a busy kernel's are. */
  readonly #held: (() => void)[] = [];
  error = "";

  readonly ask: Ask = (question) => {
    this.asked.push(question);
    return new Promise((resolve, reject) => {
      this.#held.push(() => (this.error ? reject(new Error(this.error)) : resolve(answerTo(question))));
    });
  };

  channels(i: number): unknown {
    return (this.asked[i]?.["view"] as { channels?: number[] } | undefined)?.channels;
  }

  async flush(): Promise<void> {
    for (const answer of this.#held.splice(0)) answer();
    await settled();
  }
}

/** After all that is on its way in promises. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

function answerTo(question: Question): Answer {
  const view = question["view"] as { kind: string; channels?: number[] };
  const channels = view.channels ?? [0];
  const codes = Uint16Array.from(channels.flatMap((channel) => [channel, 0, 65532, 65533]));
  const each = (value: number): number[] => channels.map(() => value);
  const figures = { low: each(-1), high: each(1), mean: each(0), std: each(0.5) };
  return { content: { shape: [channels.length, 2, 2], full: [2, 2], ...figures }, buffers: [codes] };
}

export interface Drawn {
  readonly layout?: string;
  readonly shape?: string;
  readonly axis?: number;
  readonly tensor?: Record<string, number>;
  readonly channels?: Record<string, readonly number[]>;
  readonly tokens?: readonly string[];
}

/** A document of one tensor. */
export function documentOf(given: Drawn = {}): Promise<ActivationsDocument> {
  const { layout = "maps", shape = "1×4×2×2", axis = 1, tensor = {}, channels = {}, tokens } = given;
  const count = Object.values(channels)[0]?.length ?? 0;
  const numbers = { min: -1, max: 1, q001: -0.9, q999: 0.9, nan: 0, inf: 0, ...tensor };
  const header = {
    kind: "activations",
    id: "a1",
    sample_count: 2,
    samples: [{ label: "cat.png", tokens: tokens ?? null }, { label: "dog.png" }],
  };
  return ActivationsDocument.decode(
    encode(header, {
      activations: {
        tensor: Int32Array.of(0),
        op: Int32Array.of(0),
        layout: [layout],
        shape: [shape],
        channel_axis: Int32Array.of(axis),
        channels: Int32Array.of(count || -1),
        first_channel: Int32Array.of(count ? 0 : -1),
        ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Float64Array.of(value)])),
      },
      channels: Object.fromEntries(
        Object.entries(channels).map(([name, values]) => [
          name,
          name === "dead" || name === "outlier" ? Uint8Array.from(values) : Float64Array.from(values),
        ]),
      ),
    }),
  );
}
