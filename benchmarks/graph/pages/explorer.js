// Tells when Model Explorer has drawn what its layout worker answered. Its messages carry numbers for kinds.
(() => {
  const asking = new Set([0, 2, 4, 6]);
  const answering = new Set([1, 3, 5, 7]);
  const state = { asked: 0, answered: 0, draws: 0, drawsAtAnswer: 0 };
  let graph = null;
  const Plain = globalThis.Worker;
  globalThis.Worker = class extends Plain {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        if (!answering.has(data?.eventType)) return;
        state.answered += 1;
        state.drawsAtAnswer = state.draws;
        graph = data.modelGraph ?? graph;
      });
    }

    postMessage(message, ...rest) {
      if (asking.has(message?.eventType)) state.asked += 1;
      super.postMessage(message, ...rest);
    }
  };
  for (const name of ["drawArrays", "drawElements", "drawArraysInstanced", "drawElementsInstanced"]) {
    const { prototype } = globalThis.WebGL2RenderingContext;
    const draw = prototype[name];
    prototype[name] = function (...args) {
      state.draws += 1;
      return draw.apply(this, args);
    };
  }

  // Its camera shows 1000 units in the height of the pane at zoom 1; d3 keeps the zoom on the element.
  const UNITS = 1000;
  const onScreen = ({ x, y, width, height }) => {
    const pane = [...document.querySelectorAll("*")].find((element) => element.__zoom);
    const { k, x: dx, y: dy } = pane.__zoom;
    const box = pane.getBoundingClientRect();
    const scale = (k * box.height) / UNITS;
    return {
      x: box.left + dx + (x + width / 2) * scale,
      y: box.top + dy + (y + height / 2) * scale,
      height: height * scale,
    };
  };

  Object.assign(bench, {
    explorer: state,
    /** Middle and height on screen of the closed outermost group that is nearest to a point. */
    closedGroup(x, y) {
      const closed = graph.rootNodes.filter((node) => node.nsChildrenIds?.length > 0 && !node.expanded);
      const away = (place) => Math.hypot(place.x - x, place.y - y);
      return closed.map(onScreen).sort((a, b) => away(a) - away(b))[0] ?? null;
    },
    drawnAfter: (asked) =>
      state.asked > asked && state.asked === state.answered && state.draws > state.drawsAtAnswer,
  });
})();
