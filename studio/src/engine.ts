/** Calls of the worker from the page. */

import { Problem } from "./space";
import type { Calls } from "./worker";

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class Engine {
  private readonly worker = new Worker("worker.js", { type: "module" });
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;

  constructor() {
    this.worker.addEventListener("message", ({ data }) => {
      const { resolve, reject } = this.waiting.get(data.id)!;
      this.waiting.delete(data.id);
      if ("result" in data) resolve(data.result);
      else reject(data.problem ? new Problem(data.message) : new Error(data.message));
    });
    this.worker.addEventListener("error", (event) => {
      for (const { reject } of this.waiting.values()) reject(new Error(event.message || "the worker does not start"));
      this.waiting.clear();
    });
  }

  call<Name extends keyof Calls>(name: Name, ...given: Parameters<Calls[Name]>): ReturnType<Calls[Name]> {
    const id = this.count++;
    this.worker.postMessage({ id, name, given });
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject })) as ReturnType<Calls[Name]>;
  }
}
