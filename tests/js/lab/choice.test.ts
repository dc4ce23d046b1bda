import { Signal } from "@lumino/signaling";
import { beforeEach, expect, test } from "vitest";
import { NotebookChoice, PageChoice, parseChoice, sameChoice } from "../../../js/src/lab/choice";

const A100 = { profile: "a100-sxm-80gb", count: 4, precision: "bf16" };

function notebook(metadata: Record<string, unknown> = {}): {
  panel: ConstructorParameters<typeof NotebookChoice>[0];
  metadata: Record<string, unknown>;
  saved: (state: string) => void;
} {
  const model = {
    metadataChanged: new Signal<object, { key: string }>({}),
    getMetadata: (key: string) => metadata[key],
    setMetadata(key: string, value: unknown) {
      metadata[key] = value;
      this.metadataChanged.emit({ key });
    },
  };
  const context = { path: "a.ipynb", saveState: new Signal<object, string>({}) };
  const panel = { model, context } as unknown as ConstructorParameters<typeof NotebookChoice>[0];
  return { panel, metadata, saved: (state) => context.saveState.emit(state) };
}

beforeEach(() => sessionStorage.clear());

test.each([null, 3, "h100", {}, { profile: "" }, { profile: 7, count: 1 }])("%j is no choice", (value) => {
  expect(parseChoice(value)).toBeNull();
});

test("a choice loses what is not one", () => {
  const read = parseChoice({ profile: "t4", count: -3, precision: null, extra: "<b>" });
  expect(read).toEqual({ profile: "t4", count: 1, precision: "" });
  expect(sameChoice(read, { profile: "t4", count: 1, precision: "" })).toBe(true);
  expect(sameChoice(read, null)).toBe(false);
});

test("a notebook keeps its choice in its metadata beside other keys", () => {
  const { panel, metadata } = notebook({ haoline: { other: 1 } });
  const choice = new NotebookChoice(panel);
  expect(choice.read()).toBeNull();
  choice.write(A100);
  expect(metadata["haoline"]).toEqual({ other: 1, profile: A100 });
  expect(choice.read()).toEqual(A100);
});

test("a choice not saved yet survives a reload of the page", () => {
  new NotebookChoice(notebook().panel).write(A100);
  expect(new NotebookChoice(notebook().panel).read()).toEqual(A100);
});

test("once saved, the file is the truth", () => {
  const first = notebook();
  new NotebookChoice(first.panel).write(A100);
  first.saved("completed");
  expect(new NotebookChoice(notebook().panel).read()).toBeNull();
});

test("a failed save keeps the choice with the page", () => {
  const first = notebook();
  new NotebookChoice(first.panel).write(A100);
  first.saved("failed");
  expect(new NotebookChoice(notebook().panel).read()).toEqual(A100);
});

test("closing a notebook forgets what was not saved", () => {
  const choice = new NotebookChoice(notebook().panel);
  choice.write(A100);
  choice.dispose();
  expect(new NotebookChoice(notebook().panel).read()).toBeNull();
});

test("a change from outside is announced", () => {
  const { panel } = notebook();
  const choice = new NotebookChoice(panel);
  let changes = 0;
  choice.changed.connect(() => {
    changes += 1;
  });
  panel.model?.setMetadata("kernelspec", {});
  expect(changes).toBe(0);
  panel.model?.setMetadata("haoline", { profile: A100 });
  expect(changes).toBe(1);
});

test("a tab without a notebook keeps its choice with the page", () => {
  new PageChoice("a.onnx").write(A100);
  expect(new PageChoice("a.onnx").read()).toEqual(A100);
  expect(new PageChoice("b.onnx").read()).toBeNull();
  sessionStorage.setItem("haoline:choice:a.onnx", "{broken");
  expect(new PageChoice("a.onnx").read()).toBeNull();
});
