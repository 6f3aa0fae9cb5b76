// A stack of layers with and without shortcuts: what is left of a photograph after each of them.

const ZOOM = 3;
const CHART = { width: 300, height: 150, left: 34, bottom: 26 };

// A picture of 256 shades, drawn from its bytes.
function shades(text, width, height) {
  const canvas = element("canvas", {
    width, height, "aria-hidden": "true",
    style: `width: ${ZOOM * width}px; max-width: 100%; image-rendering: pixelated`,
  });
  const bytes = atob(text);
  const picture = new ImageData(width, height);
  for (let n = 0; n < bytes.length; n++) picture.data.set([...Array(3).fill(bytes.charCodeAt(n)), 255], 4 * n);
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return canvas;
}

// The shares that are kept, over the layers; the place that is shown is marked.
function chart(model) {
  const { width, height, left, bottom } = CHART;
  const layers = model.get("layers");
  const last = layers[layers.length - 1];
  const x = (k) => left + (k / last) * (width - left - 70);
  const y = (share) => (height - bottom) * (1 - share) + 6;
  const picture = svgElement("svg", { width, height: height + 8, viewBox: `0 0 ${width} ${height + 8}`, "aria-hidden": "true" });
  for (const share of [0, 0.5, 1]) {
    picture.append(
      svgElement("line", { x1: left, x2: x(last), y1: y(share), y2: y(share), stroke: "#ddd" }),
      svgElement("text", { x: left - 6, y: y(share) + 4, "font-size": 12, fill: "#222", "text-anchor": "end" }, share));
  }
  for (const k of [layers[0], last]) {
    picture.append(svgElement("text", { x: x(k), y: height, "font-size": 12, fill: "#222", "text-anchor": "middle" }, k));
  }
  [["#d55e00", "6 4", "without"], ["#0072b2", "none", "with"]].forEach(([colour, dashes, name], kind) => {
    const shares = model.get("kept")[kind];
    const points = layers.map((k, n) => `${x(k)},${y(shares[n])}`).join(" ");
    const shown = Number(model.get("shortcut")) === kind;
    picture.append(
      svgElement("polyline", {
        points, fill: "none", stroke: colour, "stroke-width": shown ? 3 : 1.5, "stroke-dasharray": dashes,
      }),
      svgElement("text", { x: x(last) + 8, y: y(shares[shares.length - 1]) + 4, "font-size": 12, fill: colour }, name));
    if (shown) {
      const n = clamp(model.get("place"), 0, layers.length - 1);
      picture.append(svgElement("circle", { cx: x(layers[n]), cy: y(shares[n]), r: 5, fill: colour }));
    }
  });
  return picture;
}

function render({ model, el }) {
  const root = frame("A deep stack with and without shortcuts");
  const layers = model.get("layers");
  const box = element("input", { type: "checkbox", "aria-label": "shortcuts" });
  const input = element("input", {
    type: "range", min: 0, max: layers.length - 1, step: 1, "aria-label": "layers", style: "width: 200px",
  });
  const number = element("span", { class: "cnn-value" });
  const panels = element("div", { class: "cnn-panels" });
  const words = element("p", { "aria-live": "polite" });
  root.append(element("div", { class: "cnn-controls" },
    element("label", { class: "cnn-slider" }, box, "shortcuts"),
    element("label", { class: "cnn-slider" }, "layers ", input, number)), panels, words);
  el.append(root);

  const draw = () => {
    const place = clamp(model.get("place"), 0, layers.length - 1);
    const on = model.get("shortcut");
    const size = [model.get("width"), model.get("height")];
    box.checked = on;
    input.value = place;
    number.textContent = layers[place];
    input.setAttribute("aria-valuetext", `${layers[place]} layers`);
    const panel = (title, picture) => element("figure", {}, element("figcaption", {}, title), picture);
    panels.replaceChildren(
      panel("the photograph", shades(model.get("photograph"), ...size)),
      panel("what is left of it", shades(model.get("pictures")[Number(on)][place], ...size)),
      panel("share of its variance, over the layers", chart(model)));
    const share = Math.round(100 * model.get("kept")[Number(on)][place]);
    words.textContent =
      `After ${layers[place]} layer${layers[place] > 1 ? "s" : ""} ${on ? "with" : "without"} shortcuts, ` +
      `${share} % of the photograph's variance can be read from the maps.`;
  };
  box.addEventListener("change", () => save(model, { shortcut: box.checked }));
  input.addEventListener("input", () => save(model, { place: Number(input.value) }));
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };
