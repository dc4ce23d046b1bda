// Draws the embedded reports of an exported page: no kernel, no network.
const text = (id) => document.getElementById(id).textContent.trim();
const source = Uint8Array.from(atob(text("haoline-views")), (character) => character.charCodeAt(0));
const { mountStatic } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
for (const root of document.querySelectorAll("[data-haoline-document]")) {
  const { haolineDocument, haolineHardware, haolineTab } = root.dataset;
  const fallback = [...root.childNodes];
  const target = document.createElement("div");
  root.append(target);
  try {
    mountStatic(target, text(haolineDocument), { hardware: JSON.parse(haolineHardware), tab: haolineTab });
    for (const node of fallback) node.remove();
  } catch (error) {
    target.remove();
    console.error("HaoLine: the interactive report could not start; the static one stays.", error);
  }
}
