import { expect, test } from "vitest";
import { KernelLink } from "../../../js/src/lab/link";
import { FakeKernel, settle } from "./fakes";

const H100 = { profile: "h100-sxm", count: 2, precision: "fp16" };
const T4 = { profile: "t4", count: 1, precision: "" };
const sent = { type: "set", ...H100 };

function echo(choice: object, detected: string | null = null): object {
  return { type: "set", ...choice, detected, detected_name: "NVIDIA T4" };
}

async function greeted(kernel: FakeKernel, choice: typeof H100 | null): Promise<KernelLink> {
  const link = new KernelLink(kernel.connection(), choice);
  await settle();
  kernel.targets.get("haoline.hello")?.();
  await settle();
  return link;
}

test("a kernel that says hello is told the choice, and its echo settles it", async () => {
  const kernel = new FakeKernel();
  const link = await greeted(kernel, H100);
  const [comm] = kernel.comms;
  expect(comm?.targetName).toBe("haoline.profile");
  expect(comm?.opened).toBe(true);
  expect(comm?.sent).toEqual([sent]);
  expect(link.state).toBe("queued");
  comm?.receive(echo(H100, "t4"));
  expect(link.state).toBe("applied");
  expect(link.detected).toEqual({ id: "t4", name: "NVIDIA T4" });
});

test("nothing is sent to a kernel without the package", async () => {
  const kernel = new FakeKernel();
  const link = new KernelLink(kernel.connection(), H100);
  await settle();
  link.push(T4);
  expect(kernel.comms).toEqual([]);
  expect(link.state).toBe("unloaded");
});

test("without a choice the kernel is asked for its own", async () => {
  const kernel = new FakeKernel();
  await greeted(kernel, null);
  expect(kernel.comms[0]?.sent).toEqual([{ type: "ask" }]);
});

test("after a page reload the living comm is taken up, not opened anew", async () => {
  const kernel = new FakeKernel();
  kernel.living = { a: "haoline.hello", b: "haoline.profile", c: "jupyter.widget" };
  new KernelLink(kernel.connection(), H100);
  await settle();
  const [comm] = kernel.comms;
  expect(comm?.commId).toBe("b");
  expect(comm?.opened).toBe(false);
  expect(comm?.sent).toEqual([sent]);
});

test("a restart drops the comm, and the next hello gets the newest choice", async () => {
  const kernel = new FakeKernel();
  const link = await greeted(kernel, H100);
  kernel.statusChanged.emit("restarting");
  expect(link.state).toBe("unloaded");
  link.push(T4);
  kernel.targets.get("haoline.hello")?.();
  await settle();
  expect(kernel.comms).toHaveLength(2);
  expect(kernel.comms[1]?.sent).toEqual([{ type: "set", ...T4 }]);
});

test("the echo of an older choice does not settle a newer one", async () => {
  const kernel = new FakeKernel();
  const link = await greeted(kernel, H100);
  link.push(T4);
  kernel.comms[0]?.receive(echo(H100));
  expect(link.state).toBe("queued");
  kernel.comms[0]?.receive(echo(T4));
  expect(link.state).toBe("applied");
});

test("a refusal shows the kernel's words", async () => {
  const kernel = new FakeKernel();
  const link = await greeted(kernel, H100);
  kernel.comms[0]?.receive({ type: "error", message: "no such profile" });
  expect(link.state).toBe("refused");
  expect(link.problem).toBe("no such profile");
});

test("a page that may not open comms on the kernel opens none", async () => {
  const kernel = new FakeKernel();
  kernel.handleComms = false;
  await greeted(kernel, H100);
  expect(kernel.comms).toEqual([]);
});

test("without subshells the choice goes out all the same", async () => {
  const kernel = new FakeKernel();
  kernel.supportsSubshells = false;
  await greeted(kernel, H100);
  expect(kernel.comms[0]?.sent).toEqual([sent]);
});
