/** What the page does with one kind of data. */

import type { Bytes } from "./bytes";
import type { Engine } from "./engine";
import { decimal } from "./files";
import { INVERSION } from "./mel";
import { readPhotograph } from "./photographs";
import { Player } from "./player";
import { png } from "./png";
import { readContent, sha256 } from "./reading";
import { readRecording, type Recording } from "./recordings";
import type { Description, PictureKind, SoundKind } from "./space";
import { FADE, level, prepared, wav } from "./wav";
import type { Encoded, End, Wish } from "./worker";

/** One item in its place. sha256: of its file. */
export interface Item extends Encoded {
  name: string;
  sha256: string;
  recording?: Recording;
}

/** A file of a frame, and the columns of a manifest that only this kind of data has. */
export interface Written {
  content: Bytes;
  more: Record<string, string | number>;
}

/** Is told how many frames are done, and says whether to go on. */
type Report = (done: number) => boolean;

/** said: what a person should know. */
export interface Saved {
  files: Written[];
  said: string;
}

/** Frames that are computed in one call: pictures are decoded together, as in Python. */
const [PICTURES, SOUNDS] = [32, 1];

export interface Medium {
  /** One item, in words. */
  readonly word: string;
  readonly suffix: string;
  readonly accept: string;
  readonly about: string;
  read(file: File): Promise<Item>;
  /** The ends whose detail frames carry that lie between two items: both, or none. */
  ends(items: Item[]): End[];
  /** The files of frames that belong together. items: two that they lie between, or none. null: it was stopped. */
  write(frames: Wish[], items: Item[], report: Report): Promise<Saved | null>;
  /** Play a frame, or an item. Pictures cannot. */
  readonly play?: (frame: Wish, items: Item[]) => Promise<void>;
}

export function mediumOf(space: Description, engine: Engine): Medium {
  return space.kind.name === "pictures" ? new Pictures(space.kind, engine) : new Sounds(space.kind, engine);
}

class Pictures implements Medium {
  readonly word = "picture";
  readonly suffix = ".png";
  readonly accept = "image/*";

  constructor(private readonly kind: PictureKind, private readonly engine: Engine) {}

  get about(): string {
    const { width, height, channels } = this.kind;
    return `${width}\u00a0×\u00a0${height} pixels, ${channels === 1 ? "grey" : "colour"}`;
  }

  async read(file: File): Promise<Item> {
    const content = await readContent(file);
    const { picture, isAligned } = await readPhotograph(content, this.kind.align);
    return { name: file.name, sha256: await sha256(content), ...(await this.engine.call("look", picture, isAligned)) };
  }

  ends(): End[] {
    return [];
  }

  async write(frames: Wish[], _: Item[], report: Report): Promise<Saved | null> {
    const pictures = await inParts(frames, PICTURES, report, (some) => this.engine.call("decode", some, []));
    return pictures && { files: await Promise.all(pictures.map(async (picture) => ({ content: await png(picture), more: {} }))), said: "" };
  }
}

class Sounds implements Medium {
  readonly word = "recording";
  readonly suffix = ".wav";
  readonly accept = "audio/*";
  private readonly player = new Player();

  constructor(private readonly kind: SoundKind, private readonly engine: Engine) {}

  get about(): string {
    const { rate, fmin, fmax } = this.kind;
    return `sounds at ${rate} Hz, ${Math.round(fmin)} to ${Math.round(fmax)} Hz`;
  }

  async read(file: File): Promise<Item> {
    const content = await readContent(file);
    const recording = await readRecording(content, this.kind);
    return { name: file.name, sha256: await sha256(content), recording, ...(await this.engine.call("hear", recording.wave)) };
  }

  ends(items: Item[]): End[] {
    const ends = items.flatMap(({ recording, lost }) => (recording ? [{ wave: recording.wave, lost }] : []));
    return ends.length === items.length ? ends : [];
  }

  readonly play = async (frame: Wish, items: Item[]): Promise<void> => {
    const made = await this.waves([frame], items, () => true);
    const { waves } = prepared(made!, this.kind.rate);
    await this.player.play(waves[0], this.kind.rate);
  };

  async write(frames: Wish[], items: Item[], report: Report): Promise<Saved | null> {
    const { rate, codec } = this.kind;
    const made = await this.waves(frames, items, report);
    if (!made) return null;
    const { waves, gain } = prepared(made, rate);
    const [a = ["", ""], b = ["", ""]] = items.map((item) => this.times(item));
    const files = waves.map((wave, i) => {
      const isRecording = items.some(({ recording }) => recording?.wave === made[i]);
      return {
        content: wav(wave, rate),
        more: {
          onset_a: a[0], offset_a: a[1], onset_b: b[0], offset_b: b[1],
          codec, rate, seconds: Number((wave.length / rate).toFixed(6)), level_db: level(wave), gain_db: decimal(gain),
          pitch_hz: "", inversion: isRecording ? "" : INVERSION, normalise: "none", fade: FADE, pad: "False",
        },
      };
    });
    return { files, said: gain ? ` All are turned down by ${-gain} dB, since the peak of one would be cut off.` : "" };
  }

  /** What was left of a recording whose quiet ends are cut off, in seconds. */
  private times({ recording }: Item): [number | "", number | ""] {
    if (!this.kind.trim || !recording) return ["", ""];
    const onset = Number((recording.start / this.kind.rate).toFixed(6));
    return [onset, Number((onset + recording.wave.length / this.kind.rate).toFixed(6))];
  }

  /** The ends of a continuum are the recordings themselves. */
  private async waves(frames: Wish[], items: Item[], report: Report): Promise<Float32Array[] | null> {
    const ends = this.ends(items);
    const made = await inParts(frames, SOUNDS, report, (some) => this.engine.call("sing", some, ends));
    return made && made.map((wave, i) => ends[frames[i].share]?.wave ?? wave);
  }
}

/** null: it was stopped. */
async function inParts<Made>(
  frames: Wish[], size: number, report: Report, make: (some: Wish[]) => Promise<Made[]>,
): Promise<Made[] | null> {
  const made: Made[] = [];
  while (made.length < frames.length) {
    if (!report(made.length)) return null;
    made.push(...(await make(frames.slice(made.length, made.length + size))));
  }
  return made;
}
