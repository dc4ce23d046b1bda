// Draws the embedded reports of an exported page: no kernel, no network.
const text = (id) => document.getElementById(id).textContent.trim();
const source = Uint8Array.from(atob(text("haoline-views")), (character) => character.charCodeAt(0));
const { mountStatic } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
const roots = [...document.querySelectorAll("[data-haoline-document]")];
const drawn = new Map();

// The page as it was read, each view in the state it is in now.
const page = () => {
  const copy = document.documentElement.cloneNode(true);
  for (const [at, root] of [...copy.querySelectorAll("[data-haoline-document]")].entries()) {
    const view = drawn.get(roots[at]);
    if (!view) continue;
    root.dataset.haolineState = JSON.stringify(view.state());
    root.replaceChildren(...view.fallback.map((node) => node.cloneNode(true)));
  }
  return new Blob(["<!doctype html>", copy.outerHTML], { type: "text/html" });
};

for (const root of roots) {
  const { haolineDocument, haolineState, haolineActivations, haolineDivergence } = root.dataset;
  const fallback = [...root.childNodes];
  const target = document.createElement("div");
  root.append(target);
  try {
    const beside = [haolineActivations, haolineDivergence].map((id) => (id ? text(id) : undefined));
    const { state } = mountStatic(target, text(haolineDocument), JSON.parse(haolineState), page, ...beside);
    drawn.set(root, { state, fallback });
    for (const node of fallback) node.remove();
  } catch (error) {
    target.remove();
    console.error("HaoLine: the interactive report could not start; the static one stays.", error);
  }
}
