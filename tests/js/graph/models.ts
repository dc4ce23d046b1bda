/** Synthetic models as documents: a ResNet, transformers, flat graphs, bodies. */

import { ReportDocument } from "../../../js/src/data/index";
import { encode } from "../data/encode";

interface OpSpec {
  readonly type: string;
  readonly scope: number;
  readonly inputs: number[];
  readonly output: number;
  readonly parent: number;
}

/** Builds a document op by op. Tensors are numbers. */
export class Net {
  readonly #ops: OpSpec[] = [];
  readonly #tensors: { name: string; kind: string; dtype: string; nbytes: number; shape?: string }[] = [];
  readonly #scopes: { path: string; name: string; parent: number; className: string | null }[] = [];
  readonly #byPath = new Map<string, number>();
  readonly #feeds: [number, number, number][] = [];
  readonly #yields: [number, number, number][] = [];

  constructor(name = "net") {
    this.#scopes.push({ path: "", name, parent: -1, className: null });
    this.#byPath.set("", 0);
  }

  tensor(kind: string, dtype = "float32", nbytes = 4096): number {
    return this.#tensors.push({ name: `${kind}_${this.#tensors.length}`, kind, dtype, nbytes }) - 1;
  }

  input(): number {
    return this.tensor("input");
  }

  weight(): number {
    return this.tensor("initializer");
  }

  /** A tensor that a control-flow op gives to its body. */
  fed(owner: number): number {
    const tensor = this.tensor("activation");
    this.#feeds.push([owner, this.#feeds.length, tensor]);
    return tensor;
  }

  /** Says that a control-flow op hands on a tensor of its body as its result. */
  hands(inner: number, result: number): void {
    this.#yields.push([this.opOf(result), 0, inner]);
  }

  /** Row of an op that makes a tensor. */
  opOf(tensor: number): number {
    return this.#ops.findIndex((op) => op.output === tensor);
  }

  op(type: string, path: string, inputs: number[], parent = -1): number {
    const output = this.tensor("activation");
    this.#ops.push({ type, scope: this.#scope(path), inputs, output, parent });
    return output;
  }

  /** Gives a tensor another shape and size than all have. */
  resize(tensor: number, shape: string, nbytes = 4096): number {
    this.#tensors[tensor] = { ...this.#tensors[tensor]!, shape, nbytes };
    return tensor;
  }

  markOutput(tensor: number): void {
    this.#tensors[tensor] = { ...this.#tensors[tensor]!, kind: "output" };
  }

