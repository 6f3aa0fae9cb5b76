// Shows the work that a citation names, while the mouse or the keyboard's focus is on it; Escape hides it.
export function showReferences() {
  const shown = document.createElement("div");
  shown.className = "cnn-reference-shown";
  shown.id = "cnn-reference-shown";
  shown.setAttribute("role", "tooltip");
  shown.hidden = true;
  document.querySelector("main").append(shown);
  let of = null;
  let closing = null;

  const open = (link) => {
    clearTimeout(closing);
    if (of === link) return;
    close();
    of = link;
    shown.textContent = link.dataset.reference;
    shown.hidden = false;
    link.setAttribute("aria-describedby", shown.id);
    put();
  };
  const put = () => {
    const place = of.getBoundingClientRect();
    const left = Math.min(place.left, document.documentElement.clientWidth - shown.offsetWidth - 8);
    const below = place.bottom + shown.offsetHeight + 8 < innerHeight;
    shown.style.left = `${Math.max(8, left)}px`;
    shown.style.top = `${below ? place.bottom + 4 : place.top - shown.offsetHeight - 4}px`;
  };
  const close = () => {
    of?.removeAttribute("aria-describedby");
    of = null;
    shown.hidden = true;
  };
  // A moment's patience, in which the mouse can go over to the text and mark it.
  const closeSoon = () => {
    clearTimeout(closing);
    closing = setTimeout(close, 300);
  };

  for (const link of document.querySelectorAll(".cnn-cite")) {
    link.addEventListener("pointerenter", () => open(link));
    link.addEventListener("pointerleave", closeSoon);
    link.addEventListener("focus", () => open(link));
    link.addEventListener("blur", closeSoon);
  }
  shown.addEventListener("pointerenter", () => clearTimeout(closing));
  shown.addEventListener("pointerleave", closeSoon);
  addEventListener("scroll", () => of && put());
  addEventListener("keydown", ({ key }) => key === "Escape" && close());
}
