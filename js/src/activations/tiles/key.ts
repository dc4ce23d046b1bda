/** Which picture of which tensor. */

/** Of two models that are compared: what one of them has there, what the other has, the error, the error of the op alone. */
export const SIDES = ["float", "variant", "difference", "local"] as const;
export type Side = (typeof SIDES)[number];

/** A tensor as it is looked at. */
export interface Subject {
  /** Row of the report's tensor table. */
  readonly tensor: number;
  readonly sample: number;
  readonly against: number | null;
  readonly mean: boolean;
  /** Absent where there is one model. */
  readonly which?: Side;
}

interface Sized extends Subject {
  /** Most pixels a side. */
  readonly size: number;
}

/** One channel. */
export interface MapKey extends Sized {
  readonly kind: "maps";
  readonly channel: number;
}

/** Two axes, at an index of each other axis. */
export interface PlaneKey extends Sized {
  readonly kind: "plane";
  readonly rows: number;
  readonly columns: number;
  readonly at: readonly number[];
}

export type TileKey = MapKey | PlaneKey;

/** What all pictures of one kind of one tensor share, as text. */
export function groupText(key: TileKey): string {
  const { kind, tensor, sample, against, mean, which } = key;
  const side = which === undefined ? "" : ` ${which}`;
  return `${kind} ${tensor} ${mean ? "mean" : sample} ${against ?? "-"}${side}`;
}

/** A picture as text, however fine it is. */
export function keyText(key: TileKey): string {
  const place = key.kind === "maps" ? `${key.channel}` : `${key.rows} ${key.columns} ${placeText(key)}`;
  return `${groupText(key)} ${place}`;
}

function placeText({ rows, columns, at }: PlaneKey): string {
  return at.map((index, axis) => (axis === rows || axis === columns ? "_" : index)).join(",");
}
