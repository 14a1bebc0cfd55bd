import type { Picture } from "./pixels";

export function paint(canvas: HTMLCanvasElement, { width, height, channels, data }: Picture): void {
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = data[i * channels + (channels === 3 ? c : 0)];
    pixels.data[4 * i + 3] = 255;
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")!.putImageData(pixels, 0, 0);
}
