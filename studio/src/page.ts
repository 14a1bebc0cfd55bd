/** The page: items in places, sliders, and the frame that they give. */

import { Engine } from "./engine";
import { archive, png, type Frame, type Source } from "./files";
import { paint } from "./paint";
import type { Picture } from "./pixels";
import { readPhotograph, sha256 } from "./reading";
import { between, edited, evenly, inSquare, Problem, reach, type Amounts, type Description } from "./space";
import { Slot } from "./slot";

type Mode = "morph" | "edit" | "square" | "walk";

const LETTERS = ["A", "B", "C", "D"];
/** Places that each mode needs. */
const PLACES: Record<Mode, number> = { morph: 2, edit: 1, square: 4, walk: 0 };
/** Codes that are decoded together, as in Python. */
const BATCH = 32;
/** Name of a source that is no file, as in Python. */
const ARRAY = "(array)";
/** A vector with a larger standard error is told, as in Python. */
const VAGUE = 0.5;
/** Milliseconds from one item of a walk to the next. */
const STRIDE = 2500;

const engine = new Engine();
const the = <Kind extends HTMLElement>(id: string) => document.getElementById(id) as Kind;
const [weight, across, down, count] = ["weight", "across", "down", "count"].map((id) => the<HTMLInputElement>(id));
const [save, download, reset, walk] = ["save", "download", "reset", "walk"].map((id) => the<HTMLButtonElement>(id));
const [table, pad, hint, status] = ["table", "pad", "hint", "status"].map((id) => the(id));
const frame = the<HTMLCanvasElement>("frame");

let space: Description;
let mode: Mode = "morph";
let shown: Picture | null = null;
const amounts: Amounts = {};
const slots = LETTERS.map((letter) => new Slot(letter, fill, draw));

function say(text: string, bad = false): void {
  status.textContent = text;
  status.classList.toggle("bad", bad);
}

function told(error: unknown): string {
  if (error instanceof Problem) return error.message;
  return `Something failed: ${error instanceof Error ? error.message : String(error)}. Reload the page.`;
}

/** Read files into the places from one on. */
async function fill(files: File[], from: Slot): Promise<void> {
  const places = slots.slice(slots.indexOf(from)).filter((slot) => !slot.element.hidden);
  for (const [i, file] of files.slice(0, places.length).entries()) {
    await places[i].take(async () => {
      const { name, sha256, picture, isAligned } = await readPhotograph(file, space.kind.align);
      return { name, sha256, ...(await engine.call("read", picture, isAligned)) };
    }, told, space.error_threshold);
    await show();
  }
}

/** A random sample of the space, for who has no picture at hand. */
async function draw(slot: Slot): Promise<void> {
  await slot.take(async () => {
    const [item] = await engine.call("decode", [sample()]);
    const made = await engine.call("encode", item);
    return { name: ARRAY, sha256: await sha256(Uint8Array.from(item.data)), ...made };
  }, told, null);
  await show();
}

function sample(): Float32Array {
  return Float32Array.from(space.samples[Math.floor(Math.random() * space.samples.length)]);
}

/** The code that the sliders stand for, or null while items are missing. */
function wanted(): Float32Array | null {
  const items = slots.slice(0, PLACES[mode]).map((slot) => slot.item?.code);
  if (mode === "walk") return steps.code();
  if (!items.every((code) => code !== undefined)) return null;
  const codes = items as Float32Array[];
  if (mode === "morph") return between(codes[0], codes[1], weight.valueAsNumber);
  if (mode === "edit") return edited(codes[0], amounts, space.attributes);
  return inSquare(codes, across.valueAsNumber, down.valueAsNumber);
}

let drawing = false;
let again = false;

/** Draw the wanted frame. While one is computed, only the newest wish is kept. */
async function show(): Promise<void> {
  again = true;
  if (drawing) return;
  drawing = true;
  try {
    while (again) {
      again = false;
      const code = wanted();
      shown = code && (await engine.call("decode", [code]))[0];
      if (shown) paint(frame, shown);
      frame.style.visibility = shown ? "visible" : "hidden";
      hint.textContent = shown ? "" : missing();
      the("dot").hidden = !shown || mode !== "square";
      save.disabled = !shown;
      download.disabled = !shown || reset.disabled;
      pad.dataset.drawn = String(Number(pad.dataset.drawn ?? 0) + 1);
    }
  } catch (error) {
    say(told(error), true);
  } finally {
    drawing = false;
  }
}

