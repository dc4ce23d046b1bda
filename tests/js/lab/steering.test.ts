import type { ISessionContext } from "@jupyterlab/apputils";
import { Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import { beforeEach, expect, test } from "vitest";
import { PageChoice } from "../../../js/src/lab/choice";
import { describe as statusOf } from "../../../js/src/lab/status";
import { Steering } from "../../../js/src/lab/steering";
import { FakeKernel, settle } from "./fakes";

const T4 = { profile: "t4", count: 1, precision: "" };
const L4 = { profile: "l4", count: 1, precision: "" };

function tab(steering: Steering, name: string, kernel: FakeKernel | null): Widget {
  const widget = new Widget();
  widget.title.label = name;
  const session = {
    session: kernel ? { kernel } : null,
    hasNoKernel: false,
    kernelChanged: new Signal({}),
    statusChanged: new Signal({}),
  } as unknown as ISessionContext;
  steering.add({ widget, session, store: new PageChoice(name), waitsFor: "waiting for the extension" });
  return widget;
}

async function greet(kernel: FakeKernel): Promise<void> {
  await settle();
  kernel.targets.get("haoline.hello")?.();
  await settle();
}

beforeEach(() => sessionStorage.clear());

test("the focused tab is steered, and only what can be", () => {
  const steering = new Steering();
  const a = tab(steering, "a.ipynb", null);
  steering.focus(a);
  expect(steering.current?.title).toBe("a.ipynb");
  steering.focus(new Widget());
  steering.focus(null);
  expect(steering.current?.title).toBe("a.ipynb");
  a.dispose();
  expect(steering.current).toBeNull();
});

test("each tab has its own choice, and its kernel alone is told", async () => {
  const steering = new Steering();
  const kernels = [new FakeKernel(), new FakeKernel()];
  Object.assign(kernels[1] ?? {}, { id: "other" });
  const tabs = kernels.map((kernel, at) => tab(steering, `${at}.ipynb`, kernel));
  await Promise.all(kernels.map(greet));
  steering.focus(tabs[0] ?? null);
  steering.current?.choose(T4);
  expect(kernels[0]?.comms[0]?.sent.at(-1)).toEqual({ type: "set", ...T4 });
  expect(kernels[1]?.comms[0]?.sent).toEqual([{ type: "ask" }]);
  steering.focus(tabs[1] ?? null);
  expect(steering.current?.choice).toBeNull();
});

test("the default reaches tabs without a choice, not the others", async () => {
  const steering = new Steering();
  const kernel = new FakeKernel();
  steering.focus(tab(steering, "a.ipynb", kernel));
  await greet(kernel);
  steering.fallback = T4;
  expect(kernel.comms[0]?.sent.at(-1)).toEqual({ type: "set", ...T4 });
  steering.current?.choose(L4);
  steering.fallback = null;
  expect(steering.current?.choice).toEqual(L4);
});

test("two tabs of one kernel share a link", async () => {
  const steering = new Steering();
  const kernel = new FakeKernel();
  steering.focus(tab(steering, "a.ipynb", kernel));
  const link = steering.current?.link;
  steering.focus(tab(steering, "b.ipynb", kernel));
  expect(steering.current?.link).toBe(link);
});

test("the status says what a choice waits for", async () => {
  expect(statusOf(null).kind).toBe("none");
  const steering = new Steering();
  steering.focus(tab(steering, "none.ipynb", null));
  expect(statusOf(steering.current).text).toContain("No kernel");
  const kernel = new FakeKernel();
  steering.focus(tab(steering, "a.ipynb", kernel));
  expect(statusOf(steering.current).text).toContain("not answered");
  await settle();
  expect(statusOf(steering.current).text).toBe("waiting for the extension");
  await greet(kernel);
  expect(statusOf(steering.current).kind).toBe("queued");
  kernel.comms[0]?.receive({ type: "set", profile: null, detected: "t4" });
  expect(statusOf(steering.current).text).toContain("No choice yet");
  steering.current?.choose(T4);
  kernel.comms[0]?.receive({ type: "set", ...T4, detected: null });
  expect(statusOf(steering.current).kind).toBe("applied");
  expect(steering.current?.link?.detected).toEqual({ id: "t4", name: "t4" });
});
