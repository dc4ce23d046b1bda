import { readInk } from "../../../activations/ink.js";
import { Channels } from "../../../activations/maps/channels.js";
import { readingText } from "../../../activations/reading.js";
import { type Showing, showing } from "../../../activations/showing.js";
import type { Side } from "../../../activations/source.js";
import { type ExportKind, Toolbar } from "../../../activations/toolbar.js";
import { watchTheme } from "../../../graph/paint/theme.js";
import { Cleanup } from "../../../views/cleanup.js";
import { h, put } from "../../../views/dom.js";
import type { Inspected, InspectScene } from "../scene.js";
import { flowOf, pictureSize } from "./arrange.js";
import { Captions } from "./captions.js";
import { ComparedColors } from "./compared-colors.js";
import { Foot } from "./foot.js";
import { Link } from "./link.js";
import { whyNothing } from "./nothing.js";
import { Pane, type PaneLook } from "./pane.js";
import { comparedText } from "./reading.js";
import { type SavedLook, savePictures, saveValues } from "./save.js";
import { sideOf } from "./sides.js";
import { Steps } from "./steps.js";
import { Ways } from "./ways.js";

/** What is dragged is kept after so long without a move. */
const REST_MS = 300;
const SAVED = [
  { value: "float", text: "Float values" },
  { value: "variant", text: "Values of the variant" },
  { value: "difference", text: "Errors" },
] as const;

/** The values of a tensor in both models and their difference, as pictures in step. */
export class ValuesPanel {
  readonly #scene: InspectScene;
  readonly #toolbar: Toolbar;
  readonly #ways: Ways;
  readonly #steps: Steps;
  readonly #captions: Captions;
  readonly #foot = new Foot();
  /** Float, or float and variant over it; the variant alone; the error. */
  readonly #panes: readonly [Pane, Pane, Pane];
  readonly #link: Link;
  readonly #note = h("p", { class: "hl-pictures-note", role: "status", hidden: true });
  readonly #empty = h("p", { class: "hl-empty" });
  readonly #stage = h("div", { class: "hl-panes" });
  readonly #body: HTMLElement;
  readonly #node = h("section", { class: "hl-pictures", "aria-label": "Values", "data-testid": "haoline-compared" });
  readonly #cleanup = new Cleanup();
  #inspected: Inspected | null = null;
  #what: Showing = { kind: "nothing", text: "" };
  #colors: ComparedColors | null = null;
  #wipe = 0.5;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;