function missing(): string {
  const letters = LETTERS.slice(0, PLACES[mode]).filter((_, i) => !slots[i].item);
  const names = letters.length > 1 ? `${letters.slice(0, -1).join(", ")} and ${letters.at(-1)}` : letters[0];
  return `Put ${letters.length > 1 ? "pictures" : "a picture"} into ${names}.`;
}

function choose(next: Mode): void {
  mode = next;
  say("");
  table.dataset.mode = mode;
  slots.forEach((slot, i) => (slot.element.hidden = i >= PLACES[mode]));
  for (const part of document.querySelectorAll<HTMLElement>(".own")) part.hidden = !part.dataset.mode!.split(" ").includes(mode);
  pad.classList.toggle("square", mode === "square");
  reset.disabled = mode === "edit" && !Object.keys(space.attributes).length;
  if (mode !== "walk") steps.stop();
  void show();
}

/** A walk among random samples of the space. */
const steps = {
  running: false, from: new Float32Array() as Float32Array, to: new Float32Array() as Float32Array, share: 0, time: 0,
  code(): Float32Array {
    if (!this.from.length) [this.from, this.to] = [sample(), sample()];
    return between(this.from, this.to, this.share);
  },
  async go(): Promise<void> {
    this.running = true;
    this.time = performance.now();
    walk.textContent = "Stop";
    while (this.running) {
      const now = await new Promise<number>(requestAnimationFrame);
      this.share += Math.max(0, now - this.time) / STRIDE;
      this.time = now;
      if (this.share >= 1) [this.from, this.to, this.share] = [this.to, sample(), 0];
      await show();
    }
  },
  stop(): void {
    this.running = false;
    walk.textContent = "Start";
  },
};

