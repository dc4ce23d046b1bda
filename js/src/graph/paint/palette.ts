/**
 * The visual vocabulary: a colour, a sign and an outline for every category, a colour for every precision.
 *
 * `docs/visual-vocabulary.md` is its table for readers; a test keeps the two in step.
 */

/**
 * Outlines stand for what an op does to its data: `box` computes with weights, `pill` maps each element or is an end of
 * the graph, `hexagon` normalises or reduces, `slanted` moves data without changing it, `small` is plain arithmetic,
 * `cut` decides what runs, `tray` changes how numbers are stored.
 */
export type Shape = "box" | "pill" | "hexagon" | "slanted" | "small" | "cut" | "tray";

export interface Style {
  readonly light: string;
  readonly dark: string;
  readonly shape: Shape;
  /** What the icon shows, in a word. */
  readonly sign: string;
  /** Strokes in a box of 16 × 16. */
  readonly icon: string;
}

const style = (light: string, dark: string, shape: Shape, sign: string, icon: string): Style => ({
  light,
  dark,
  shape,
  sign,
  icon,
});

export const OTHER: Style = style("#7b8794", "#93a0ae", "box", "dot", "M8 5.5a2.5 2.5 0 1 0 0.01 0");

export const STYLES: Readonly<Record<string, Style>> = {
  conv: style("#2f6fde", "#6ea3ff", "box", "grid", "M2 2h12v12h-12zM2 6h12M2 10h12M6 2v12M10 2v12"),
  linear: style("#5b4bd6", "#9a8cff", "box", "matrix", "M3 3v10M6 3v10M10 3v10M13 3v10M3 3h1M3 13h1M13 3h-1M13 13h-1"),
  attention: style(
    "#b8329e",
    "#ec7fd6",
    "box",
    "eye",
    "M8 3a5 3 0 1 0 0.01 10a5 3 0 1 0 -0.01 -10M8 6.5a1.5 1.5 0 1 0 0.01 0",
  ),
  rnn: style("#7048c6", "#b295ff", "box", "loop arrow", "M12 5a5 5 0 1 0 1 5M12 2v3h-3"),
  moe: style(
    "#b04a00",
    "#ff9b52",
    "box",
    "fork",
    "M8 2v4M8 6l-5 4M8 6l5 4M8 6v4M2 10h2v4h-2zM7 10h2v4h-2zM12 10h2v4h-2z",
  ),
  ssm: style("#146c94", "#61bfe8", "box", "step response", "M2 11h4l4 -6h4M10 11h4"),
  embed: style("#a13b62", "#ef86ad", "box", "table", "M3 2h10v12h-10zM3 6h10M3 10h10"),
  position: style("#1b7f9e", "#5ec3e3", "box", "wave", "M2 8c2 -6 4 -6 6 0s4 6 6 0"),
  "kv cache": style(
    "#c2255c",
    "#ff7ba5",
    "box",
    "drum",
    "M3 4c0 -2.500 10 -2.500 10 0v8c0 2.500 -10 2.500 -10 0zM3 8c0 2.500 10 2.500 10 0",
  ),
  activation: style("#dd6b10", "#ffa24d", "pill", "hinge", "M2 12h5l6 -8"),
  norm: style("#0b8a83", "#3fc9be", "hexagon", "bell curve", "M2 13c4 0 3.5 -10 6 -10s2 10 6 10"),
  reduce: style("#8a4a9e", "#c98fe0", "hexagon", "sigma", "M12 3h-8l5 5l-5 5h8"),
  pool: style("#0889b5", "#4cc4ee", "hexagon", "funnel", "M2 3h12l-4 6v4h-4v-4z"),
  residual: style("#2c8a43", "#63cd7d", "small", "plus", "M8 2v12M2 8h12"),
  elementwise: style("#4d7d2f", "#98cb6e", "small", "plus in a box", "M4 8h8M8 4v8M3 3h10v10h-10z"),
  reshape: style("#64748b", "#94a6bd", "slanted", "box to arrow", "M2 4h7v8h-7zM11 6l3 2l-3 2"),
  slice: style("#7a6f5d", "#b8ab94", "slanted", "knife", "M3 13l9 -10M4 4h8v8h-8z"),
  gather: style("#a13b62", "#ef86ad", "slanted", "pick", "M3 3h3v3h-3zM3 10h3v3h-3zM7 5l6 3l-6 3"),
  concat: style("#94651a", "#d9a651", "slanted", "two panes", "M2 3h5v10h-5zM9 3h5v10h-5z"),
  shape: style("#8a7f72", "#a89d8f", "slanted", "corners", "M3 6v-3h3M10 3h3v3M13 10v3h-3M6 13h-3v-3"),
  sequence: style("#7a6f5d", "#b8ab94", "slanted", "lines", "M3 4h10M3 8h10M3 12h10"),
  quantize: style("#a86a00", "#f0b640", "tray", "staircase", "M2 13h3v-3h3v-3h3v-3h3"),
  cast: style("#7b8794", "#93a0ae", "tray", "two arrows", "M3 5h9l-3 -3M13 11h-9l3 3"),
  "control flow": style("#c0392b", "#ff8a7a", "cut", "diamond", "M8 2l6 6l-6 6l-6 -6z"),
  logic: style("#6b7f1e", "#bccf5c", "cut", "checked diamond", "M8 2l6 6l-6 6l-6 -6zM6 8l1.500 1.500l2.500 -3"),
  resize: style("#47748a", "#86bcd4", "box", "diagonal", "M3 9v4h4M13 7v-4h-4M3 13l10 -10"),
  image: style("#47748a", "#86bcd4", "box", "picture", "M2 3h12v10h-12zM2 11l4 -4l3 3l2 -2l3 3"),
  signal: style("#1b7f9e", "#5ec3e3", "box", "pulse", "M2 8h2l2 -5l3 10l2 -5h3"),
  text: style("#7c6f64", "#a89984", "box", "letter T", "M3 4h10M8 4v9"),
  ml: style("#5f7a3a", "#a9c77e", "box", "tree", "M8 2v4M4 10l4 -4l4 4M4 10v4M12 10v4"),
  engine: style(
    "#57606c",
    "#a3b0bf",
    "box",
    "chip",
    "M4 4h8v8h-8zM6 2v2M10 2v2M6 12v2M10 12v2M2 6h2M2 10h2M12 6h2M12 10h2",
  ),
  training: style("#8d99a6", "#8593a1", "box", "learning curve", "M3 13c4 0 5 -9 10 -10"),
  constant: style("#8d99a6", "#8593a1", "pill", "square", "M4 4h8v8h-8z"),
  random: style("#8d99a6", "#8593a1", "pill", "die", "M3 3h10v10h-10zM6 6h0.1M10 10h0.1"),
  custom: style("#7b8794", "#93a0ae", "box", "puzzle", "M3 5h3c-1 -3 5 -3 4 0h3v8h-10z"),
  input: style("#1d7a8c", "#55c2d6", "pill", "arrow in", "M8 2v9M4 8l4 4l4 -4M3 14h10"),
  output: style("#1d7a8c", "#55c2d6", "pill", "arrow out", "M3 2h10M8 5v9M4 10l4 4l4 -4"),
};

