// A photograph under the map of the class, or of the channel, that the reader chooses.

const SIDE = 380;
const RED = [214, 0, 0];
const BLUE = [0, 77, 204];

// The map's value at a pixel of the photograph, in hundredths: each place of the map covers a block of pixels.
function valueAt({ shape: [h, w], values }, row, column, H, W) {
  return values[Math.floor((row * h) / H) * w + Math.floor((column * w) / W)];
}

// Row and column, counted from 0, of the first largest value of a map.
function highest({ shape: [, w], values }) {
  const place = values.indexOf(Math.max(...values));
  return [Math.floor(place / w), place % w];
}

// The bytes of the photograph, grey under a map, as red, green, blue and opacity.
function coloured(bytes, map, H, W) {
  const pixels = new Uint8ClampedArray(4 * H * W);
  for (let n = 0; n < H * W; n++) {
    const value = map ? valueAt(map, Math.floor(n / W), n % W, H, W) / 100 : 0;
    const colour = value > 0 ? RED : BLUE;
    const three = [0, 1, 2].map((k) => bytes.charCodeAt(3 * n + k));
    const grey = (three[0] + three[1] + three[2]) / 3; // under a map, so that its red is not the photograph's
    for (let k = 0; k < 3; k++) {
      const own = map ? grey : three[k];
      pixels[4 * n + k] = own + 0.65 * Math.abs(value) * (colour[k] - own);
    }
    pixels[4 * n + 3] = 255;
  }
  return pixels;
}

function render({ model, el }) {
  const root = frame("A photograph under the map of a class or a channel");
  const [H, W] = [model.get("height"), model.get("width")];
  const bytes = atob(model.get("photograph"));
  const groups = model.get("groups");
  const picture = () => element("canvas", {
    width: W, height: H, "aria-hidden": "true",
    style: `width: ${Math.round((SIDE * W) / Math.max(H, W))}px; max-width: 100%; image-rendering: pixelated`,
  });
  const plain = picture();
  const mapped = picture();
  plain.getContext("2d").putImageData(new ImageData(coloured(bytes, null, H, W), W, H), 0, 0);
  const title = element("figcaption", {});
  const words = element("p", { "aria-live": "polite" });
  const choose = (group, item) => save(model, { group, item });
  const rows = groups.map(({ name, items }, g) => {
    const buttons = items.map(({ label }, i) => {
      const button = element("button", { type: "button", "aria-label": label }, label);
      button.addEventListener("click", () => choose(g, i));
      return button;
    });
    return { buttons, row: element("div", { class: "cnn-controls" }, element("span", {}, `${name}:`), ...buttons) };
  });
  root.append(
    ...rows.map(({ row }) => row),
    element("div", { class: "cnn-panels" },
      element("figure", {}, element("figcaption", {}, "the photograph"), plain),
      element("figure", {}, title, mapped)),
    words);
  el.append(root);

  const now = () => {
    const group = clamp(model.get("group"), 0, groups.length - 1);
    return [group, clamp(model.get("item"), 0, groups[group].items.length - 1)];
  };
  const draw = () => {
    const [group, item] = now();
    const map = groups[group].items[item];
    rows.forEach(({ buttons }, g) => buttons.forEach((button, i) => {
      const chosen = g === group && i === item;
      button.classList.toggle("cnn-chosen", chosen);
      button.setAttribute("aria-pressed", chosen);
    }));
    mapped.getContext("2d").putImageData(new ImageData(coloured(bytes, map, H, W), W, H), 0, 0);
    title.textContent = map.label;
    const [row, column] = highest(map);
    words.textContent =
      `${map.label}. ${map.note} The map has ${map.shape[0]}×${map.shape[1]} places ` +
      `and is highest in row ${row}, column ${column}.`;
  };
  root.addEventListener("keydown", (event) => {
    const [group, item] = now();
    const moves = {
      ArrowLeft: () => [group, Math.max(item - 1, 0)],
      ArrowRight: () => [group, Math.min(item + 1, groups[group].items.length - 1)],
      ArrowUp: () => [Math.max(group - 1, 0), 0],
      ArrowDown: () => [Math.min(group + 1, groups.length - 1), 0],
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const [g, i] = moves[event.key]();
    choose(g, i);
    rows[g].buttons[i].focus();
  });
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };
