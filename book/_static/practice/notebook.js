// The page's answers as a notebook that `cnncourse check` and `cnncourse grade` read, and back.
const isTask = (cell) => cell.metadata?.nbgrader?.solution && cell.metadata.nbgrader.grade_id;
const textOf = (cell) => (Array.isArray(cell.source) ? cell.source.join("") : String(cell.source ?? ""));

// The exercise's own notebook with the learner's texts in it: `codes` maps names of tasks to them.
export async function toNotebook(address, codes) {
  const notebook = await (await fetch(address)).json();
  for (const cell of notebook.cells) {
    if (isTask(cell) && codes.has(isTask(cell))) cell.source = codes.get(isTask(cell));
  }
  return JSON.stringify(notebook, null, 1) + "\n";
}

// The answers in a notebook's text, by name of the task. Throws a sentence where it is no notebook.
export function fromNotebook(text) {
  let cells;
  try {
    cells = JSON.parse(text).cells;
  } catch {
    cells = null;
  }
  if (!Array.isArray(cells)) throw new Error("This file is not a Jupyter notebook.");
  return new Map(cells.filter(isTask).map((cell) => [isTask(cell), textOf(cell)]));
}

export function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
