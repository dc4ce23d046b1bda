import type { ActivationsDocument } from "../../data/activations.js";
import { shape as shapeText } from "../../data/format.js";
import { h, put } from "../../views/dom.js";
import type { Panel, Shown } from "../panel.js";
import type { InputArray, SampleInput, TileSource } from "../source.js";

/** Tokens of a long text that are listed. */
const MOST_TOKENS = 512;

/** What the samples on show feed the model: the picture, the tokens, the arrays in words. */
export class InputPanel implements Panel {
  readonly #tiles: TileSource;
  readonly #told: () => void;
  /** Of the sample, and of the one that is taken off it. */
  readonly #figures = [figureOf(""), figureOf("minus")];
  readonly #note = h("p", { class: "hl-hint" });
  readonly #node = h("div", { class: "hl-inputs", "data-testid": "haoline-input" }, this.#note, ...this.#figures);
  #key = "";

  /** `told` hears of tokens that the document did not have. */
  constructor(tiles: TileSource, told: () => void) {
    this.#tiles = tiles;
    this.#told = told;
  }

  node(): HTMLElement {
    return this.#node;
  }

  show({ doc, sample, against, mean }: Shown): void {
    const samples = mean ? [] : against === null ? [sample] : [sample, against];
    const key = `${doc.id} ${samples.join()}`;
    if (key === this.#key) return;
    this.#key = key;
    put(this.#note, mean && "The mean over samples has no input of its own.");
    for (const [at, figure] of this.#figures.entries()) {
      const shown = samples[at];
      figure.hidden = shown === undefined;
      if (shown !== undefined) void this.#fill(figure, shown, doc);
    }
  }

  dispose(): void {
    this.#key = "";
    this.#node.remove();
  }

  /** Tokens stand in the document; what the kernel has to tell replaces the last input when it arrives. */
  async #fill(figure: HTMLElement, sample: number, doc: ActivationsDocument): Promise<void> {
    const key = this.#key;
    const tokens = doc.tokens(sample);
    const body = figure.querySelector(".hl-input-body") as HTMLElement;
    if (tokens) put(body, tokenList(tokens));
    figure.setAttribute("aria-busy", "true");
    try {
      const input = await this.#tiles.input(sample);
      if (key !== this.#key) return;
      put(body, ...parts({ ...input, tokens: input.tokens ?? tokens }));
      if (!input.tokens || tokens) return;
      doc.tell(sample, input.tokens);
      this.#told();
    } catch (error) {
      if (key !== this.#key || tokens) return;
      put(body, h("p", { class: "hl-hint" }, error instanceof Error ? error.message : String(error)));
    } finally {
      if (key === this.#key) figure.removeAttribute("aria-busy");
    }
  }
}

function figureOf(caption: string): HTMLElement {
  const text = caption && h("figcaption", { class: "hl-muted" }, caption);
  return h("figure", { class: "hl-input-figure", hidden: true }, text, h("div", { class: "hl-input-body" }));
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
