/** Numbers as people read them. Unknown is "n/a", never zero. */

export const UNKNOWN = "n/a";

type Maybe = number | null | undefined;

const SI = ["", "k", "M", "G", "T", "P", "E"];
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

function known(value: Maybe): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Three significant digits, no trailing zeros: 25.6, 1.2, 128. */
export function digits(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 100 || Number.isInteger(value)) return String(Math.round(value));
  if (magnitude < 1e-4) return magnitude === 0 ? "0" : value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let amount = value;
  let step = 0;
  // 999.6 would round to "1000": move to the next unit first.
  while (Math.abs(amount) >= base - 0.5 && step < units.length - 1) {
    amount /= base;
    step += 1;
  }
  return `${digits(amount)} ${units[step]}`.trimEnd();
}

/** `25557032` → `25.6 M`. */
export function count(value: Maybe, unit = ""): string {
  if (!known(value)) return UNKNOWN;
  const text = scaled(value, 1000, SI);
  if (!unit) return text;
  return /[A-Z]$|k$/i.test(text) ? `${text}${unit}` : `${text} ${unit}`;
}

/** `1258291` → `1.2 MiB`. */
export function bytes(value: Maybe): string {
  return known(value) ? scaled(value, 1024, BINARY) : UNKNOWN;
}

/** Microseconds as ns, µs, ms or s. */
export function micros(value: Maybe): string {
  if (!known(value)) return UNKNOWN;
  if (value !== 0 && Math.abs(value) < 1) return `${digits(value * 1000)} ns`;
  if (Math.abs(value) < 1000) return `${digits(value)} µs`;
  if (Math.abs(value) < 1e6) return `${digits(value / 1000)} ms`;
  return `${digits(value / 1e6)} s`;
}

/** `0.427` → `42.7 %`. */
export function percent(value: Maybe): string {
  return known(value) ? `${digits(value * 100)} %` : UNKNOWN;
}

/** `[1, "seq", null]` → `1×seq×?`; an empty shape is a scalar. */
export function shape(dims: readonly (number | string | null)[] | null | undefined): string {
  if (!dims) return UNKNOWN;
  if (dims.length === 0) return "scalar";
  return dims.map((dim) => (dim === null ? "?" : String(dim))).join("×");
}

/** All digits with thin grouping, for tooltips and cells that must be exact. */
export function exact(value: Maybe): string {
  return known(value) ? GROUPED.format(value) : UNKNOWN;
}

// A formatter made once: `toLocaleString` makes a new one on every call.
const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 6 });

/** A value in the unit of its column. */
export function withUnit(value: Maybe, unit: string): string {
  switch (unit) {
    case "B":
      return bytes(value);
    case "us":
      return micros(value);
    case "%":
      return percent(value);
    case "MAC": // the label beside it says what is counted
    case "FLOP":
      return count(value);
    default:
      return count(value, unit);
  }
}
