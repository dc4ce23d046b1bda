/** Text for XML. Names from a model file may hold anything. */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Characters that XML 1.0 does not have, and halves of surrogate pairs. */
const IMPOSSIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are to go
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export function escapeXml(text: string): string {
  return text.replace(IMPOSSIBLE, "\ufffd").replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}
