/** What the page does with one kind of data. */

import type { Bytes } from "./bytes";
import { Thread } from "./calls";
import { decimal } from "./files";
import { readPhotograph } from "./photographs";
import { Player } from "./player";
import { png } from "./png";
import { readContent, sha256 } from "./reading";
import { readRecording, type Recording } from "./recordings";
import { INVERSION } from "./sound";
import { factsOf, type Description, type PictureKind, type SoundKind } from "./space";
import { FADE, level, prepared, wav } from "./wav";
import type { VoiceCalls } from "./voice";
import type { Encoded, SpaceCalls, Wish } from "./worker";

/** Name of a source that is no file, as in Python. */
export const ARRAY = "(array)";

/** One item in its place. sha256: of its file. facts: the numbers beside its picture. */
export interface Item extends Encoded {
  name: string;
  sha256: string;
  facts: Float32Array;
  recording?: Recording;
}

/** A frame that is asked for. facts: the numbers beside it. */
export interface Frame extends Wish {
  facts: Float32Array;
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
  /** The item of a code that no item has. */
  made(code: Float32Array): Promise<Item>;
  /** The items whose detail frames carry that lie between two: both, or none. */
  ends(items: Item[]): Item[];
  /** The files of frames that belong together. items: two that they lie between, or none. null: it was stopped. */
  write(frames: Frame[], items: Item[], report?: Report): Promise<Saved | null>;
  /** Play a frame. Pictures cannot. */
  readonly play?: (frame: Frame, items: Item[]) => Promise<void>;
}

export function mediumOf(space: Description, thread: Thread<SpaceCalls>): Medium {
  return space.kind.name === "pictures" ? new Pictures(space.kind, thread) : new Sounds(space, space.kind, thread);
}

function sample(made: Encoded, facts: Float32Array): Item {
  return { name: ARRAY, sha256: sha256(made.picture.data), facts, ...made };
}

class Pictures implements Medium {
  readonly word = "picture";
  readonly suffix = ".png";
  readonly accept = "image/*";

  constructor(private readonly kind: PictureKind, private readonly thread: Thread<SpaceCalls>) {}

  get about(): string {
    const { width, height, channels } = this.kind;
    return `${width}\u00a0×\u00a0${height} pixels, ${channels === 1 ? "grey" : "colour"}`;
  }

  async read(file: File): Promise<Item> {
    const content = await readContent(file);
    const { picture, isAligned } = await readPhotograph(content, this.kind.align);
    const encoded = await this.thread.call("look", picture, isAligned);
    return { name: file.name, sha256: sha256(content), facts: new Float32Array(), ...encoded };
  }

  async made(code: Float32Array): Promise<Item> {
    return sample(await this.thread.call("made", code), new Float32Array());
  }

  ends(): Item[] {
    return [];
  }

  async write(frames: Frame[], _: Item[], report?: Report): Promise<Saved | null> {
    const pictures = await inParts(frames, PICTURES, report, (some) => this.thread.call("decode", some, []));
    return pictures && { files: await Promise.all(pictures.map(async (picture) => ({ content: await png(picture), more: {} }))), said: "" };
  }
}

class Sounds implements Medium {
  readonly word = "recording";
  readonly suffix = ".wav";
  readonly accept = "audio/*";
  private readonly player = new Player();
  private readonly voice = new Thread<VoiceCalls>("voice.js");

  constructor(private readonly space: Description, private readonly kind: SoundKind, private readonly thread: Thread<SpaceCalls>) {
    void this.voice.call("open", kind.coder);
  }

  get about(): string {
    const { rate, fmin, fmax } = this.kind;
    return `sounds at ${rate} Hz, ${Math.round(fmin)} to ${Math.round(fmax)} Hz`;
  }

  async read(file: File): Promise<Item> {
    const content = await readContent(file);
    const recording = await readRecording(content, this.kind);
    const { values, facts } = await this.voice.call("analyse", recording.wave);
    return { name: file.name, sha256: sha256(content), recording, facts, ...(await this.thread.call("encode", values)) };
  }

  async made(code: Float32Array): Promise<Item> {
    return sample(await this.thread.call("made", code), factsOf(code, this.space.facts));
  }

  ends(items: Item[]): Item[] {
    return items.every(({ recording }) => recording) ? items : [];
  }

  readonly play = async (frame: Frame, items: Item[]): Promise<void> => {
    const made = await this.waves([frame], items);
    const { waves } = prepared(made!, this.kind.rate);
    await this.player.play(waves[0], this.kind.rate);
  };

  async write(frames: Frame[], items: Item[], report?: Report): Promise<Saved | null> {
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
  private async waves(frames: Frame[], items: Item[], report?: Report): Promise<Float32Array[] | null> {
    const ends = this.ends(items);
    const recordings = ends.map(({ recording }) => recording!.wave);
    return inParts(frames, SOUNDS, report, async ([frame]) => {
      const known = recordings[frame.share];
      if (known) return [known];
      const [values] = await this.thread.call("tensors", [frame], ends.map(({ lost }) => lost));
      return [await this.voice.call("sing", { values, facts: frame.facts, share: frame.share }, recordings)];
    });
  }
}

/** null: it was stopped. */
async function inParts<Made>(
  frames: Frame[], size: number, report: Report | undefined, make: (some: Frame[]) => Promise<Made[]>,
): Promise<Made[] | null> {
  const made: Made[] = [];
  while (made.length < frames.length) {
    if (report && !report(made.length)) return null;
    made.push(...(await make(frames.slice(made.length, made.length + size))));
  }
  return made;
}