  #scope(path: string): number {
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const cut = path.lastIndexOf("/");
    const parent = this.#scope(cut < 0 ? "" : path.slice(0, cut));
    const row = this.#scopes.push({ path, name: path.slice(cut + 1), parent, className: null }) - 1;
    this.#byPath.set(path, row);
    return row;
  }

  /** Equal op types in equal order below a scope are one class: what the engine's hashing amounts to here. */
  #structures(): Int32Array {
    const words = this.#scopes.map(() => "");
    for (const op of this.#ops) {
      for (let scope = op.scope; scope >= 0; scope = this.#scopes[scope]!.parent) words[scope] += `${op.type} `;
    }
    const classes = new Map<string, number>();
    return Int32Array.from(words, (word) => {
      const known = classes.get(word) ?? classes.size;
      classes.set(word, known);
      return known;
    });
  }

  bytes(id = "r1"): Uint8Array<ArrayBuffer> {
    const uses = this.#ops.flatMap((op, row) => op.inputs.map((tensor, slot) => [row, slot, tensor] as const));
    const makes = this.#ops.map((op, row) => [row, 0, op.output] as const);
    const i32 = (rows: readonly (readonly number[])[], at: number): Int32Array =>
      Int32Array.from(rows, (row) => row[at]!);
    return encode(
      { id, model: { name: this.#scopes[0]!.name } },
      {
        ops: {
          name: this.#ops.map((op, row) => `${this.#scopes[op.scope]!.path}/${op.type}_${row}`),
          type: this.#ops.map((op) => op.type),
          category: this.#ops.map((op) => (op.type === "Conv" ? "conv" : "elementwise")),
          scope: Int32Array.from(this.#ops, (op) => op.scope),
          parent: Int32Array.from(this.#ops, (op) => op.parent),
          macs: {
            values: Float64Array.from(this.#ops, (_, row) => row + 1),
            aggregate: "sum",
            label: "MACs",
            unit: "MAC",
          },
          latency: { values: Float64Array.from(this.#ops, (_, row) => (row % 3 ? row : Number.NaN)), aggregate: "max" },
        },
        tensors: {
          name: this.#tensors.map((tensor) => tensor.name),
          kind: this.#tensors.map((tensor) => tensor.kind),
          dtype: this.#tensors.map((tensor) => tensor.dtype),
          shape: this.#tensors.map((tensor) => tensor.shape ?? "1×64"),
          nbytes: Float64Array.from(this.#tensors, (tensor) => tensor.nbytes),
        },
        scopes: {
          path: this.#scopes.map((scope) => scope.path),
          name: this.#scopes.map((scope) => scope.name),
          parent: Int32Array.from(this.#scopes, (scope) => scope.parent),
          class_name: this.#scopes.map((scope) => scope.className),
          structure: this.#structures(),
        },
        uses: { op: i32(uses, 0), slot: i32(uses, 1), tensor: i32(uses, 2) },
        makes: { op: i32(makes, 0), slot: i32(makes, 1), tensor: i32(makes, 2) },
        feeds: { op: i32(this.#feeds, 0), slot: i32(this.#feeds, 1), tensor: i32(this.#feeds, 2) },
        yields: { op: i32(this.#yields, 0), slot: i32(this.#yields, 1), tensor: i32(this.#yields, 2) },
      },
    );
  }

  document(id = "r1"): Promise<ReportDocument> {
    return ReportDocument.decode(this.bytes(id));
  }
}

/** Embedding, `layers` decoder layers that share a mask, head. */
export function transformer(layers: number): Net {
  const net = new Net("decoder");
  const [ids, mask] = [net.input(), net.input()];
  const shared = net.op("Cast", "mask", [mask]);
  const bias = net.op("Mul", "mask", [shared]);
  let x = net.op("Gather", "embed", [ids, net.weight()]);
  for (let i = 0; i < layers; i += 1) x = decoderLayer(net, `layers/layers.${i}`, x, bias);
  const normed = net.op("Pow", "norm", [x]);
  const scaled = net.op("Mul", "norm", [x, normed]);
  net.markOutput(net.op("MatMul", "head", [scaled, net.weight()]));
  return net;
}

function decoderLayer(net: Net, path: string, x: number, bias: number): number {
  const norm = (name: string, value: number): number => {
    const power = net.op("Pow", `${path}/${name}`, [value]);
    return net.op("Mul", `${path}/${name}`, [value, net.op("Sqrt", `${path}/${name}`, [power])]);
  };
  const linear = (name: string, value: number): number =>
    net.op("Add", `${path}/${name}`, [net.op("MatMul", `${path}/${name}`, [value, net.weight()]), net.weight()]);
  const h = norm("norm1", x);
  const [q, k, v] = [linear("attn/q", h), linear("attn/k", h), linear("attn/v", h)];
  const scores = net.op("Add", `${path}/attn`, [net.op("MatMul", `${path}/attn`, [q, k]), bias]);
  const weights = net.op("Softmax", `${path}/attn`, [scores]);
  const attended = linear("attn/o", net.op("MatMul", `${path}/attn`, [weights, v]));
  const y = net.op("Add", path, [x, attended]);
  const up = linear("mlp/up", norm("norm2", y));
  return net.op("Add", path, [y, linear("mlp/down", net.op("Relu", `${path}/mlp`, [up]))]);
}

/** Stem, two stages of bottlenecks of which the first has a projection, head. */
export function resnet(blocks: number): Net {
  const net = new Net("resnet");
  const conv = (path: string, value: number): number => net.op("Conv", path, [value, net.weight()]);
  let x = net.op("MaxPool", "stem", [net.op("Relu", "stem", [conv("stem", net.input())])]);
  for (const stage of ["layer1", "layer2"]) {
    for (let i = 0; i < blocks; i += 1) {
      const path = `${stage}/${stage}.${i}`;
      const act = stage === "layer1" ? "Relu" : "Clip";
      const main = conv(path, net.op(act, path, [conv(path, x)]));
      const side = i === 0 ? conv(`${path}/downsample`, x) : x;
      x = net.op("Relu", path, [net.op("Add", path, [main, side])]);
    }
  }
  net.markOutput(net.op("Gemm", "fc", [net.op("GlobalAveragePool", "pool", [x]), net.weight()]));
  return net;
}

/** `length` ops in a row, none of them named. */
export function chain(length: number): Net {
  const net = new Net("chain");
  let x = net.input();
  for (let i = 0; i < length; i += 1) x = net.op(i % 2 ? "Relu" : "Conv", "", [x]);
  net.markOutput(x);
  return net;
}

/** A flat graph in which every op reads two earlier ones; the same for the same seed. */
export function tangle(ops: number, reach: number, seed = 7): Net {
  const net = new Net("tangle");
  const made = [net.input()];
  let state = seed;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state % limit;
  };
  for (let i = 0; i < ops; i += 1) {
    const pick = (): number => made[made.length - 1 - random(Math.min(made.length, reach))]!;
    made.push(net.op("Add", "", [pick(), pick()]));
  }
  net.markOutput(made.at(-1)!);
  return net;
}
