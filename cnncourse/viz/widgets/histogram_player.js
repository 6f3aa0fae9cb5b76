// Histograms of every layer of several networks, frame by frame through training.

const WIDE = 220;
const TALL = 44;
const LEFT = 56;
const RIGHT = 78;

function histograms(model, name, frame) {
  const layers = model.get("networks")[name][frame];
  const height = TALL * layers.length + 26;
  const picture = svgElement("svg", {
    width: LEFT + WIDE + RIGHT, height, viewBox: `0 0 ${LEFT + WIDE + RIGHT} ${height}`, "aria-hidden": "true",
    style: "max-width: 100%",
  });
  const [low, high] = [model.get("low"), model.get("high")];
  const x = (value) => LEFT + ((value - low) / (high - low)) * WIDE;
  layers.forEach((shares, l) => {
    const floor = TALL * (layers.length - l);
    const most = Math.max(...shares);
    const step = WIDE / shares.length;
    const top = shares.map((share, b) =>
      `L${LEFT + b * step} ${floor - (share / most) * (TALL - 8)} H${LEFT + (b + 1) * step}`);
    picture.append(
      svgElement("path", { d: `M${LEFT} ${floor} ${top.join(" ")} V${floor} Z`, fill: "#0072b2" }),
      svgElement("text", { x: 0, y: floor - 6, "font-size": 13, fill: "#222" }, `layer ${l + 1}`),
      svgElement("text", { x: LEFT + WIDE + 8, y: floor - 6, "font-size": 13, fill: "#222" },
        `std ${model.get("spreads")[name][frame][l]}`));
  });
  const floor = TALL * layers.length;
  picture.append(svgElement("line", { x1: x(0), x2: x(0), y1: 0, y2: floor, stroke: "#555", "stroke-dasharray": "2 3" }));
  for (const value of [low, 0, high]) {
    picture.append(svgElement("text", { x: x(value), y: floor + 18, "font-size": 13, fill: "#222", "text-anchor": "middle" },
      value));
  }
  return picture;
}

function render({ model, el }) {
  const root = frame("Histograms of every layer during training");
  const steps = model.get("steps");
  const play = element("button", { type: "button" }, "play");
  const input = element("input", {
    type: "range", min: 0, max: steps.length - 1, step: 1, "aria-label": "training step", style: "width: 240px",
  });
  const shown = element("span", { class: "cnn-value" });
  const panels = element("div", { class: "cnn-panels" });
  const words = element("p", { "aria-live": "polite" });
  root.append(element("div", { class: "cnn-controls" },
    element("label", { class: "cnn-slider" }, "training step ", input, shown), play), panels, words);
  el.append(root);

  const last = steps.length - 1;
  const now = () => clamp(model.get("frame"), 0, last);
  const draw = () => {
    input.value = now();
    input.setAttribute("aria-valuetext", `step ${steps[now()]}`);
    shown.textContent = steps[now()];
    const names = model.get("names");
    panels.replaceChildren(...names.map((name) =>
      element("figure", {}, element("figcaption", {}, name), histograms(model, name, now()))));
    words.textContent = `Step ${steps[now()]}. ` + names.map((name) => {
      const spread = model.get("spreads")[name][now()];
      return `${name}: standard deviation ${spread[0]} in the first layer, ${spread[spread.length - 1]} in the last.`;
    }).join(" ");
  };
  input.addEventListener("input", () => save(model, { frame: Number(input.value) }));
  const stop = player(play, {
    atEnd: () => now() >= last,
    restart: () => save(model, { frame: 0 }),
    next: () => save(model, { frame: now() + 1 }),
    pause: 500,
  });
  model.on("change", draw);
  draw();
  return () => {
    stop();
    model.off("change", draw);
  };
}

export default { render };
