// Helpers that stand in front of every widget's own module.

// Make an HTML element: element("p", { class: "note" }, "text", otherElement).
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Make an SVG element.
function svgElement(tag, attributes = {}, text = "") {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

// The widget's frame. Keys pressed inside it are the widget's: JupyterLab would move its own cursor.
function frame(label) {
  const root = element("div", { class: "cnn-widget", role: "group", "aria-label": label, "data-lm-suppress-shortcuts": "true" });
  root.addEventListener("keydown", (event) => event.stopPropagation());
  return root;
}

function save(model, changes) {
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  model.save_changes();
}

// A labelled slider bound to an integer of the model.
function slider(model, name, label, low, high) {
  const input = element("input", { type: "range", min: low, max: high, step: 1, "aria-label": label });
  const shown = element("span", { class: "cnn-value" });
  const update = () => {
    input.value = model.get(name);
    shown.textContent = model.get(name);
  };
  input.addEventListener("input", () => save(model, { [name]: Number(input.value) }));
  model.on(`change:${name}`, update);
  update();
  return element("label", { class: "cnn-slider" }, `${label} `, input, shown);
}

// Make a button play the widget, one step each `pause` milliseconds, and from the start where it is at its end.
// Returns what stops it: a widget that is taken off the page must be stopped.
function player(button, { atEnd, restart, next, pause }) {
  let timer = null;
  const stop = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = "play";
  };
  button.addEventListener("click", () => {
    if (timer) return stop();
    button.textContent = "pause";
    if (atEnd()) restart();
    timer = setInterval(() => (atEnd() ? stop() : next()), pause);
  });
  return stop;
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
