/** Calls from the page to a thread, one after another. */

import { Problem } from "./space";

export type Calls = Record<string, (...given: never[]) => Promise<unknown>>;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** In a thread: answer calls. A session of the runtime cannot run twice at once, so one waits for the other. */
export function answerCalls(calls: Calls): void {
  let last: Promise<unknown> = Promise.resolve();
  self.addEventListener("message", ({ data: { id, name, given } }) => {
    last = last.then(async () => {
      try {
        self.postMessage({ id, result: await calls[name](...(given as never[])) });
      } catch (error) {
        self.postMessage({ id, problem: error instanceof Problem, message: error instanceof Error ? error.message : String(error) });
      }
    });
  });
}

/** In the page: a thread that can be called. */
export class Thread<Known extends Calls> {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;

  constructor(file: string) {
    this.worker = new Worker(file, { type: "module" });
    this.worker.addEventListener("message", ({ data }) => {
      const { resolve, reject } = this.waiting.get(data.id)!;
      this.waiting.delete(data.id);
      if ("result" in data) resolve(data.result);
      else reject(data.problem ? new Problem(data.message) : new Error(data.message));
    });
    this.worker.addEventListener("error", (event) => {
      for (const { reject } of this.waiting.values()) reject(new Error(event.message || `${file} does not start`));
      this.waiting.clear();
    });
  }

  call<Name extends keyof Known & string>(name: Name, ...given: Parameters<Known[Name]>): ReturnType<Known[Name]> {
    const id = this.count++;
    this.worker.postMessage({ id, name, given });
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject })) as ReturnType<Known[Name]>;
  }
}
