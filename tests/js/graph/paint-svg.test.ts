import { describe, expect, it } from "vitest";
import { renderSVG } from "../../../js/src/graph/paint/export";
import type { Surface } from "../../../js/src/graph/paint/surface";
import { SvgCanvas } from "../../../js/src/graph/paint/svg";
import { escapeXml } from "../../../js/src/graph/paint/xml";
import { Net, resnet, transformer } from "./models";
import { lookAt, sessionOf } from "./paint-look";

const VIEW: Surface = { camera: { x: -20, y: -20, scale: 1 }, width: 900, height: 600, ratio: 1 };

async function picture(net: Net, whole: boolean, view = VIEW): Promise<string> {
  const session = sessionOf(await net.document());
  return renderSVG(session.root(), lookAt(session), view, { whole });
}

function parse(svg: string): SVGSVGElement {
  const doc = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(doc.querySelector("parsererror")).toBeNull();
  return doc.documentElement as unknown as SVGSVGElement;
}

const texts = (svg: SVGSVGElement): string[] => [...svg.querySelectorAll("text")].map((text) => text.textContent ?? "");
const titles = (svg: SVGSVGElement): string[] =>
  [...svg.querySelectorAll("title")].map((title) => title.textContent ?? "");

describe("a graph as SVG", () => {
  it("holds the names in view as text, and the titles of open groups", async () => {
    const svg = parse(await picture(resnet(3), true));
    expect(svg.getAttribute("xmlns")).toBe("http://www.w3.org/2000/svg");
    expect(texts(svg)).toEqual(expect.arrayContaining(["Gemm", "GlobalAveragePool", "stem", "layer1.0", "×2"]));
    expect(titles(svg)[0]).toBe("resnet");
    expect(titles(svg)).toContain("layer1");
  });

  it("shows what the view shows, and all of it on request", async () => {
    const net = transformer(2);
    const corner = parse(await picture(net, false, { ...VIEW, width: 300, height: 120 }));
    const whole = parse(await picture(net, true));
    expect(corner.getAttribute("viewBox")).toBe("0 0 300 120");
    expect(texts(corner).length).toBeLessThan(texts(whole).length);
    const session = sessionOf(await net.document());
    expect(Number(whole.getAttribute("height"))).toBeGreaterThan(session.root().h);
  });

  it("carries hostile names as nothing but text", async () => {
    const hostile = "</text><script>alert(1)</script>]]>&lt;\"'\u0000\u0008\ud800\ufffe<!--";
    const net = new Net(hostile);
    net.markOutput(net.op(hostile, "a/b", [net.op("Relu", hostile, [net.input()])]));
    const svg = await picture(net, true);
    expect(svg).not.toContain("<script");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(svg).not.toMatch(/[\u0000-\u0008\ud800\ufffe]/);
    expect(parse(svg).querySelector("script")).toBeNull();
    expect(titles(parse(svg))[0]).toContain("</text><script>");
  });

  it("of a graph without ops is a small empty picture", async () => {
    expect(Number(parse(await picture(new Net(), true)).getAttribute("width"))).toBeGreaterThan(0);
  });

  it("of very much is blocks of colour, and no large file", async () => {
    const net = transformer(250);
    const session = sessionOf(await net.document(), true);
    const root = session.root();
    expect(root.nodes).toBeGreaterThan(6000);
    const svg = renderSVG(root, lookAt(session), VIEW, { whole: true });
    expect(svg.length).toBeLessThan(250 * root.nodes);
    expect(Number(parse(svg).getAttribute("width"))).toBeLessThan(5000);
    expect(Number(parse(svg).getAttribute("height"))).toBeLessThan(5000);
  });

  it("marks a change with its sign", async () => {
    const session = sessionOf(await resnet(2).document());
    const look = lookAt(session, { change: (item) => (item === session.root().boxes[0] ? "removed" : null) });
    const svg = parse(renderSVG(session.root(), look, VIEW, { whole: true }));
    expect(texts(svg).filter((text) => text === "−")).toHaveLength(1);
  });
});

describe("the drawing surface", () => {
  it("works transforms into its numbers", () => {
    const svg = new SvgCanvas(100, 100);
    svg.setTransform(2, 0, 0, 2, 10, 20);
    svg.fillStyle = "red";
    svg.fillRect(1, 2, 3, 4);
    svg.beginPath();
    svg.moveTo(0, 0);
    svg.lineTo(5, 0);
    svg.lineWidth = 1.5;
    svg.setLineDash([3, 1]);
    svg.stroke();
    const text = svg.finish("t");
    expect(text).toContain('<rect x="12" y="24" width="6" height="8" fill="red"/>');
    expect(text).toContain('d="M10 20L20 20"');
    expect(text).toContain('stroke-width="3" stroke-dasharray="6,2"');
  });

  it("rounds corners one by one, as far as there is room", () => {
    const svg = new SvgCanvas(10, 10);
    svg.beginPath();
    svg.roundRect(0, 0, 10, 4, [9, 0, 0, 9]);
    svg.fill();
    expect(svg.finish("")).toContain("M2 0h8v4h-8a2 2 0 0 1 -2 -2v0a2 2 0 0 1 2 -2Z");
  });

  it("keeps what XML allows and replaces what it does not", () => {
    expect(escapeXml("a<b>&\"'\t\u0001\ud83d\ude00\udc00")).toBe("a&lt;b&gt;&amp;&quot;&#39;\t\ufffd😀\ufffd");
  });
});
