/** The colour of each item as a pixel, worked out when it is first needed and kept while its reasons stay. */

import { Accents } from "./accents.js";
import { blend, type Pixel, rgbOf, toPixel } from "./color.js";
import { faded, type Look } from "./look.js";
import { PALE } from "./nodes.js";
import { boxItem, type Stamp } from "./stamps.js";

type Reasons = readonly unknown[];

export class ItemPixels {
  #reasons: Reasons = [];
  #pixels = new Int32Array(0);
  #look: Look | null = null;
  #accents: Accents | null = null;
  #background: Pixel = 0;
  readonly #known = new Map<string, Pixel>();
  #signatures = new Map<number, { readonly stamp: Stamp; readonly value: number }>();

  /** Makes ready to answer for this state of the view. */
  follow(look: Look): void {
    const { model, coloring, theme, emphasis, change } = look;
    const reasons = [model, coloring, theme, emphasis, change];
    this.#look = look;
    this.#accents = new Accents(look);
    if (reasons.every((reason, i) => reason === this.#reasons[i])) return;
    this.#reasons = reasons;
    this.#pixels = new Int32Array(model.tree.kind.length);
    this.#signatures = new Map();
    this.#background = this.color(theme.background);
  }

  item(item: number): Pixel {
    const known = this.#pixels[item];
    if (known !== undefined && known !== 0) return known;
    const made = this.#make(item);
    this.#pixels[item] = made;
    return made;
  }

  /** A number that is equal for groups of one shape whose boxes have the same colours (FNV-1a). */
  signature(item: number, stamp: Stamp, base: number): number {
    const known = this.#signatures.get(item);
    if (known?.stamp === stamp) return known.value;
    const { tree } = this.#look!.model;
    let value = 0x811c9dc5;
    for (let i = 0; i < stamp.leaf.length; i += 1) {
      value = Math.imul(value ^ this.item(boxItem(tree, base + stamp.leaf[i]!, stamp.climb[i]!)), 0x01000193);
    }
    this.#signatures.set(item, { stamp, value });
    return value;
  }

  color(color: string): Pixel {
    let pixel = this.#known.get(color);
    if (pixel === undefined) {
      pixel = toPixel(rgbOf(color));
      this.#known.set(color, pixel);
    }
    return pixel;
  }

  #make(item: number): Pixel {
    const own = this.color(this.#accents!.block(item));
    return faded(this.#look!, item) ? blend(this.#background, own, Math.round(PALE * 256)) : own;
  }
}
