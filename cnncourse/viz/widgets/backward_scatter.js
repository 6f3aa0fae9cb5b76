// Each entry of the upstream gradient adds its multiple of the kernel to the window that it came from.

// Everything that follows from the settings: how many outputs there are, and the entries that output o read.
function geometry(model) {
  const [I, K, S, P, D] = ["size", "kernel_size", "stride", "padding", "dilation"].map((name) => model.get(name));
  const count = Math.max(Math.floor((I + 2 * P - D * (K - 1) - 1) / S) + 1, 0);
  const reads = (o) => Array.from({ length: K }, (_, k) => o * S + k * D);
  return { I, K, S, P, D, count, padded: I + 2 * P, reads };
}

// When arrivals are counted, every gradient and every weight is 1.
function entry(model, name, row, column) {
  return model.get("counting") ? 1 : model.get(name)[row][column];
}

// The gradient of the padded input after outputs 0 … last have arrived; null where none has.
function scattered(model, g, last) {
  const sums = Array.from({ length: g.padded }, () => Array(g.padded).fill(null));
  for (let o = 0; o <= last; o++) {
    const [i, j] = [Math.floor(o / g.count), o % g.count];
    g.reads(i).forEach((row, u) => g.reads(j).forEach((column, v) => {
      sums[row][column] += entry(model, "upstream", i, j) * entry(model, "kernel", u, v);
    }));
  }
  return sums;
}

function fill(grid, side, cell) {
  grid.style.gridTemplateColumns = `repeat(${side}, auto)`;
  grid.replaceChildren();
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) grid.append(cell(row, column));
  }
}

function signed(value) {
  return String(value).replace("-", "−");
}

function render({ model, el }) {
  const root = frame("The upstream gradient is scattered into the gradient of the input");
  const controls = element("div", { class: "cnn-controls" });
  const ranges = [
    ["size", "image I", 3, 7],
    ["kernel_size", "kernel K", 1, 4],
    ["padding", "padding P", 0, 1],
    ["stride", "stride S", 1, 3],
    ["dilation", "dilation D", 1, 2],
  ];
  for (const range of ranges) controls.append(slider(model, ...range));
  const counting = element("input", { type: "checkbox" });
  const play = element("button", { type: "button" }, "play");
  controls.append(element("label", {}, counting, " only count arrivals"), play);
  const [upstreamTitle, kernelTitle, sumTitle] = [0, 1, 2].map(() => element("figcaption"));
  const upstreamGrid = element("div", {
    class: "cnn-grid cnn-keys", tabindex: 0, role: "application",
    "aria-label": "Upstream gradient: the arrow keys choose the entry that arrives, Home and End the first and last",
  });
  const [kernelGrid, sumGrid] = [0, 1].map(() => element("div", { class: "cnn-grid", "aria-hidden": "true" }));
  const panels = element("div", { class: "cnn-panels" },
    element("figure", {}, upstreamTitle, upstreamGrid),
    element("figure", {}, kernelTitle, kernelGrid),
    element("figure", {}, sumTitle, sumGrid));
  const words = element("p", { "aria-live": "polite" });
  root.append(controls, panels, words);
  el.append(root);

  const lastOf = () => Math.max(geometry(model).count ** 2 - 1, 0);
  const go = (o) => save(model, { position: clamp(o, 0, lastOf()) });
  const draw = () => {
    const g = geometry(model);
    const now = clamp(model.get("position"), 0, lastOf());
    const [i, j] = g.count ? [Math.floor(now / g.count), now % g.count] : [0, 0];
    const [rows, columns] = g.count ? [g.reads(i), g.reads(j)] : [[], []];
    const reached = new Set(Array.from({ length: g.count }, (_, o) => g.reads(o)).flat());
    const sums = scattered(model, g, g.count ? now : -1);
    counting.checked = model.get("counting");
    fill(upstreamGrid, g.count, (r, c) => {
      const o = r * g.count + c;
      const cell = element("div", { class: `cnn-cell${o === now ? " cnn-chosen" : ""}` },
        signed(entry(model, "upstream", r, c)));
      cell.addEventListener("click", () => go(o));
      return cell;
    });
    fill(kernelGrid, g.K, (r, c) => element("div", { class: "cnn-cell" }, signed(entry(model, "kernel", r, c))));
    fill(sumGrid, g.padded, (r, c) => {
      const rim = r < g.P || c < g.P || r >= g.I + g.P || c >= g.I + g.P;
      const chosen = rows.includes(r) && columns.includes(c);
      const never = !reached.has(r) || !reached.has(c);
      const look = `cnn-cell${rim ? " cnn-padding" : ""}${chosen ? " cnn-chosen" : ""}${never ? " cnn-unread" : ""}`;
      return element("div", { class: look }, never ? "0" : sums[r][c] === null ? "" : signed(sums[r][c]));
    });
    upstreamTitle.textContent = `upstream gradient g, ${g.count} × ${g.count}`;
    kernelTitle.textContent = `kernel w, ${g.K} × ${g.K}`;
    sumTitle.textContent = `gradient of the input, ${now + 1} of ${g.count ** 2} arrived` + (g.P ? " (the rim is dropped)" : "");
    words.textContent = !g.count ? `No output: the window does not fit into ${g.padded} × ${g.padded}.` :
      `g[${i}, ${j}] = ${signed(entry(model, "upstream", i, j))} times the kernel is added to rows ${rows.join(", ")} ` +
      `and columns ${columns.join(", ")}` + (g.P ? " of the padded input." : ".");
  };

  upstreamGrid.addEventListener("keydown", (event) => {
    const count = geometry(model).count;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -count, ArrowDown: count, Home: -1e6, End: 1e6 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    go(clamp(model.get("position"), 0, lastOf()) + steps[event.key]);
  });
  counting.addEventListener("change", () => save(model, { counting: counting.checked }));
  const stop = player(play, {
    atEnd: () => model.get("position") >= lastOf(),
    restart: () => go(0),
    next: () => go(model.get("position") + 1),
    pause: 600,
  });
  model.on("change", draw);
  draw();
  return () => {
    stop();
    model.off("change", draw);
  };
}

export default { render };