function give(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function saveFrame(): Promise<void> {
  if (!shown) return;
  const place = { morph: `_${weight.value}`, square: `_${across.value}_${down.value}`, edit: "", walk: "" }[mode];
  give(new Blob([await png(shown)], { type: "image/png" }), `${mode}${place}.png`);
  say("Saved.");
}

/** The whole continuum, or the way from the item to its edit, as a zip. */
async function saveAll(): Promise<void> {
  if (!count.reportValidity()) return;
  const [a, b] = mode === "morph" ? [slots[0].item!, slots[1].item!] : [slots[0].item!, slots[0].item!];
  const shares = evenly(count.valueAsNumber);
  const changes = shares.map((share): Amounts => {
    const changed = Object.entries(amounts).filter(([, x]) => x);
    return mode === "morph" ? {} : Object.fromEntries(changed.map(([name, x]) => [name, share * x]));
  });
  if (mode === "edit" && !Object.keys(changes[0]).length) return say("Move a slider first: nothing is changed yet.");
  const codes = shares.map((share, i) =>
    mode === "morph" ? between(a.code, b.code, share) : edited(a.code, changes[i], space.attributes),
  );
  const pictures: Picture[] = [];
  for (let i = 0; i < codes.length; i += BATCH) {
    say(`Drawing frame ${i + 1} of ${codes.length} …`);
    pictures.push(...(await engine.call("decode", codes.slice(i, i + BATCH))));
  }
  const frames = pictures.map((picture, i): Frame => {
    const file = `frame_${String(i).padStart(4, "0")}.png`;
    return { file, picture, weight: mode === "morph" ? shares[i] : 0, amounts: changes[i] };
  });
  const [from, to]: Source[] = [a, b];
  give(await archive(frames, from, to, space, mode === "morph" ? "even" : "given"), `${mode}.zip`);
  say(`${frames.length} frames and manifest.csv are in ${mode}.zip.`);
}

function sliders(): void {
  const place = the("attributes");
  const names = Object.keys(space.attributes);
  const note = document.createElement("p");
  note.className = "note";
  note.textContent = names.length
    ? "Amounts: 1 is from absent to present, or one unit of a number."
    : "This space has no attributes. Fit some with gaiamorph attributes, then open the studio again.";
  place.append(note);
  const vague = names.filter((name) => (space.attributes[name].error ?? 0) > VAGUE);
  if (vague.length) note.textContent += ` The data hardly says which way leads to ${vague.join(", ")}.`;
  for (const [i, name] of names.entries()) {
    const most = reach(space.attributes[name]);
    const row = document.createElement("div");
    row.className = "slider";
    const title = document.createElement("label");
    const output = document.createElement("output");
    const input = document.createElement("input");
    Object.assign(input, { id: `attribute-${i}`, type: "range", min: `${-most}`, max: `${most}`, step: `${most / 40}`, value: "0" });
    title.textContent = name;
    title.htmlFor = input.id;
    output.htmlFor.add(input.id);
    const change = () => {
      const amount = Number(input.valueAsNumber.toPrecision(6));
      amounts[name] = amount;
      output.value = amount ? `${amount > 0 ? "+" : "−"}${Math.abs(amount).toPrecision(2)}` : "0";
      void show();
    };
    input.addEventListener("input", change);
    reset.addEventListener("click", () => {
      input.value = "0";
      change();
    });
    output.value = "0";
    row.append(title, output, input);
    place.append(row);
  }
}

/** In a square, the frame itself is a field to drag on. */
function square(): void {
  const to = (x: number, y: number) => {
    [across.value, down.value] = [String(x), String(y)];
    across.dispatchEvent(new Event("input"));
    down.dispatchEvent(new Event("input"));
  };
  const drag = (event: PointerEvent) => {
    if (mode !== "square" || !shown || !event.buttons) return;
    const { left, top, width, height } = pad.getBoundingClientRect();
    pad.setPointerCapture(event.pointerId);
    to((event.clientX - left) / width, (event.clientY - top) / height);
  };
  pad.addEventListener("pointerdown", drag);
  pad.addEventListener("pointermove", drag);
}

function listen(): void {
  for (const input of [weight, across, down])
    input.addEventListener("input", () => {
      input.parentElement!.querySelector("output")!.value = input.valueAsNumber.toFixed(2);
      Object.assign(the("dot").style, { left: `${100 * across.valueAsNumber}%`, top: `${100 * down.valueAsNumber}%` });
      void show();
    });
  for (const input of document.querySelectorAll<HTMLInputElement>("#modes input"))
    input.addEventListener("change", () => choose(input.value as Mode));
  // A button that is disabled loses the focus, so a second click is ignored instead.
  let busy = false;
  const guarded = (button: HTMLButtonElement, action: () => Promise<void>) =>
    button.addEventListener("click", async () => {
      if (busy) return;
      busy = true;
      await action().catch((error: unknown) => say(told(error), true));
      busy = false;
    });
  guarded(save, saveFrame);
  guarded(download, saveAll);
  walk.addEventListener("click", () => (steps.running ? steps.stop() : void steps.go()));
  // What is pasted, or dropped beside the places, goes to the first empty ones.
  const empty = () => slots.find((slot) => !slot.element.hidden && !slot.item) ?? slots[0];
  document.addEventListener("paste", (event) => {
    if (!PLACES[mode]) return;
    const files = [...(event.clipboardData?.files ?? [])];
    const focused = slots.find((slot) => slot.element.contains(document.activeElement));
    if (files.length) void fill(files, focused ?? empty());
    else say("The clipboard holds no picture.");
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length && PLACES[mode]) void fill(files, empty());
  });
}

async function open(): Promise<void> {
  space = await engine.call("open");
  const { name, width, height, channels } = space.kind;
  if (name !== "pictures")
    throw new Problem(`The page draws pictures so far, and this is a space of ${name}: use gaiamorph morph.`);
  const size = `${width}\u00a0×\u00a0${height} pixels`;
  the("about").textContent = `${space.model}, ${size}, ${channels === 1 ? "grey" : "colour"}`;
  the("size").textContent = size;
  table.prepend(...slots.map((slot) => slot.element));
  sliders();
  square();
  listen();
  for (const part of [the("modes"), table, the("about-frames")]) part.hidden = false;
  const inputs = [...document.querySelectorAll<HTMLInputElement>("#modes input")];
  if (!space.networks.encoder) for (const input of inputs) input.disabled = input.value !== "walk";
  // A browser keeps what was chosen before a reload.
  const chosen = inputs.find((input) => input.checked && !input.disabled) ?? inputs.find((input) => !input.disabled)!;
  chosen.checked = true;
  for (const input of [weight, across, down]) input.dispatchEvent(new Event("input"));
  choose(chosen.value as Mode);
  the("controls").append(status); // where the buttons are
  if (!space.networks.encoder) say(`${space.model} has no encoder, so pictures have no codes in it.`);
}

open().catch((error: unknown) => say(told(error), true));
