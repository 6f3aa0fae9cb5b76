// A K×K window of ones steps over an image; the output fills in reading order.

// Everything that follows from the settings: how many windows fit, and the entries that window o reads.
function geometry(model) {
  const [I, K, S, P, D] = ["size", "kernel_size", "stride", "padding", "dilation"].map((name) => model.get(name));
  const extent = D * (K - 1) + 1;
  const count = Math.max(Math.floor((I + 2 * P - extent) / S) + 1, 0);
  const reads = (o) => Array.from({ length: K }, (_, k) => o * S + k * D);
  return { I, K, S, P, D, extent, count, padded: I + 2 * P, reads };
}

function pixel(model, { I, P }, row, column) {
  const inside = row >= P && column >= P && row < I + P && column < I + P;
  return inside ? model.get("image")[row - P][column - P] : 0;
}

function windowSum(model, g, o) {
  const [rows, columns] = [g.reads(Math.floor(o / g.count)), g.reads(o % g.count)];
  return rows.flatMap((r) => columns.map((c) => pixel(model, g, r, c))).reduce((a, b) => a + b, 0);
}

function fill(grid, side, cell) {
  grid.style.gridTemplateColumns = `repeat(${side}, auto)`;
  grid.replaceChildren();
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) grid.append(cell(row, column));
  }
}

function render({ model, el }) {
  const root = frame("A window steps over an image");
  const controls = element("div", { class: "cnn-controls" });
  const ranges = [
    ["size", "image I", 1, model.get("image").length],
    ["kernel_size", "kernel K", 1, 5],
    ["padding", "padding P", 0, 4],
    ["stride", "stride S", 1, 4],
    ["dilation", "dilation D", 1, 3],
  ];
  for (const range of ranges) controls.append(slider(model, ...range));
  const play = element("button", { type: "button" }, "play");
  controls.append(play);
  const [inputTitle, outputTitle] = [element("figcaption"), element("figcaption")];
  const inputGrid = element("div", { class: "cnn-grid", "aria-hidden": "true" });
  const outputGrid = element("div", {
    class: "cnn-grid cnn-keys", tabindex: 0, role: "application",
    "aria-label": "Output: the arrow keys move the window, Home and End go to the first and last",
  });
  const panels = element("div", { class: "cnn-panels" },
    element("figure", {}, inputTitle, inputGrid), element("figure", {}, outputTitle, outputGrid));
  const formula = element("p");
  const words = element("p", { "aria-live": "polite" });
  root.append(controls, panels, formula, words);
  el.append(root);

  const go = (o) => save(model, { position: clamp(o, 0, Math.max(geometry(model).count ** 2 - 1, 0)) });
  const draw = () => {
    const g = geometry(model);
    const now = clamp(model.get("position"), 0, Math.max(g.count ** 2 - 1, 0));
    const [rows, columns] = g.count ? [g.reads(Math.floor(now / g.count)), g.reads(now % g.count)] : [[], []];
    const reached = new Set(Array.from({ length: g.count }, (_, o) => g.reads(o)).flat());
    fill(inputGrid, g.padded, (r, c) => {
      const rim = r < g.P || c < g.P || r >= g.I + g.P || c >= g.I + g.P;
      const chosen = rows.includes(r) && columns.includes(c);
      const unread = !reached.has(r) || !reached.has(c);
      const look = `cnn-cell${rim ? " cnn-padding" : ""}${chosen ? " cnn-chosen" : ""}${unread ? " cnn-unread" : ""}`;
      return element("div", { class: look }, String(pixel(model, g, r, c)));
    });
    fill(outputGrid, g.count, (r, c) => {
      const o = r * g.count + c;
      const cell = element("div", { class: `cnn-cell${o === now ? " cnn-chosen" : ""}` },
        o <= now ? String(windowSum(model, g, o)) : "");
      cell.addEventListener("click", () => go(o));
      return cell;
    });
    inputTitle.textContent = `input ${g.I} × ${g.I}` + (g.P ? `, padded to ${g.padded} × ${g.padded}` : "");
    outputTitle.textContent = `output ${g.count} × ${g.count}`;
    formula.textContent =
      `⌊(I + 2P − D(K − 1) − 1) / S⌋ + 1 = ⌊(${g.I} + ${2 * g.P} − ${g.extent - 1} − 1) / ${g.S}⌋ + 1 = ` +
      (g.count || `no output: a window of extent ${g.extent} does not fit into ${g.padded}`);
    words.textContent = !g.count ? "" :
      `output[${Math.floor(now / g.count)}, ${now % g.count}] reads rows ${rows.join(", ")} and columns ` +
      `${columns.join(", ")} of the padded input; their sum is ${windowSum(model, g, now)}.`;
  };

  outputGrid.addEventListener("keydown", (event) => {
    const count = geometry(model).count;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -count, ArrowDown: count, Home: -1e6, End: 1e6 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    go(model.get("position") + steps[event.key]);
  });
  const stop = player(play, {
    atEnd: () => model.get("position") >= geometry(model).count ** 2 - 1,
    restart: () => go(0),
    next: () => go(model.get("position") + 1),
    pause: 400,
  });
  model.on("change", draw);
  draw();
  return () => {
    stop();
    model.off("change", draw);
  };
}

export default { render };
