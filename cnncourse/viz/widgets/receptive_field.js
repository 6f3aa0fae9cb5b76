// A stack of one-dimensional layers; the chosen unit and every unit below that it depends on.

const CELL = 20;
const ROW = 46;
const LEFT = 120;

// Per level, the input first: how many units, how many pixels one sees, the step between neighbours.
function levels(layers, width) {
  const all = [{ count: width, size: 1, jump: 1 }];
  for (const [K, S, D] of layers) {
    const { count, size, jump } = all[all.length - 1];
    all.push({ count: Math.floor((count - D * (K - 1) - 1) / S) + 1, size: size + D * (K - 1) * jump, jump: jump * S });
  }
  return all;
}

function windowOf([K, S, D], unit) {
  return Array.from({ length: K }, (_, k) => unit * S + k * D);
}

// The units that one unit depends on: a list of sets, the input's first.
function unitsRead(layers, level, unit) {
  const sets = [new Set([unit])];
  for (let l = level - 1; l >= 0; l--) {
    sets.unshift(new Set([...sets[0]].flatMap((u) => windowOf(layers[l], u))));
  }
  return sets;
}

function layerName([K, S, D], level) {
  return `layer ${level}: K=${K}${S > 1 ? `, S=${S}` : ""}${D > 1 ? `, D=${D}` : ""}`;
}

function render({ model, el }) {
  const root = frame("The receptive field of a unit in a stack of layers");
  const choice = element("select", { "aria-label": "stack of layers" });
  for (const name of Object.keys(model.get("stacks"))) choice.append(element("option", { value: name }, name));
  const picture = svgElement("svg", {
    class: "cnn-keys", tabindex: 0, role: "application", style: "max-width: 100%; display: block",
    "aria-label": "Layers: arrow up and down change the layer, left and right the unit",
  });
  const words = element("p", { "aria-live": "polite" });
  const hint = element("span", {}, "click a unit, or use the arrow keys in the picture");
  root.append(element("div", { class: "cnn-controls" }, element("label", {}, "stack ", choice), hint), picture, words);
  el.append(root);

  const layersNow = () => model.get("stacks")[model.get("stack")];
  const state = () => {
    const layers = layersNow();
    const all = levels(layers, model.get("width"));
    const level = clamp(model.get("level"), 0, layers.length);
    return { layers, all, level, unit: clamp(model.get("unit"), 0, all[level].count - 1) };
  };
  const x = ({ size, jump }, unit) => LEFT + (unit * jump + (size - 1) / 2 + 0.5) * CELL;
  const y = (level, top) => (top - level) * ROW + ROW / 2;

  const draw = () => {
    const { layers, all, level, unit } = state();
    const read = unitsRead(layers, level, unit);
    const top = layers.length;
    choice.value = model.get("stack");
    picture.replaceChildren();
    picture.setAttribute("viewBox", `0 0 ${LEFT + CELL * all[0].count + 4} ${ROW * (top + 1)}`);
    picture.setAttribute("width", LEFT + CELL * all[0].count + 4);
    for (let l = level; l > 0; l--) {
      for (const u of read[l]) {
        for (const below of windowOf(layers[l - 1], u)) {
          picture.append(svgElement("line", {
            x1: x(all[l], u), y1: y(l, top), x2: x(all[l - 1], below), y2: y(l - 1, top), stroke: "#999",
          }));
        }
      }
    }
    all.forEach((row, l) => {
      const name = l === 0 ? "input" : layerName(layers[l - 1], l);
      picture.append(svgElement("text", { x: 2, y: y(l, top) + 4, "font-size": 13, fill: "#222" }, name));
      for (let u = 0; u < row.count; u++) {
        const chosen = l === level && u === unit;
        const seen = l <= level && read[l].has(u);
        const box = svgElement("rect", {
          x: x(row, u) - 8, y: y(l, top) - 8, width: 16, height: 16, style: "cursor: pointer",
          fill: chosen ? "#e69f00" : seen ? (l === 0 ? "#ffe3a8" : "#56b4e9") : "white",
          stroke: chosen || seen ? "#222" : "#999", "stroke-width": chosen ? 3 : 1,
        });
        box.addEventListener("click", () => save(model, { level: l, unit: u }));
        picture.append(box);
      }
    });
    const pixels = [...read[0]].sort((a, b) => a - b);
    const span = pixels[pixels.length - 1] - pixels[0] + 1;
    const holes = span - pixels.length;
    words.textContent = level === 0 ? `Pixel ${unit} of the input.` :
      `Unit ${unit} of layer ${level} reads ${layers[level - 1][0]} units of the level below and, through them, ` +
      `pixels ${pixels[0]} to ${pixels[pixels.length - 1]} of the input: receptive field ${span}` +
      (holes ? `, of which ${holes} pixels are never read` : "") +
      `. Its neighbour starts ${all[level].jump} pixel${all[level].jump > 1 ? "s" : ""} further: jump ${all[level].jump}.`;
  };

  // Keep the place in the image when the level changes.
  const toLevel = (level) => {
    const { all, level: now, unit } = state();
    const to = clamp(level, 0, all.length - 1);
    const centre = (unit * all[now].jump + (all[now].size - 1) / 2 - (all[to].size - 1) / 2) / all[to].jump;
    save(model, { level: to, unit: clamp(Math.round(centre), 0, all[to].count - 1) });
  };
  picture.addEventListener("keydown", (event) => {
    const { all, level, unit } = state();
    const last = all[level].count - 1;
    const moves = {
      ArrowLeft: () => save(model, { unit: clamp(unit - 1, 0, last) }),
      ArrowRight: () => save(model, { unit: clamp(unit + 1, 0, last) }),
      ArrowUp: () => toLevel(level + 1),
      ArrowDown: () => toLevel(level - 1),
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    moves[event.key]();
  });
  choice.addEventListener("change", () => {
    const layers = model.get("stacks")[choice.value];
    const all = levels(layers, model.get("width"));
    const middle = Math.floor((all[layers.length].count - 1) / 2);
    save(model, { stack: choice.value, level: layers.length, unit: middle });
  });
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };
