// What a page needs beyond the theme; each part is loaded only where it has something to do.
const panel = document.querySelector(".cnn-panel");
if (panel) import("./practice/page.js").then(({ start }) => start(panel));

const progress = document.querySelector(".cnn-progress");
if (progress) import("./practice/progress.js").then(({ showProgress }) => showProgress(progress));

if (document.querySelector(".cnn-cite")) import("./cite.js").then(({ showReferences }) => showReferences());

// On paper nothing can be unfolded: open all folds while the page is printed.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const fold of folded) fold.open = true;
});
addEventListener("afterprint", () => {
  for (const fold of folded) fold.open = false;
});
