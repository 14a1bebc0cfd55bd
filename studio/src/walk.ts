import { between } from "./space";

/** Milliseconds from one item of a walk to the next. */
const STRIDE = 2500;

/** A walk among random samples of the space. */
export class Walk {
  running = false;
  private from: Float32Array | null = null;
  private to: Float32Array | null = null;
  private share = 0;

  constructor(private readonly sample: () => Float32Array, private readonly button: HTMLButtonElement, private readonly show: () => Promise<void>) {
    button.addEventListener("click", () => (this.running ? this.stop() : void this.go()));
  }

  code(): Float32Array {
    return between((this.from ??= this.sample()), (this.to ??= this.sample()), this.share);
  }

  stop(): void {
    this.running = false;
    this.button.textContent = "Start";
  }

  private async go(): Promise<void> {
    this.running = true;
    this.button.textContent = "Stop";
    let time = performance.now();
    while (this.running) {
      const now = await new Promise<number>(requestAnimationFrame);
      this.share += Math.max(0, now - time) / STRIDE;
      time = now;
      if (this.share >= 1) [this.from, this.to, this.share] = [this.to, this.sample(), 0];
      await this.show();
    }
  }
}
