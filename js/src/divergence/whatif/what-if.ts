import type { DivergenceDocument } from "../../data/divergence.js";
import type { Host, Plan, Question } from "../../data/index.js";
import { h, put } from "../../views/dom.js";
import type { ComparePart, CompareScene } from "../scene.js";
import { BuildList } from "./build-list.js";
import { type Build, builtFrom } from "./builds.js";
import { type Candidate, candidates } from "./candidates.js";
import { KeepCurve } from "./curve.js";
import { Errand } from "./errand.js";
import { ErrandLine } from "./errand-line.js";
import { OpList } from "./op-list.js";
import { type OutcomeColumn, outcomeTable } from "./outcome-table.js";
import { EMPTY, isEmpty, parsePlan, planText, samePlan, withChoice } from "./plan.js";
import { type Outcome, Predictor } from "./predict.js";
import { SuggestionList } from "./suggestion-list.js";

export interface WhatIfOptions {
  readonly scene: CompareScene;
  readonly ask: Host["ask"] | undefined;
  readonly setPlan: (plan: Plan) => void;
  readonly built: (build: Build) => void;
  /** What each op costs, once the kernel has measured it. */
  readonly measured: (whatIf: unknown) => void;
  /** What lint would change, once the kernel has told. */
  readonly suggested: (suggestions: unknown) => void;
}

export interface WhatIfState {
  readonly plan: Plan;
  readonly builds: readonly Build[];
  readonly selected: readonly number[];
}

/** Schemes that 16-bit activations can be mixed into; what was made elsewhere is built anew by the first. */
const MIXED: readonly string[] = ["static-int8"];
const NO_KERNEL = "To measure or build, run the cell again: that takes the kernel.";

/** What to change: keep ops float or 16-bit, see at once what that is predicted to give, then build it and see. */
export class WhatIfPanel implements ComparePart {
  readonly #options: WhatIfOptions;
  readonly #errand: Errand | null;
  readonly #line = new ErrandLine(() => this.#errand?.stop());
  readonly #suggestions: SuggestionList;
  readonly #list: OpList;
  readonly #curve: KeepCurve;
  readonly #builds: BuildList;
  readonly #hint = h("p", { class: "hl-muted" });
  readonly #outcomes = h("div", {});
  readonly #chosen = h("span", { class: "hl-muted", role: "status" });
  readonly #measure = h("button", { type: "button", class: "hl-button", "data-testid": "haoline-measure" });
  readonly #build = h("button", { type: "button", class: "hl-button hl-primary", "data-testid": "haoline-build" });
  readonly #again = h("button", { type: "button", class: "hl-link" }, "Measure again");
  readonly #clear = h("button", { type: "button", class: "hl-link" }, "Clear");
  readonly #node: HTMLElement;
  #doc: DivergenceDocument | null = null;
  /** The comparison that lint was asked about, and what keeps it from telling. */
  #asked = { id: "", note: "" };
  #candidates: readonly Candidate[] = [];
  #predictor: Predictor | null = null;
  #values: Float64Array = new Float64Array();
  #state: WhatIfState = { plan: EMPTY, builds: [], selected: [] };

