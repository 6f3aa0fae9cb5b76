// An image, shifted in a circle, and the maxima and the means of its windows.

const SIDE = 150; // of a panel, in pixels of the screen

function shifted(image, down, right) {
  const [H, W] = [image.length, image[0].length];
  return image.map((_, i) => image[0].map((_, j) => image[(i - down + 8 * H) % H][(j - right + 8 * W) % W]));
}

function pooled(image, K, reduce) {
  const [H, W] = [Math.floor(image.length / K), Math.floor(image[0].length / K)];
  const windowAt = (i, j) => Array.from({ length: K * K }, (_, n) => image[i * K + Math.floor(n / K)][j * K + (n % K)]);
  return Array.from({ length: H }, (_, i) => Array.from({ length: W }, (_, j) => reduce(windowAt(i, j))));
}

const LARGEST = (values) => Math.max(...values);
const MEAN = (values) => values.reduce((a, b) => a + b, 0) / values.length;

// How far a map has changed, in units of the spread of its values.
function change(before, after) {
  const [a, b] = [before.flat(), after.flat()];
  const mean = MEAN(a);
  const norm = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return norm(a.map((value, k) => b[k] - value)) / norm(a.map((value) => value - mean));
}

function panel(values, colour) {
  const canvas = element("canvas", {
    width: values[0].length, height: values.length, "aria-hidden": "true",
    style: `width: ${SIDE}px; height: ${SIDE}px; image-rendering: pixelated; border: 1px solid #888`,
  });
  const context = canvas.getContext("2d");
  values.forEach((row, i) => row.forEach((value, j) => {
    context.fillStyle = colour(value);
    context.fillRect(j, i, 1, 1);
  }));
  return canvas;
}

const grey = (value) => `rgb(${[1, 1, 1].map(() => Math.round(2.55 * value)).join(",")})`;
const signed = (value) => {
  const pale = Math.round(255 - 2.55 * Math.min(Math.abs(value), 100));
  return value > 0 ? `rgb(255,${pale},${pale})` : `rgb(${pale},${pale},255)`;
};

function render({ model, el }) {
  const root = frame("An image shifted under maximum and mean pooling");
  const controls = element("div", { class: "cnn-controls" },
    slider(model, "down", "shift down", 0, 8), slider(model, "right", "shift right", 0, 8),
    slider(model, "window", "window", 1, 4));
  const panels = element("div", { class: "cnn-panels" });
  const words = element("p", { "aria-live": "polite" });
  root.append(controls, panels, words);
  el.append(root);

  const draw = () => {
    const [down, right, K] = ["down", "right", "window"].map((name) => model.get(name));
    const image = model.get("image");
    const moved = shifted(image, down, right);
    const titled = (title, ...pictures) => element("figure", {}, element("figcaption", {}, title), ...pictures);
    const kinds = [["maxima", LARGEST], ["means", MEAN]].map(([name, reduce]) => {
      const [before, after] = [pooled(image, K, reduce), pooled(moved, K, reduce)];
      const difference = after.map((row, i) => row.map((value, j) => value - before[i][j]));
      return { name, after, difference, change: change(before, after) };
    });
    panels.replaceChildren(
      titled("the image", panel(moved, grey)),
      ...kinds.flatMap(({ name, after, difference }) => [
        titled(`${name} of ${K}×${K}`, panel(after, grey)), titled("changed by the shift", panel(difference, signed)),
      ]));
    const along = (down || right) && down % K === 0 && right % K === 0;
    words.textContent = `Shifted ${down} down, ${right} right. ` +
      kinds.map(({ name, change }) => `The ${name} change by ${change.toFixed(2)} of their spread.`).join(" ") +
      (along ? ` Both have moved along by whole pixels: ${down / K} down, ${right / K} right.` : "");
  };
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };
