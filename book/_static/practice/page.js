// A page of exercises: its tasks, the points on it, and the way to and from a notebook.
import { download, fromNotebook, toNotebook } from "./notebook.js";
import { Python } from "./python.js";
import * as storage from "./storage.js";
import { Task } from "./task.js";

class Page {
  tasks = [];

  constructor(panel) {
    this.panel = panel;
    this.prelude = panel.dataset.prelude;
    this.address = new URL(panel.dataset.notebook, location.href);
    const python = new Python();
    this.buildPanel();
    for (const place of document.querySelectorAll(".cnn-task")) this.tasks.push(new Task(place, python, this));
    this.changed();
  }

  buildPanel() {
    this.panel.innerHTML =
      '<p>Write your answers below and check them here, in your browser. Nothing leaves your computer; your text and ' +
      'your points are kept in this browser.</p><div class="cnn-bar"><span class="cnn-points"></span>' +
      '<button type="button">Download as a notebook</button> <button type="button">Open a notebook…</button>' +
      '<input type="file" accept=".ipynb" hidden aria-label="A notebook with your answers">' +
      '<span class="cnn-status" role="status"></span></div>';
    const [save, open] = this.panel.querySelectorAll("button");
    const file = this.panel.querySelector("input");
    save.title = "For `cnncourse check`, for your teacher, or for another computer";
    open.title = "Take the answers of a notebook into this page";
    save.addEventListener("click", () => this.save());
    open.addEventListener("click", () => file.click());
    file.addEventListener("change", async () => {
      if (file.files.length) this.open(await file.files[0].text());
      file.value = "";
    });
  }

  get status() {
    return this.panel.querySelector(".cnn-status");
  }

  // The texts of the tasks up to this one, as a notebook would run them.
  answersUpTo(task) {
    const here = this.tasks.filter(({ needsTorch }) => !needsTorch);
    return here.slice(0, here.indexOf(task) + 1).map(({ name, code }) => ({ name, code }));
  }

  busy(yes) {
    for (const task of this.tasks) for (const button of task.buttons ?? []) button.disabled = yes;
  }

  changed() {
    const score = this.tasks.reduce((sum, { id }) => sum + storage.score(id), 0);
    const most = this.tasks.reduce((sum, task) => sum + task.most, 0);
    this.panel.querySelector(".cnn-points").textContent = `${score} of ${most} points on this page`;
  }

  async save() {
    try {
      const codes = new Map(this.tasks.map(({ name, code }) => [name, code]));
      download(this.address.pathname.split("/").at(-1), await toNotebook(this.address, codes));
      this.status.textContent = "Downloaded.";
    } catch {
      this.status.textContent = "The notebook could not be read from this site. Try again when it can be reached.";
    }
  }

  open(text) {
    try {
      const codes = fromNotebook(text);
      const fitting = this.tasks.filter(({ name }) => codes.has(name));
      if (!fitting.length) throw new Error("This notebook has none of the tasks of this page.");
      for (const task of fitting) task.setCode(codes.get(task.name));
      this.status.textContent = `Took ${fitting.length} answers. Ctrl+Z in an editor brings the old one back.`;
    } catch (problem) {
      this.status.textContent = problem.message;
    }
  }
}

export function start(panel) {
  return new Page(panel);
}
