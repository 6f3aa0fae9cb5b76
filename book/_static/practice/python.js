// A Python that can be asked and, if it does not answer in time, ended. A second one is kept warm to follow it.
const WORKER = new URL("worker.js", import.meta.url);

function newWorker() {
  const worker = new Worker(WORKER, { type: "module" });
  worker.whenReady = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data.ready) resolve(worker);
      else if (data.failed) reject(new Error(data.failed));
    };
    worker.onerror = (event) => reject(new Error(event.message || "the worker could not be loaded"));
  });
  worker.whenReady.catch(() => {}); // whoever asks is told
  return worker;
}

export class Stopped extends Error {}

export class Python {
  current = null;
  spare = null;
  number = 0;
  stopCurrent = null;

  // Begin to load Python; the first question then waits less.
  warm() {
    this.current ??= this.spare ?? newWorker();
    if (this.current === this.spare) this.spare = null;
    return this.current.whenReady;
  }

  // Ask a question; resolves with its answer, rejects with Stopped after so many seconds or when stop() is called.
  async ask(question, seconds) {
    let worker;
    try {
      worker = await this.warm();
    } catch (problem) {
      this.current = null; // the next question tries again
      throw problem;
    }
    const number = ++this.number;
    return new Promise((resolve, reject) => {
      const end = (why) => {
        clearTimeout(timer);
        worker.terminate();
        this.current = null;
        this.stopCurrent = null;
        this.warm();
        reject(new Stopped(why));
      };
      const timer = setTimeout(() => end(`after ${seconds} seconds`), seconds * 1000);
      this.stopCurrent = () => end("by you");
      worker.onerror = (event) => end(`by an error: ${event.message}`);
      worker.onmessage = ({ data }) => {
        if (data.number !== number) return;
        clearTimeout(timer);
        this.stopCurrent = null;
        this.spare ??= newWorker(); // for the day when this one must be ended
        resolve(data.result);
      };
      worker.postMessage({ number, question });
    });
  }

  stop() {
    this.stopCurrent?.();
  }
}
