// Python in a worker: loads Pyodide, NumPy and the course, says "ready", then answers one question at a time.
import { loadPyodide } from "../pyodide/pyodide.mjs";

const folder = new URL("../pyodide/", import.meta.url).href;

async function start() {
  const [python, course] = await Promise.all([
    loadPyodide({ indexURL: folder }),
    fetch(`${folder}course.zip`).then((answer) => answer.arrayBuffer()),
  ]);
  await python.loadPackage("numpy", { messageCallback: () => {} });
  python.FS.writeFile("/course.zip", new Uint8Array(course));
  python.runPython(`
import sys, zipfile
zipfile.ZipFile("/course.zip").extractall("/course")
sys.path.insert(0, "/course")
import in_browser, json
`);
  return python;
}

start().then(
  (python) => {
    // Texts go in and come out as JSON: nothing of an answer is ever part of a program here.
    self.onmessage = ({ data }) => {
      python.globals.set("question", JSON.stringify(data.question));
      const result = python.runPython(`
question = json.loads(question)
getattr(in_browser, question.pop("what"))(**question)
`);
      self.postMessage({ number: data.number, result: JSON.parse(result) });
    };
    self.postMessage({ ready: true });
  },
  (problem) => self.postMessage({ failed: String(problem) }),
);