  constructor(scene: InspectScene) {
    this.#scene = scene;
    this.#toolbar = new Toolbar(
      { change: (settings) => scene.change(settings), save: (kind, which) => void this.#save(kind, which) },
      { sides: SAVED, compact: true },
    );
    this.#ways = new Ways({
      way: (way) => scene.change({ way }),
      wipe: (share) => this.#wipeTo(share),
      wiped: () => this.#keepWipe(),
    });
    this.#steps = new Steps({
      back: () => this.#back(),
      turn: (step) => this.#turn(step),
      slice: (slice) => scene.change({ slice }),
    });
    this.#panes = [this.#pane(0, "float"), this.#pane(1, "variant"), this.#pane(2, "error")];
    this.#captions = new Captions(this.#panes, this.#ways.handle(), (error) => scene.change({ error }));
    this.#link = new Link(this.#panes);
    this.#stage.append(...this.#panes.map((pane) => pane.node()));
    this.#body = h(
      "div",
      { class: "hl-compared" },
      h("div", { class: "hl-compared-bar" }, this.#ways.node(), this.#toolbar.node(), this.#steps.node()),
      this.#stage,
      this.#foot.node(),
    );
    this.#node.append(this.#note, this.#empty, this.#body);
    this.#node.addEventListener("keydown", (event) => this.#key(event));
    this.#cleanup.add(watchTheme(() => this.#retint()));
    this.#cleanup.resize(this.#stage, () => this.#arrange());
  }

  node(): HTMLElement {
    return this.#node;
  }

  show(inspected: Inspected): void {
    const before = this.#inspected;
    const moved = before?.divergence !== inspected.divergence || before.row !== inspected.row;
    if (moved || before.sample !== inspected.sample) this.#tell("");
    if (before?.settings.wipe !== inspected.settings.wipe) this.#wipe = inspected.settings.wipe;
    this.#inspected = inspected;
    this.#what = showing(sideOf(inspected, "float"));
    const found = inspected.row >= 0 && this.#what.kind !== "nothing" && inspected.divergence.matched(inspected.row);
    put(this.#empty, ...(found ? [] : whyNothing(inspected, this.#what, (ops) => this.#scene.select(ops))));
    this.#empty.hidden = found;
    this.#body.hidden = !found;
    if (found) this.#display(inspected);
    else this.hide();
  }

  /** Another tab is in front, or there is nothing to show. */
  hide(): void {
    this.#ways.hide();
    for (const pane of this.#panes) pane.show(null);
  }

  dispose(): void {
    clearTimeout(this.#rest);
    cancelAnimationFrame(this.#frame);
    this.#cleanup.dispose();
    this.#ways.dispose();
    this.#toolbar.dispose();
    for (const pane of this.#panes) pane.dispose();
    this.#node.remove();
  }

  #display(inspected: Inspected): void {
    const { settings } = inspected;
    const shown = sideOf(inspected, "float");
    const channels = new Channels(inspected.divergence, inspected.row);
    this.#toolbar.show(shown, this.#what, channels);
    this.#ways.show(settings.way, this.#wipe);
    this.#steps.show(shown, this.#what, channels);
    this.#captions.show(inspected);
    this.#arrange();
    this.#paint(inspected, channels);
    this.#foot.hint(this.#what.kind);
  }

  #paint(inspected: Inspected, channels: Channels): void {
    const { settings } = inspected;
    const ink = readInk(this.#node);
    this.#colors = ComparedColors.of(inspected, ink.dark, this.#colors);
    const { values, error } = this.#colors;
    const order = channels.order(settings);
    const base = { what: this.#what, channels, order, ink, wipe: this.#share };
    const apart = settings.way === "side";
    const side = (which: "float" | "variant"): PaneLook => ({
      ...base,
      shown: sideOf(inspected, which),
      over: null,
      colors: values,
    });
    const [first, second, third] = this.#panes;
    first.show(apart ? side("float") : { ...side("float"), over: sideOf(inspected, "variant") });
    second.show(apart ? side("variant") : null);
    third.show({ ...base, shown: sideOf(inspected, settings.error), over: null, colors: error });
    this.#link.settle(`${inspected.divergence.id} ${inspected.row} ${JSON.stringify(this.#what)}`);
    this.#foot.show(values, error);
  }

  /** While it flickers, all of it is one side or the other. */
  get #share(): number {
    return this.#inspected?.settings.way === "wipe" ? this.#wipe : 1;
  }

  #pane(at: 0 | 1 | 2, name: string): Pane {
    const made: Pane = new Pane(this.#scene.tiles, `haoline-pane-${name}`, {
      pick: (channel) => this.#pick(channel, at),
      back: () => this.#back(),
      turn: (step) => this.#turn(step),
      reading: (reading, spot) => {
        const inspected = this.#inspected;
        const compared =
          reading && spot && inspected && comparedText(this.#scene.tiles, inspected, this.#what, spot, reading);
        this.#foot.read(compared ?? (reading ? readingText(reading) : ""));
        this.#link.point(made, spot);
      },
      cursor: (text) => this.#foot.read(text),
      wipe: (share) => this.#dragTo(share),
      camera: (camera) => this.#link.camera(made, camera),
      scroll: (top) => this.#link.scroll(made, top),
      first: (first) => at === 0 && this.#inspected?.settings.first !== first && this.#scene.change({ first }),
      sized: (cell) => this.#toolbar.showSize(cell),
      learned: () => this.#relearn(made),
      failed: (message) => this.#tell(message),
    });
    return made;
  }

  /** The keys go on in the pane that they were in. */
  #pick(channel: number, at: 0 | 1 | 2): void {
    this.#scene.change({ channel });
    if (this.#node.contains(document.activeElement) || document.activeElement === document.body)
      this.#panes[at].focus();
  }

  #back(): void {
    if (this.#what.kind !== "channel") return;
    this.#scene.change({ channel: null });
    this.#panes[0].focus();
  }

  #turn(step: number): void {
    const inspected = this.#inspected;
    if (!inspected || this.#what.kind !== "channel") return;
    const order = new Channels(inspected.divergence, inspected.row).order(inspected.settings);
    const to = order[order.indexOf(this.#what.channel) + step];
    if (to !== undefined) this.#scene.change({ channel: to });
  }

  #dragTo(share: number): void {
    this.#wipeTo(share);
    this.#ways.showWipe(share);
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#keepWipe(), REST_MS);
  }

  #wipeTo(share: number): void {
    if (this.#inspected?.settings.way === "wipe") this.#wipe = share;
    this.#panes[0].wipe(share);
    this.#captions.wipe(share);
  }

  #keepWipe(): void {
    if (this.#inspected && this.#inspected.settings.wipe !== this.#wipe) this.#scene.change({ wipe: this.#wipe });
  }

  #relearn(from: Pane): void {
    const colors = this.#colors;
    if (!colors) return;
    this.#foot.show(colors.values, colors.error);
    const [first, second] = this.#panes;
    if (from === first && this.#inspected?.settings.way === "side") second.repaint();
    if (from === second) first.repaint();
  }

  /** As large as the stage lets them be. */
  #arrange(): void {
    const inspected = this.#inspected;
    if (!inspected || inspected.row < 0 || this.#what.kind === "nothing") return;
    const { settings } = inspected;
    const { clientWidth: width, clientHeight: height } = this.#stage;
    const [values, square] = pictureSize(inspected, this.#what);
    const flow = flowOf(
      { width: width || 600, height: height || 400 },
      settings.way === "side" ? 3 : 2,
      values,
      square,
    );
    this.#stage.dataset["flow"] = flow;
    this.#stage.dataset["panes"] = settings.way === "side" ? "3" : "2";
  }

  #retint(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#inspected && this.show(this.#inspected));
  }

  /** F holds the other side against the one in sight. */
  #key(event: KeyboardEvent): void {
    const typing = (event.target as Element | null)?.closest("select, input:not([type=range])");
    if (event.key.toLowerCase() !== "f" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.#body.hidden) return;
    if (this.#inspected?.settings.way !== "flicker") this.#scene.change({ way: "flicker" });
    this.#ways.swap();
  }

  #tell(text: string): void {
    this.#note.hidden = text === "";
    put(this.#note, text);
  }

  async #save(kind: ExportKind, which: Side = "difference"): Promise<void> {
    const [inspected, colors] = [this.#inspected, this.#colors];
    if (!inspected || !colors) return;
    try {
      const { values, error } = colors;
      const look = {
        values,
        error,
        ink: readInk(this.#node),
        what: this.#what,
        flow: this.#stage.dataset["flow"] ?? "",
      };
      this.#scene.say(`Saved ${await this.#saved(kind, which, inspected, look)}.`);
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error));
    }
  }

  #saved(kind: ExportKind, which: Side, inspected: Inspected, look: SavedLook): Promise<string> {
    if (kind !== "npy") return savePictures(kind, inspected, look, this.#panes);
    const channel = this.#what.kind === "channel" ? this.#what.channel : null;
    return saveValues(this.#scene.tiles, inspected, which, channel);
  }
}