/** Other words for the same thing. */
const ALIASES: Readonly<Record<string, string>> = {
  convolution: "conv",
  matmul: "linear",
  gemm: "linear",
  normalization: "norm",
  normalisation: "norm",
  pooling: "pool",
  embedding: "embed",
  kv_cache: "kv cache",
  control: "control flow",
  control_flow: "control flow",
  quantization: "quantize",
  recurrent: "rnn",
  transpose: "reshape",
  math: "elementwise",
  type: "cast",
  feed_forward: "linear",
  head: "linear",
  expert: "moe",
  router: "moe",
  state_space: "ssm",
  bias: "elementwise",
};

export function categoryStyle(category: string | null): Style {
  const key = category?.toLowerCase() ?? "";
  return lookup(STYLES, key) ?? lookup(STYLES, lookup(ALIASES, key) ?? "") ?? OTHER;
}

export function categoryColor(category: string | null, dark: boolean): string {
  const found = categoryStyle(category);
  return dark ? found.dark : found.light;
}

/** A category named `constructor` must not find an inherited property. */
function lookup<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

export const PRECISIONS: readonly (readonly [RegExp, string, string, string])[] = [
  [/^(float8|f8|fp8)/, "8-bit float", "#c026d3", "#e879f9"],
  [/^(float4|fp4|nf4|mxfp4|nvfp4|u?int[1-4]$|(iq|q|tq)[1-4]_)/, "4 bits and fewer", "#be123c", "#fb7185"],
  [/^(float16|fp16)$/, "float16", "#0d9488", "#2dd4bf"],
  [/^(bfloat16|bf16)$/, "bfloat16", "#15803d", "#4ade80"],
  [/^(float|float32|fp32)$/, "float32", "#64748b", "#8fa0b5"],
  [/^(double|float64|fp64|complex)/, "float64", "#1e3a8a", "#93b4ff"],
  [/^(u?int[5-8]|(iq|q)[5-8]_\w+)$/, "int8", "#d97706", "#fbbf24"],
  [/^u?int(16|32|64)$/, "integers", "#a87f4f", "#c9a37a"],
  [/^bool$/, "bool", "#a1a1aa", "#71717a"],
  [/^string$/, "string", "#7c6f64", "#a89984"],
];

export interface Precision {
  readonly label: string;
  readonly color: string;
}

export function precision(dtype: string | null, dark: boolean): Precision {
  const found = PRECISIONS.find(([pattern]) => pattern.test(dtype ?? ""));
  if (!found) return { label: dtype ?? "unknown", color: dark ? "#6b7785" : "#a3adb8" };
  return { label: found[1], color: dark ? found[3] : found[2] };
}

/** How an item differs from its counterpart: a colour from Okabe and Ito's set, and a sign for those it does not reach. */
export const CHANGES = {
  added: { sign: "+", light: "#00795a", dark: "#2fc79a" },
  removed: { sign: "−", light: "#c24e00", dark: "#ff8a4c" },
  changed: { sign: "~", light: "#0067a8", dark: "#6cb6ff" },
} as const;

/** Tensors that grow with the square of the sequence length. */
export const QUADRATIC = { light: "#b8329e", dark: "#ec7fd6" } as const;
