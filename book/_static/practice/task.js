// One task on a page: its editor, its buttons, its report.
import { newEditor, setText } from "./editor.js";
import { linkSections } from "./sections.js";
import { Stopped } from "./python.js";
import * as storage from "./storage.js";

const SECONDS = 20; // for one run or check; the slowest right answer takes less than one

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export class Task {
  constructor(place, python, page) {
    this.id = place.dataset.task;
    this.name = this.id.split(".")[1];
    this.most = Number(place.dataset.points);
    this.needsTorch = "torch" in place.dataset;
    this.starter = place.querySelector("code").textContent;
    this.python = python;
    this.page = page;
    this.place = place;
    this.code = storage.read(this.id).code ?? this.starter;
    if (this.needsTorch) this.showOnly();
    else this.buildEditor();
  }

  showOnly() {
    this.place.querySelector("code").textContent = this.code;
    this.place.append(
      make("p", { class: "cnn-note" }, "This task needs PyTorch, which does not run in a browser. Work on it on your " +
        "computer: ", make("code", {}, `cnncourse start ${this.id.slice(0, 2)}`), ", then open your copy in JupyterLab."),
    );
  }

  buildEditor() {
    this.place.replaceChildren();
    const button = (text, title, action) => make("button", { type: "button", title, onclick: action }, text);
    this.buttons = [
      button("Run", "Run this code and show what it prints (Shift+Enter)", () => this.run()),
      button("Check", "Check this answer (Ctrl+Enter)", () => this.check()),
    ];
    this.stopButton = button("Stop", "End the code that is running", () => this.python.stop());
    this.stopButton.hidden = true;
    const reset = button("Reset", "Back to the text you began with; Ctrl+Z in the editor undoes it", () => this.reset());
    this.status = make("span", { class: "cnn-status", role: "status" });
    this.points = make("span", { class: "cnn-points" });
    this.output = make("div", { class: "cnn-output", "aria-live": "polite" });
    const frame = make("div", { class: "cnn-editor" });
    const bar = make("div", { class: "cnn-bar" }, ...this.buttons, this.stopButton, reset, this.points, this.status);
    this.place.append(frame, bar, this.output);
    const press = (action) => () => (action.call(this), true);
    this.editor = newEditor(frame, this.code, `Your code for ${this.name}. Escape, then Tab leaves the editor.`, {
      keys: [
        { key: "Shift-Enter", run: press(this.run) },
        { key: "Mod-Enter", run: press(this.check) },
      ],
      onChange: (text) => this.changed(text),
      onFocus: () => this.python.warm().catch(() => {}),
    });
    this.showPoints();
  }

  changed(text) {
    this.code = text;
    if (!storage.write(this.id, { code: text })) {
      this.status.textContent = "This browser does not keep your text: download the notebook before you leave.";
    }
  }

  setCode(text) {
    if (this.editor) setText(this.editor, text);
    else {
      this.changed(text);
      this.place.querySelector("code").textContent = text;
    }
  }

  reset() {
    this.setCode(this.starter);
    this.output.replaceChildren();
    this.status.textContent = "Reset. Ctrl+Z in the editor brings your text back.";
  }

  showPoints() {
    const score = storage.score(this.id);
    this.points.textContent = `${score} of ${this.most} points`;
    this.place.classList.toggle("cnn-solved", score === this.most);
    this.page.changed();
  }

  async ask(what, more) {
    this.page.busy(true);
    this.stopButton.hidden = false;
    this.status.textContent = this.python.current ? "Running…" : "Starting Python, which takes some seconds…";
    this.output.replaceChildren();
    try {
      const answers = this.page.answersUpTo(this);
      const result = await this.python.ask({ what, prelude: this.page.prelude, answers, ...more }, SECONDS);
      this.status.textContent = "";
      return result;
    } catch (problem) {
      this.status.textContent = "";
      const known = problem instanceof Stopped;
      this.say(known ? `Stopped ${problem.message}.` : "Python could not be started.",
        known ? "The code did not come back. Look for a loop that does not end, or does far more than it must."
          : `Reload the page to try again. (${problem.message})`);
      return null;
    } finally {
      this.stopButton.hidden = true;
      this.page.busy(false);
    }
  }

  say(head, rest) {
    this.output.replaceChildren(make("div", { class: "cnn-stopped" }, make("b", {}, head), " ", rest));
  }

  async run() {
    const result = await this.ask("run", {});
    if (!result) return;
    if (result.text) this.output.append(make("pre", { tabindex: "0" }, result.text));
    if (result.html || result.error) {
      const shown = make("div");
      shown.innerHTML = result.html + result.error;
      this.output.append(shown);
    }
    if (!this.output.childNodes.length) this.status.textContent = "It ran and printed nothing.";
  }

  async check() {
    const result = await this.ask("check", { task_id: this.id });
    if (!result) return;
    this.output.innerHTML = result.html;
    linkSections(this.output);
    if (result.score > storage.score(this.id)) storage.write(this.id, { score: result.score });
    this.showPoints();
  }
}