  constructor(options: WhatIfOptions) {
    this.#options = options;
    const { scene, ask, setPlan } = options;
    this.#errand = ask ? new Errand(ask, () => this.#refresh()) : null;
    this.#suggestions = new SuggestionList({ setPlan, select: (ops) => scene.select(ops) });
    this.#list = new OpList({
      choose: (op, choice) => setPlan(withChoice(this.#state.plan, [op], choice)),
      select: (ops) => scene.select(ops),
    });
    this.#curve = new KeepCurve(scene.tooltip, (count) => setPlan(this.#costliest(count, this.#state.plan.changes)));
    this.#builds = new BuildList({ setPlan, open: (path) => void this.#open(path) });
    this.#measure.addEventListener("click", () => void this.#askCosts());
    this.#again.addEventListener("click", () => void this.#askCosts());
    this.#build.addEventListener("click", () => void this.#askBuild());
    this.#clear.addEventListener("click", () => setPlan(EMPTY));
    const actions = h(
      "div",
      { class: "hl-whatif-actions" },
      this.#measure,
      this.#build,
      this.#chosen,
      this.#clear,
      this.#again,
    );
    this.#node = h(
      "div",
      { class: "hl-whatif hl-scroll", "data-testid": "haoline-what-if" },
      this.#hint,
      this.#outcomes,
      actions,
      this.#line.node(),
      this.#builds.node(),
      this.#suggestions.node(),
      this.#curve.node(),
      this.#list.node(),
    );
  }

  node(): HTMLElement {
    return this.#node;
  }

  update(doc: DivergenceDocument): void {
    this.#doc = doc;
    this.#candidates = candidates(doc);
    this.#predictor = doc.header.what_if ? new Predictor(doc.header.what_if, now(doc)) : null;
    this.#values = this.#predictor?.curve(this.#candidates.map(({ op }) => op)) ?? new Float64Array();
    this.#refresh();
  }

  /** It is looked at: lint is asked what it suggests, unless that is known. */
  open(): void {
    const { ask } = this.#options;
    const doc = this.#doc;
    if (!doc || !ask || doc.header.suggestions !== null || this.#asked.id === doc.id) return;
    this.#asked = { id: doc.id, note: "Looking at both models …" };
    this.#refresh();
    void this.#askLint(ask, doc.id);
  }

  show(state: WhatIfState): void {
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    this.#refresh();
  }

  dispose(): void {
    this.#curve.dispose();
    this.#node.remove();
  }

  #refresh(): void {
    const doc = this.#doc;
    if (!doc) return;
    const { plan, builds, selected } = this.#state;
    this.#hint.textContent = this.#advice(doc);
    put(this.#outcomes, outcomeTable(this.#columns(doc), "Both models on the same samples"));
    this.#showActions();
    this.#builds.show(builds, plan, this.#errand !== null && !this.#errand.running);
    const int16 = MIXED.includes(doc.header.scheme ?? MIXED[0]!);
    const suggestions = doc.header.suggestions?.filter((one) => int16 || one.int16.length === 0) ?? null;
    const note = suggestions === null && this.#asked.id === doc.id ? this.#asked.note : "";
    this.#suggestions.show({ suggestions, note, plan });
    this.#showCurve();
    this.#list.show({
      report: this.#options.scene.report,
      candidates: this.#candidates,
      plan,
      selected,
      measured: this.#predictor !== null,
      int16,
    });
  }

  #showActions(): void {
    const errand = this.#errand;
    const { plan } = this.#state;
    const idle = errand !== null && !errand.running;
    this.#line.node().hidden = !errand;
    if (errand) this.#line.show(errand.state);
    this.#measure.hidden = this.#predictor !== null || !errand;
    this.#measure.textContent = "Measure what each op costs";
    this.#measure.disabled = !idle;
    this.#again.hidden = this.#predictor === null || !idle;
    this.#build.hidden = !errand;
    this.#build.textContent = "Build and verify";
    this.#build.disabled = !idle || isEmpty(plan);
    this.#clear.hidden = isEmpty(plan);
    this.#chosen.textContent = planText(plan) || "Choose ops to keep in the list or the chart";
  }

  #showCurve(): void {
    const predictor = this.#predictor;
    this.#curve.node().hidden = !predictor || this.#candidates.length < 2;
    if (!predictor) return;
    const { keep_float, changes } = this.#state.plan;
    const count = keep_float.length;
    this.#curve.show({
      values: this.#values,
      at: samePlan(this.#costliest(count, changes), this.#state.plan) ? count : -1,
      predict: (ops) => predictor.predict(this.#costliest(ops)),
    });
  }

  #advice(doc: DivergenceDocument): string {
    const { what_if } = doc.header;
    if (this.#state.plan.changes.length > 0)
      return "What a repair or a switch brings is not predicted: build it, and it is measured.";
    if (what_if) {
      const sure = what_if.check ? ` ${what_if.check}` : "";
      return `Predictions add up what each op alone costs at the outputs.${sure}${this.#errand ? "" : ` ${NO_KERNEL}`}`;
    }
    if (!this.#errand) return `What each op costs at the outputs was not measured. ${NO_KERNEL}`;
    return "Ops are listed by the error they make. How much of it arrives at the outputs is measured op by op: then every choice is predicted at once.";
  }

  #columns(doc: DivergenceDocument): OutcomeColumn[] {
    const { plan, builds } = this.#state;
    const columns: OutcomeColumn[] = [{ title: "This variant", provenance: "measured", outcome: now(doc) }];
    const predicted = this.#predicted();
    if (predicted && !isEmpty(plan))
      columns.push({ title: "Your choice", provenance: "predicted", outcome: predicted });
    const built = builds.find((build) => samePlan(build.plan, plan));
    if (built && !isEmpty(plan)) columns.push({ title: "Built", provenance: "measured", outcome: built.measured });
    return columns;
  }

  #predicted(): Outcome | null {
    return this.#predictor?.predict(this.#state.plan) ?? null;
  }

  #costliest(count: number, changes: readonly string[] = []): Plan {
    const ops = this.#candidates.slice(0, count).map(({ op }) => op);
    return withChoice({ ...EMPTY, changes }, ops, "float");
  }

  async #askLint(ask: NonNullable<Host["ask"]>, id: string): Promise<void> {
    try {
      const { content } = await ask({ type: "suggestions" });
      if (this.#doc?.id === id) this.#options.suggested(content["suggestions"]);
    } catch (error) {
      this.#asked = { id, note: `Lint could not be asked: ${error instanceof Error ? error.message : error}` };
      this.#refresh();
    }
  }

  /** Goes on with what the kernel was asked before the page, or this view in it, was drawn anew. */
  rejoin(work: Readonly<Record<string, unknown>>): void {
    const { type } = work;
    if (type === undefined) this.#errand?.forget();
    if (!this.#doc || !this.#errand || this.#errand.running) return;
    if (type === "sensitivity") void this.#askCosts({ ...work, type });
    if (type === "build") void this.#askBuild({ ...work, type });
  }

  /** `begun`: the question, where it is under way already. */
  async #askCosts(begun?: Question): Promise<void> {
    const content = await this.#errand?.run("Measuring", begun ?? { type: "sensitivity" }, begun !== undefined);
    if (content) this.#options.measured(content["what_if"]);
  }

  async #askBuild(begun?: Question): Promise<void> {
    const plan = begun ? parsePlan(begun as Partial<Plan>, this.#options.scene.report.ops.rows) : this.#state.plan;
    const predicted = this.#predictor?.predict(plan) ?? null;
    const content = await this.#errand?.run("Building", begun ?? { type: "build", ...plan }, begun !== undefined);
    if (content) this.#options.built(builtFrom(content, plan, predicted));
  }

  async #open(path: string): Promise<void> {
    await this.#errand?.run("Opening", { type: "open", path });
  }
}

/** The comparison's own figures, of its first output. */
function now({ header }: DivergenceDocument): Outcome {
  const [output] = header.outputs;
  return {
    sqnr_db: output?.sqnr_db ?? (output?.mse === 0 ? Number.POSITIVE_INFINITY : null),
    cosine: output?.cosine ?? null,
    size: header.sizes.variant,
    latency_us: header.latency?.variant.p50_us ?? null,
  };
}
