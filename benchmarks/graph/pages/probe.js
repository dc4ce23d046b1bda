// Runs in every page before its own scripts: times frames and answers to input from inside.
(() => {
  const now = () => performance.now();
  const channel = new MessageChannel();
  const afterFrame = [];
  // A message posted from an animation frame callback arrives when style, layout, paint and commit are done.
  channel.port1.onmessage = () => afterFrame.shift()(now());

  function eachFrame(visit, before = () => {}) {
    let going = true;
    const tick = () => {
      if (!going) return;
      before();
      const start = now();
      afterFrame.push((end) => going && visit(start, end));
      requestAnimationFrame(tick);
      channel.port2.postMessage(0);
    };
    requestAnimationFrame(tick);
    return () => {
      going = false;
    };
  }

  const input = { count: 0, first: 0, released: 0 };
  const note = () => {
    if (input.count === 0) input.first = now();
    input.count += 1;
  };
  for (const type of ["pointermove", "wheel"]) addEventListener(type, note, { capture: true, passive: true });
  for (const type of ["pointerup", "keydown"]) {
    addEventListener(type, () => { input.released = now(); }, { capture: true, passive: true });
  }

  let frames = [];
  let stop = () => {};
  const bench = {
    /** Notes every frame: when it began, how long the main thread worked on it, how many input events it took. */
    record() {
      frames = [];
      input.count = 0;
      stop = eachFrame((start, end) => {
        const begin = input.count > 0 ? Math.min(start, input.first) : start;
        frames.push([start, end - begin, input.count]);
        input.count = 0;
      });
    },
    recorded() {
      stop();
      return frames;
    },

    /**
     * Resolves with the end of the first frame after which `done()` holds; with `early`, before which it holds:
     * for a page that changes its state at once and draws it in the next frame.
     */
    until(done, early = false) {
      return new Promise((resolve) => {
        let ready = false;
        const visit = (_, at) => {
          if (!(early ? ready : done())) return;
          end();
          resolve(at);
        };
        const end = eachFrame(visit, () => {
          ready = early && done();
        });
      });
    },

    /** Resolves once `sign()` has stood still for some frames, or after `most` ms: some pages never rest. */
    still(sign, wanted = 6, most = 5000) {
      const begin = now();
      let [last, same] = [undefined, 0];
      return bench.until(() => {
        const next = sign();
        same = next === last ? same + 1 : 0;
        last = next;
        return same >= wanted || now() - begin > most;
      });
    },

    /**
     * Waits for a change that the next release makes: `bench.expected` is the ms until the end of the frame that
     * shows it, or fails where nothing happens for `most` ms while the page is not `busy`.
     */
    expect(done, { early = false, most = Infinity, busy = () => false } = {}) {
      input.released = 0;
      let idle = false;
      const over = () => {
        if (input.released === 0) return false;
        idle = now() - input.released > most && !busy() && !done();
        return idle || done();
      };
      bench.expected = bench.until(over, early).then((at) => {
        if (idle) throw new Error("nothing was opened");
        return at - input.released;
      });
      bench.expected.catch(() => {});
    },
    dataArrived(part) {
      const entries = performance.getEntriesByType("resource").filter((entry) => entry.name.includes(part));
      return Math.max(...entries.map((entry) => entry.responseEnd));
    },
  };
  globalThis.bench = bench;
})();
