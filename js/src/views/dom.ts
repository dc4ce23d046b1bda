/** Building DOM without markup: every string becomes a text node or an attribute value. */

export type Child = Node | string | null | undefined | false;
export type Listener = (event: Event) => void;
export type Prop = string | number | boolean | null | undefined | Listener;
export type Props = Record<string, Prop>;

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; `onclick` and the like add listeners, `true` is an empty attribute, `false` none. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), props, children);
}

/** An SVG element, built like `h`. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag), props, children);
}

/** Replace the children of an element. */
export function put(parent: Element, ...children: Child[]): void {
  parent.replaceChildren(...children.filter(isNode));
}

/** Set a CSS custom property or style, which unlike a style attribute passes a strict content policy. */
export function style<E extends HTMLElement | SVGElement>(element: E, name: string, value: string | number): E {
  element.style.setProperty(name, String(value));
  return element;
}

/** A long name cut at its start: the end tells ops apart. */
export function tail(text: string, className: string): HTMLElement {
  return h("span", { class: `hl-tail ${className}`, title: text }, h("bdi", { dir: "ltr" }, text));
}

/** A name that may break after the separators of its path. */
export function breakable(text: string): Child[] {
  return text.split(/(?<=[/.:_])/).flatMap((part) => [part, h("wbr")]);
}

let serial = 0;

/** An id that no other report of the page has. */
export function uid(prefix: string): string {
  serial += 1;
  return `hl-${prefix}-${serial.toString(36)}`;
}

function fill<E extends Element>(element: E, props: Props, children: Child[]): E {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter(isNode));
  return element;
}

function isNode(child: Child): child is Node | string {
  return child !== null && child !== undefined && child !== false;
}
