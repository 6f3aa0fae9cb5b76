// One image through all layers; the chosen unit, its window in the layer before, and its pixels in the image.

const LEFT = 96;
const GAP = 5;
const ORANGE = "#e69f00";

// Per layer: which part of the image a unit sees (side, step, start), from the first layer up.
function fields(layers) {
  const all = [{ size: 1, jump: 1 }];
  for (const { reads: [K, S] } of layers.slice(1)) {
    const { size, jump } = all[all.length - 1];
    all.push({ size: size + (K - 1) * jump, jump: jump * S });
  }
  return all;
}

// How large a pixel of this layer is drawn, and where each of its maps stands.
function places({ shape: [C, H, W] }, wide) {
  const single = H * W === 1;
  const perRow = single ? Math.min(C, 60) : C;
  const zoom = single ? Math.min(14, Math.floor((wide - LEFT) / perRow)) : Math.max(1, Math.min(
    Math.floor((wide - LEFT - GAP * C) / (C * W)), Math.ceil(64 / W)));
  const step = single ? zoom : W * zoom + GAP;
  const at = (c) => ({ x: LEFT + (c % perRow) * step, y: Math.floor(c / perRow) * zoom });
  return { zoom, at, height: single ? zoom * Math.ceil(C / perRow) : H * zoom };
}

function imageOf(shades, H, W) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [W, H];
  const context = canvas.getContext("2d");
  shades.forEach((shade, k) => {
    const grey = Math.round((255 * shade) / 99);
    context.fillStyle = `rgb(${grey},${grey},${grey})`;
    context.fillRect(k % W, Math.floor(k / W), 1, 1);
  });
  return canvas.toDataURL();
}

function render({ model, el }) {
  const root = frame("One image through all layers of a network");
  const layers = model.get("layers");
  const wide = 860;
  const rows = layers.map((layer) => places(layer, wide));
  const tops = [];
  rows.reduce((y, { height }) => (tops.push(y), y + height + 14), 6);
  const tall = tops[tops.length - 1] + rows[rows.length - 1].height + 40;
  const picture = svgElement("svg", {
    class: "cnn-keys", tabindex: 0, role: "application", width: wide, viewBox: `0 0 ${wide} ${tall}`,
    style: "max-width: 100%; display: block; cursor: crosshair",
    "aria-label": "Maps: arrow keys move to the next unit, Page Up and Page Down change the layer, N and P the map",
  });
  const words = element("p", { "aria-live": "polite" });
  const hint = element("span", {}, "point at a unit, or click here and use the arrow keys; page up and down: layer; N, P: map");
  root.append(element("div", { class: "cnn-controls" }, hint), picture, words);
  el.append(root);

  layers.forEach(({ name, shape: [C, H, W], shades }, l) => {
    const { zoom, at } = rows[l];
    picture.append(svgElement("text", { x: 0, y: tops[l] + 14, "font-size": 14, fill: "#222" }, name));
    picture.append(svgElement("text", { x: 0, y: tops[l] + 30, "font-size": 12, fill: "#555" }, `${C}×${H}×${W}`));
    for (let c = 0; c < C; c++) {
      const { x, y } = at(c);
      picture.append(svgElement("image", {
        x, y: tops[l] + y, width: W * zoom, height: H * zoom, href: imageOf(shades[c], H, W),
        preserveAspectRatio: "none", style: "image-rendering: pixelated",
      }));
      picture.append(svgElement("rect", {
        x, y: tops[l] + y, width: W * zoom, height: H * zoom, fill: "none", stroke: "#999", "stroke-width": 0.5,
      }));
    }
  });
  const last = layers.length - 1;
  model.get("labels").forEach((label, c) => {
    const { x } = rows[last].at(c);
    picture.append(svgElement("text", {
      x: x + rows[last].zoom / 2, y: tops[last] + rows[last].height + 15, "font-size": 12, fill: "#222", "text-anchor": "middle",
    }, c));
  });
  const marks = svgElement("g", { fill: "none", "pointer-events": "none" });
  picture.append(marks);

  const now = () => {
    const level = clamp(model.get("level"), 0, last);
    const [C, H, W] = layers[level].shape;
    const unit = clamp(model.get("unit"), 0, C * H * W - 1);
    return { level, unit, map: Math.floor(unit / (H * W)), row: Math.floor((unit % (H * W)) / W), column: unit % W };
  };
  const mark = (l, c, row, column, height, width, colour, thick) => {
    const { zoom, at } = rows[l];
    const { x, y } = at(c);
    marks.append(svgElement("rect", {
      x: x + column * zoom, y: tops[l] + y + row * zoom, width: width * zoom, height: height * zoom,
      stroke: colour, "stroke-width": thick,
    }));
  };
  const span = (from, side) => (side === 1 ? `${from}` : `${from} to ${from + side - 1}`);

  const draw = () => {
    const { level, map, row, column } = now();
    const { name, shape: [, H, W], values, reads } = layers[level];
    marks.replaceChildren();
    const field = fields(layers)[level];
    const inside = (start, size, n) => [start, Math.min(start + size, n) - start];
    const single = H * W === 1;
    let text = `${name}${single ? `, unit ${map}` : `, map ${map}, row ${row}, column ${column}`}`;
    const label = level === last && model.get("labels")[map];
    text += `${label ? ` (${label})` : ""}: ${values[map][row * W + column]}.`;
    if (level > 0) {
      const [K, S, own] = reads;
      const before = layers[level - 1];
      for (let c = 0; c < before.shape[0]; c++) {
        if (!own || c === map) mark(level - 1, c, row * S, column * S, K, K, ORANGE, 1.5);
      }
      const [, bH, bW] = before.shape;
      text += bH * bW === 1 ? ` It reads all ${before.shape[0]} units of ${before.name}` :
        ` It reads a ${K}×${K} window of ${own || before.shape[0] === 1 ? "one map" : `all ${before.shape[0]} maps`} of ${before.name}`;
      const [top, high] = inside(row * field.jump, field.size, layers[0].shape[1]);
      const [left, broad] = inside(column * field.jump, field.size, layers[0].shape[2]);
      mark(0, 0, top, left, high, broad, ORANGE, 2.5);
      text += level === 1 ? "." : `, and through them rows ${span(top, high)}, columns ${span(left, broad)} of the image.`;
    }
    mark(level, map, row, column, 1, 1, "#d55e00", 2.5);
    words.textContent = text;
  };

  const choose = (level, map, row, column) => {
    const [C, H, W] = layers[level].shape;
    const unit = (clamp(map, 0, C - 1) * H + clamp(row, 0, H - 1)) * W + clamp(column, 0, W - 1);
    if (level !== model.get("level") || unit !== model.get("unit")) save(model, { level, unit });
  };
  picture.addEventListener("mousemove", (event) => {
    const box = picture.getBoundingClientRect();
    const [x, y] = [((event.clientX - box.left) * wide) / box.width, ((event.clientY - box.top) * tall) / box.height];
    for (let l = 0; l <= last; l++) {
      const { zoom, at } = rows[l];
      const [C, H, W] = layers[l].shape;
      for (let c = 0; c < C; c++) {
        const place = at(c);
        const [row, column] = [Math.floor((y - tops[l] - place.y) / zoom), Math.floor((x - place.x) / zoom)];
        if (row >= 0 && row < H && column >= 0 && column < W) return choose(l, c, row, column);
      }
    }
  });
  picture.addEventListener("keydown", (event) => {
    const { level, map, row, column } = now();
    const [C, H, W] = layers[level].shape;
    const single = H * W === 1;
    const nextLayer = (step) => () => {
      const to = clamp(level + step, 0, last);
      const scale = (n, side, other) => Math.floor((n * other) / side);
      choose(to, map, scale(row, H, layers[to].shape[1]), scale(column, W, layers[to].shape[2]));
    };
    const moves = {
      ArrowLeft: () => (single ? choose(level, map - 1, 0, 0) : choose(level, map, row, column - 1)),
      ArrowRight: () => (single ? choose(level, map + 1, 0, 0) : choose(level, map, row, column + 1)),
      ArrowUp: () => choose(level, map, row - 1, column),
      ArrowDown: () => choose(level, map, row + 1, column),
      PageUp: nextLayer(-1),
      PageDown: nextLayer(1),
      n: () => choose(level, Math.min(map + 1, C - 1), row, column),
      p: () => choose(level, Math.max(map - 1, 0), row, column),
    };
    const move = moves[event.key] ?? moves[event.key.toLowerCase()];
    if (!move) return;
    event.preventDefault();
    move();
  });
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };
