import { shape as shapeText } from "../../data/format.js";
import { h, put } from "../../views/dom.js";
import type { Panel, Shown } from "../panel.js";
import type { InputArray, SampleInput, TileSource } from "../source.js";

/** Tokens of a long text that are listed. */
const MOST_TOKENS = 512;

/** What the samples on show feed the model: the picture, the tokens, the arrays in words. */
export class InputPanel implements Panel {
  readonly #tiles: TileSource;
  readonly #node = h("div", { class: "hl-inputs", "data-testid": "haoline-input" });
  #key = "";

  constructor(tiles: TileSource) {
    this.#tiles = tiles;
  }

  node(): HTMLElement {
    return this.#node;
  }

  show({ doc, sample, against, mean }: Shown): void {
    const samples = mean ? [] : against === null ? [sample] : [sample, against];
    const key = `${doc.id} ${samples.join()}`;
    if (key === this.#key) return;
    this.#key = key;
    if (mean) return put(this.#node, h("p", { class: "hl-hint" }, "The mean over samples has no input of its own."));
    const figures = samples.map((shown, at) => this.#figure(doc.header.samples[shown]?.tokens ?? null, shown, at));
    put(this.#node, ...figures);
  }

  dispose(): void {
    this.#key = "";
    this.#node.remove();
  }

  /** Tokens stand in the document; the rest comes when the kernel answers. */
  #figure(tokens: readonly string[] | null, sample: number, at: number): HTMLElement {
    const body = h("div", { class: "hl-input-body" }, tokens && tokenList(tokens));
    const caption = at === 0 ? null : h("figcaption", { class: "hl-muted" }, "minus");
    void this.#fill(body, sample, tokens !== null);
    return h("figure", { class: "hl-input-figure" }, caption, body);
  }

  async #fill(body: HTMLElement, sample: number, told: boolean): Promise<void> {
    const key = this.#key;
    body.setAttribute("aria-busy", "true");
    try {
      const input = await this.#tiles.input(sample);
      if (key === this.#key) put(body, ...parts(input));
    } catch (error) {
      if (key !== this.#key || told) return;
      put(body, h("p", { class: "hl-hint" }, error instanceof Error ? error.message : String(error)));
    } finally {
      body.removeAttribute("aria-busy");
    }
  }
}

function parts({ picture, tokens, arrays, label }: SampleInput): HTMLElement[] {
  // A picture or a text says more than the numbers made of it.
  const words = arrays.map(({ name, dtype, shape }) => `${name}: ${dtype} ${shapeText(shape)}`).join("\n");
  if (picture) return [canvas(picture, label, words)];
  if (tokens) return [tokenList(tokens, words)];
  return arrays.length > 0 ? [h("ul", { class: "hl-arrays" }, ...arrays.map(arrayItem))] : [];
}

function canvas({ width, height, rgb }: NonNullable<SampleInput["picture"]>, name: string, title: string): HTMLElement {
  const drawn = h("canvas", {
    width,
    height,
    class: "hl-input-picture",
    role: "img",
    title,
    "aria-label": `The picture ${name}`,
  });
  const context = drawn.getContext("2d");
  if (!context) return drawn;
  const image = context.createImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    image.data.set([rgb[3 * pixel]!, rgb[3 * pixel + 1]!, rgb[3 * pixel + 2]!, 255], 4 * pixel);
  }
  context.putImageData(image, 0, 0);
  return drawn;
}

function tokenList(tokens: readonly string[], title = ""): HTMLElement {
  const items = tokens.slice(0, MOST_TOKENS).map((token, at) => h("li", { title: `Token ${at}` }, token || "␣"));
  const rest = tokens.length - items.length;
  return h(
    "ol",
    { class: "hl-tokens hl-scroll", "aria-label": `${tokens.length} tokens`, tabindex: 0, title: title || null },
    ...items,
    rest > 0 && h("li", { class: "hl-muted" }, `and ${rest.toLocaleString("en-US")} more`),
  );
}

function arrayItem({ name, dtype, shape, text }: InputArray): HTMLElement {
  return h(
    "li",
    {},
    h("strong", {}, name),
    h("span", { class: "hl-muted" }, ` ${dtype} ${shapeText(shape)}`),
    text && h("code", {}, text),
  );
}
