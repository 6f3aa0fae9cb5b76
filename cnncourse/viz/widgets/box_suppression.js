// A box to drag over true ones, and a threshold under a crowd of detections: IoU, suppression, the curve.

const SIDE = 300;
const CURVE = { width: 250, height: 210, left: 42, bottom: 36 };

function iou(a, b) {
  const w = Math.max(Math.min(a[2], b[2]) - Math.max(a[0], b[0]), 0);
  const h = Math.max(Math.min(a[3], b[3]) - Math.max(a[1], b[1]), 0);
  const area = (c) => (c[2] - c[0]) * (c[3] - c[1]);
  const union = area(a) + area(b) - w * h;
  return union > 0 ? (w * h) / union : 0;
}

// The indices that are kept; the boxes come by falling score.
function suppress(boxes, threshold) {
  const kept = [];
  boxes.forEach((box, i) => {
    if (!kept.some((j) => iou(box, boxes[j]) > threshold)) kept.push(i);
  });
  return kept;
}

// Which of the kept boxes find a true one that is still free, at an IoU of one half.
function correctOnes(boxes, truth) {
  const free = truth.map(() => true);
  return boxes.map((box) => {
    let best = -1;
    truth.forEach((other, j) => {
      if (free[j] && (best < 0 || iou(box, other) > iou(box, truth[best]))) best = j;
    });
    if (best < 0 || iou(box, truth[best]) < 0.5) return false;
    free[best] = false;
    return true;
  });
}

// [recall, precision] after the first, the first two, … of the kept boxes.
function points(correct, count) {
  let found = 0;
  return correct.map((right, n) => {
    found += right;
    return [found / count, found / (n + 1)];
  });
}

function background(model) {
  const [width, height] = [model.get("width"), model.get("height")];
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const picture = new ImageData(width, height);
  const bytes = atob(model.get("image"));
  for (let n = 0; n < width * height; n++) {
    picture.data.set([0, 1, 2].map((k) => bytes.charCodeAt(3 * n + k)).concat(255), 4 * n);
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return canvas.toDataURL();
}

function frameOf(box, attributes) {
  return svgElement("rect", {
    x: box[0], y: box[1], width: box[2] - box[0], height: box[3] - box[1], fill: "none", "vector-effect": "non-scaling-stroke",
    ...attributes,
  });
}

function curve(model, kept) {
  const { width, height, left, bottom } = CURVE;
  const x = (recall) => left + recall * (width - left - 12);
  const y = (precision) => 8 + (1 - precision) * (height - bottom - 8);
  const picture = svgElement("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const word = (text, attributes) => svgElement("text", { "font-size": 12, fill: "#222", ...attributes }, text);
  for (const share of [0, 0.5, 1]) {
    picture.append(
      svgElement("line", { x1: left, x2: x(1), y1: y(share), y2: y(share), stroke: "#ddd" }),
      word(share, { x: left - 6, y: y(share) + 4, "text-anchor": "end" }),
      word(share, { x: x(share), y: height - bottom + 16, "text-anchor": "middle" }));
  }
  picture.append(
    word("recall", { x: x(0.5), y: height - 4, "text-anchor": "middle" }),
    word("precision", { transform: `translate(12 ${y(0.5)}) rotate(-90)`, "text-anchor": "middle" }));
  const truth = model.get("truth");
  const places = points(correctOnes(kept.map((i) => model.get("boxes")[i]), truth), truth.length);
  picture.append(svgElement("polyline", {
    points: places.map(([r, p]) => `${x(r)},${y(p)}`).join(" "), fill: "none", stroke: "#0072b2", "stroke-width": 2,
  }));
  for (const [r, p] of places) picture.append(svgElement("circle", { cx: x(r), cy: y(p), r: 3.5, fill: "#0072b2" }));
  return [picture, places];
}

function render({ model, el }) {
  const root = frame("A box to drag, and a threshold of suppression");
  const [width, height] = [model.get("width"), model.get("height")];
  const scale = SIDE / Math.max(width, height);
  const address = background(model);
  const scene = svgElement("svg", {
    width: scale * width, height: scale * height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, class: "cnn-keys", role: "application",
    "aria-label": "Your box: arrow keys move it, with shift they change its size", style: "touch-action: none; cursor: move",
  });
  const panels = element("div", { class: "cnn-panels" });
  const panel = (title, ...parts) => element("figure", {}, element("figcaption", {}, title), ...parts);
  const words = element("p", { "aria-live": "polite" });
  const chart = element("div");
  panels.append(panel("drag your box (orange); true boxes are dashed", scene), panel("precision over recall of what is kept", chart));
  const threshold = slider(model, "threshold", "NMS threshold in hundredths", 0, 100);
  root.append(element("div", { class: "cnn-controls" }, threshold), panels, words);
  el.append(root);

  const move = (x0, y0, x1, y1) => {
    const box = model.get("box");
    const w = clamp(x1 - x0, 1, width);
    const h = clamp(y1 - y0, 1, height);
    const left = clamp(x0, 0, width - w);
    const top = clamp(y0, 0, height - h);
    const next = [left, top, left + w, top + h];
    if (next.some((side, k) => side !== box[k])) save(model, { box: next });
  };
  const draw = () => {
    const boxes = model.get("boxes");
    const kept = suppress(boxes, model.get("threshold") / 100);
    scene.replaceChildren(
      svgElement("image", { href: address, width, height, style: "image-rendering: pixelated" }),
      ...boxes.map((box, i) => frameOf(box, kept.includes(i)
        ? { stroke: "#56b4e9", "stroke-width": 3 } : { stroke: "#fff", "stroke-width": 1, opacity: 0.45 })),
      ...model.get("truth").map((box) => frameOf(box, { stroke: "#f0e442", "stroke-width": 2, "stroke-dasharray": "6 4" })),
      frameOf(model.get("box"), { stroke: "#d55e00", "stroke-width": 4 }));
    const [picture, places] = curve(model, kept);
    chart.replaceChildren(picture);
    const best = Math.max(...model.get("truth").map((other) => iou(model.get("box"), other)));
    const [recall, precision] = places.length ? places[places.length - 1] : [0, 0];
    words.textContent =
      `Your box: IoU ${best.toFixed(2)} with the nearest true box. NMS keeps ${kept.length} of ${boxes.length} boxes: ` +
      `recall ${recall.toFixed(2)}, precision ${precision.toFixed(2)}.`;
  };

  let grip = null;
  scene.addEventListener("pointerdown", (event) => {
    grip = { x: event.clientX, y: event.clientY, box: model.get("box") };
    scene.setPointerCapture(event.pointerId);
  });
  scene.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const dx = Math.round((event.clientX - grip.x) / scale);
    const dy = Math.round((event.clientY - grip.y) / scale);
    const [x0, y0, x1, y1] = grip.box;
    move(x0 + dx, y0 + dy, x1 + dx, y1 + dy);
  });
  for (const end of ["pointerup", "pointercancel"]) scene.addEventListener(end, () => { grip = null; });
  scene.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const [dx, dy] = step;
    const [x0, y0, x1, y1] = model.get("box");
    if (event.shiftKey) move(x0, y0, x1 + dx, y1 + dy);
    else move(x0 + dx, y0 + dy, x1 + dx, y1 + dy);
  });
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };
