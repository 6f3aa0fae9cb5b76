// A kernel slides over a photograph; the output fills in reading order.

const ZOOM = 6;

function geometry(model) {
  const [image, kernel] = [model.get("image"), model.get("kernels")[model.get("kernel")]];
  const K = kernel.length;
  return { image, kernel, K, rows: image.length - K + 1, columns: image[0].length - K + 1 };
}

function values(model) {
  const { image, kernel, K, rows, columns } = geometry(model);
  const at = (i, j) => kernel.flatMap((line, u) => line.map((w, v) => w * image[i + u][j + v])).reduce((a, b) => a + b, 0);
  const output = Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => at(i, j)));
  return { image, kernel, K, rows, columns, output };
}

// Grey from 0 to 1, or blue – white – red around 0.
function colour(value, reach) {
  if (reach === 0) {
    const grey = Math.round(255 * clamp(value, 0, 1));
    return [grey, grey, grey];
  }
  const share = clamp(value / reach, -1, 1);
  const full = share > 0 ? [178, 24, 43] : [33, 102, 172];
  return full.map((part) => Math.round(255 + Math.abs(share) * (part - 255)));
}

function paint(canvas, height, width, pick) {
  canvas.width = width;
  canvas.height = height;
  canvas.style.cssText = `width: ${ZOOM * width}px; image-rendering: pixelated; border: 1px solid #888; touch-action: none`;
  const picture = new ImageData(width, height);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) picture.data.set(pick(i, j), 4 * (i * width + j));
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

function table(rows, reach, decimals) {
  const grid = element("div", { class: "cnn-grid", style: `grid-template-columns: repeat(${rows.length}, auto)` });
  for (const value of rows.flat()) {
    const [r, g, b] = colour(value, reach);
    const ink = 0.3 * r + 0.6 * g + 0.1 * b > 120 ? "#000" : "#fff";
    const text = value.toFixed(decimals).replace("-", "−");
    grid.append(element("div", { class: "cnn-cell", style: `width: 46px; background: rgb(${r},${g},${b}); color: ${ink}` }, text));
  }
  return grid;
}

function render({ model, el }) {
  const root = frame("A kernel slides over a photograph");
  const controls = element("div", { class: "cnn-controls" });
  const choice = element("select", { "aria-label": "kernel" });
  for (const name of Object.keys(model.get("kernels"))) choice.append(element("option", { value: name }, name));
  const play = element("button", { type: "button" }, "play");
  controls.append(element("label", { class: "cnn-slider" }, "kernel ", choice), play);
  const [photograph, result] = [element("canvas", { "aria-hidden": "true" }), element("canvas", { "aria-hidden": "true" })];
  const keys = element("div", {
    class: "cnn-keys", tabindex: 0, role: "application", style: "position: relative; line-height: 0",
    "aria-label": "Photograph: the arrow keys move the window, Home and End go to the first and last place",
  }, photograph);
  const border = element("div", { style: "position: absolute; border: 2px solid #e69f00; box-sizing: border-box; pointer-events: none" });
  keys.append(border);
  const middle = element("div");
  const resultTitle = element("figcaption");
  const words = element("p", { "aria-live": "polite" });
  root.append(controls, element("div", { class: "cnn-panels" },
    element("figure", {}, element("figcaption", {}, "photograph: click, drag, or use the arrow keys"), keys),
    middle, element("figure", {}, resultTitle, result)), words);
  el.append(root);

  const go = (row, column) => {
    const { rows, columns } = geometry(model);
    save(model, { row: clamp(row, 0, rows - 1), column: clamp(column, 0, columns - 1) });
  };
  const draw = () => {
    const { image, kernel, K, rows, columns, output } = values(model);
    const [i, j] = [clamp(model.get("row"), 0, rows - 1), clamp(model.get("column"), 0, columns - 1)];
    const all = output.flat();
    const reach = Math.min(...all) < 0 ? Math.max(...all.map(Math.abs)) : 0;
    const largest = Math.max(...kernel.flat().map(Math.abs));
    choice.value = model.get("kernel");
    paint(photograph, image.length, image[0].length, (r, c) => [...colour(image[r][c], 0), 255]);
    Object.assign(border.style, { left: `${1 + ZOOM * j}px`, top: `${1 + ZOOM * i}px`, width: `${ZOOM * K}px`, height: `${ZOOM * K}px` });
    paint(result, rows, columns, (r, c) =>
      r * columns + c <= i * columns + j ? [...colour(output[r][c], reach), 255] : [0, 0, 0, 0]);
    const window = kernel.map((line, u) => line.map((_, v) => image[i + u][j + v]));
    const products = kernel.map((line, u) => line.map((w, v) => w * window[u][v]));
    const whole = kernel.flat().every(Number.isInteger);
    middle.replaceChildren(...[["window", window, 0, 2], [`× kernel`, kernel, largest, whole ? 0 : 2], ["= products", products, largest, 2]]
      .map(([title, rows, scale, decimals]) =>
        element("figure", { style: "margin-bottom: 0.5em" }, element("figcaption", {}, title), table(rows, scale, decimals))));
    resultTitle.textContent = `output ${rows} × ${columns}, up to here`;
    words.textContent = `output[${i}, ${j}] is the sum of the ${K * K} products: ${output[i][j].toFixed(2).replace("-", "−")}.`;
  };

  choice.addEventListener("change", () => save(model, { kernel: choice.value }));
  keys.addEventListener("keydown", (event) => {
    const { rows, columns } = geometry(model);
    const [row, column] = [model.get("row"), model.get("column")];
    const to = { ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column], Home: [0, 0], End: [rows - 1, columns - 1] };
    if (!(event.key in to)) return;
    event.preventDefault();
    go(...to[event.key]);
  });
  const point = (event) => {
    const { K } = geometry(model);
    const box = photograph.getBoundingClientRect();
    const at = (offset) => Math.round(offset / ZOOM - K / 2);
    go(at(event.clientY - box.top), at(event.clientX - box.left));
  };
  photograph.addEventListener("pointerdown", (event) => {
    photograph.setPointerCapture(event.pointerId);
    point(event);
  });
  photograph.addEventListener("pointermove", (event) => event.buttons && point(event));

  const place = () => model.get("row") * geometry(model).columns + model.get("column");
  const stop = player(play, {
    atEnd: () => place() >= geometry(model).rows * geometry(model).columns - 1,
    restart: () => go(0, 0),
    next: () => go(Math.floor((place() + 1) / geometry(model).columns), (place() + 1) % geometry(model).columns),
    pause: 60,
  });
  model.on("change", draw);
  draw();
  return () => {
    stop();
    model.off("change", draw);
  };
}

export default { render };
