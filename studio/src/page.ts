/** The page: items in places, sliders, and the frame that they give. */

import { Engine } from "./engine";
import { archive, type Frame } from "./files";
import { mediumOf, type Item, type Medium, type Written } from "./medium";
import { paint } from "./paint";
import { sha256 } from "./reading";
import { sliders } from "./sliders";
import { Slot } from "./slot";
import { between, edited, evenly, inSquare, Problem, type Amounts, type Description } from "./space";
import { Walk } from "./walk";
import type { Wish } from "./worker";

type Mode = "morph" | "edit" | "square" | "walk";

const LETTERS = ["A", "B", "C", "D"];
/** Places that each mode needs. */
const PLACES: Record<Mode, number> = { morph: 2, edit: 1, square: 4, walk: 0 };
/** Name of a source that is no file, as in Python. */
const ARRAY = "(array)";

const engine = new Engine();
const the = <Kind extends HTMLElement>(id: string) => document.getElementById(id) as Kind;
const [weight, across, down, count] = ["weight", "across", "down", "count"].map((id) => the<HTMLInputElement>(id));
const [save, download, reset, play] = ["save", "download", "reset", "play"].map((id) => the<HTMLButtonElement>(id));
const [table, pad, hint, status] = ["table", "pad", "hint", "status"].map((id) => the(id));
const frame = the<HTMLCanvasElement>("frame");

let space: Description;
let medium: Medium;
let slots: Slot[] = [];
let mode: Mode = "morph";
let shown: Wish | null = null;
const amounts: Amounts = {};
const walk = new Walk(sample, the("walk"), show);

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
    await places[i].take(() => medium.read(file), told, space.error_threshold);
    await show();
  }
}

/** A random sample of the space, for who has no picture or recording at hand. */
async function draw(slot: Slot): Promise<void> {
  await slot.take(async () => {
    const made = await engine.call("made", sample());
    return { name: ARRAY, sha256: await sha256(Uint8Array.from(made.picture.data)), ...made };
  }, told, null);
  await show();
}

function sample(): Float32Array {
  return Float32Array.from(space.samples[Math.floor(Math.random() * space.samples.length)]);
}

/** The items in the places that the mode needs, or null while some are missing. */
function items(): Item[] | null {
  const found = slots.slice(0, PLACES[mode]).map((slot) => slot.item);
  return found.every((item) => item !== null) ? found : null;
}

/** The two items that frames lie between whose detail they can carry. Squares and walks have none. */
function both(): Item[] {
  const [a, b = a] = mode === "morph" || mode === "edit" ? (items() ?? []) : [];
  return a ? [a, b] : [];
}

/** What the sliders stand for, or null while items are missing. */
function wanted(): Wish | null {
  if (mode === "walk") return { code: walk.code(), facts: null, share: 0.5 };
  const [given, w] = [items(), weight.valueAsNumber];
  if (!given) return null;
  if (mode === "morph") return onTheWay(given[0], given[1], w);
  if (mode === "edit") return changed(given[0], amounts);
  const [code, facts] = (["code", "facts"] as const).map((name) =>
    inSquare(given.map((item) => item[name]), across.valueAsNumber, down.valueAsNumber),
  );
  return { code, facts, share: 0.5 };
}

function onTheWay(a: Item, b: Item, share: number): Wish {
  return { code: between(a.code, b.code, share), facts: between(a.facts, b.facts, share), share };
}

function changed(item: Item, by: Amounts): Wish {
  return { code: edited(item.code, by, space.attributes), facts: item.facts, share: 0.5 };
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
      const wish = wanted();
      const picture = wish && (await engine.call("decode", [wish], medium.ends(both())))[0];
      if (picture) paint(frame, picture);
      shown = wish;
      frame.style.visibility = shown ? "visible" : "hidden";
      hint.textContent = shown ? "" : missing();
      the("dot").hidden = !shown || mode !== "square";
      save.disabled = play.disabled = !shown;
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
  return `Put ${letters.length > 1 ? `${medium.word}s` : `a ${medium.word}`} into ${names}.`;
}

/** Play the frame that the sliders stand for. */
async function playFrame(): Promise<void> {
  const wish = wanted();
  if (!wish || !medium.play) return;
  say("Computing the sound …");
  await medium.play(wish, both());
  say("");
}

function choose(next: Mode): void {
  mode = next;
  say("");
  table.dataset.mode = mode;
  slots.forEach((slot, i) => (slot.element.hidden = i >= PLACES[mode]));
  for (const part of document.querySelectorAll<HTMLElement>(".own")) part.hidden = !part.dataset.mode!.split(" ").includes(mode);
  pad.classList.toggle("square", mode === "square");
  reset.disabled = mode === "edit" && !Object.keys(space.attributes).length;
  if (mode !== "walk") walk.stop();
  void show();
}

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
  const { files, said } = await medium.write([shown], both());
  give(new Blob([files[0].content]), `${mode}${place}${medium.suffix}`);
  say(`Saved.${said}`);
}

/** The whole continuum, or the way from the item to its edit, as a zip. */
async function saveAll(): Promise<void> {
  if (!count.reportValidity()) return;
  const [a, b] = both();
  const shares = evenly(count.valueAsNumber);
  const changes = shares.map((share): Amounts => {
    const moved = Object.entries(amounts).filter(([, x]) => x);
    return mode === "morph" ? {} : Object.fromEntries(moved.map(([name, x]) => [name, share * x]));
  });
  if (mode === "edit" && !Object.keys(changes[0]).length) return say("Move a slider first: nothing is changed yet.");
  const wishes = shares.map((share, i) => (mode === "morph" ? onTheWay(a, b, share) : changed(a, changes[i])));
  const written: Written[] = [];
  let warned = "";
  for (let i = 0; i < wishes.length; i += medium.batch) {
    say(`Making frame ${i + 1} of ${wishes.length} …`);
    const { files, said } = await medium.write(wishes.slice(i, i + medium.batch), [a, b]);
    written.push(...files);
    warned = said;
  }
  const frames = written.map((file, i): Frame => ({ ...file, weight: mode === "morph" ? shares[i] : 0, amounts: changes[i] }));
  const same = { spacing: mode === "morph" ? "even" : "given", detail: medium.ends([a, b]).length ? "carried" : "none" };
  give(await archive(frames, a, b, space, medium.suffix, same), `${mode}.zip`);
  say(`${frames.length} frames and manifest.csv are in ${mode}.zip.${warned}`);
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
  pad.addEventListener("pointerup", () => mode === "square" && settled());
}

/** A slider has been let go: what is heard is played. */
function settled(): void {
  void playFrame().catch((error: unknown) => say(told(error), true));
}

function listen(): void {
  for (const input of [weight, across, down]) {
    input.addEventListener("input", () => {
      input.parentElement!.querySelector("output")!.value = input.valueAsNumber.toFixed(2);
      Object.assign(the("dot").style, { left: `${100 * across.valueAsNumber}%`, top: `${100 * down.valueAsNumber}%` });
      void show();
    });
    input.addEventListener("change", settled);
  }
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
  guarded(play, playFrame);
  // What is pasted, or dropped beside the places, goes to the first empty ones.
  const empty = () => slots.find((slot) => !slot.element.hidden && !slot.item) ?? slots[0];
  document.addEventListener("paste", (event) => {
    if (!PLACES[mode]) return;
    const files = [...(event.clipboardData?.files ?? [])];
    const focused = slots.find((slot) => slot.element.contains(document.activeElement));
    if (files.length) void fill(files, focused ?? empty());
    else say(`The clipboard holds no ${medium.word}.`);
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
  medium = mediumOf(space, engine);
  the("about").textContent = `${space.model}, ${medium.about}`;
  for (const place of document.querySelectorAll(".about")) place.textContent = medium.about;
  const own = medium.play && ((item: Item) => medium.play!({ code: item.code, facts: item.facts, share: 0 }, [item, item]));
  slots = LETTERS.map((letter) => new Slot(letter, medium, fill, draw, own && ((item) => own(item).catch((error) => say(told(error), true)))));
  table.prepend(...slots.map((slot) => slot.element));
  play.hidden = !medium.play;
  sliders(the("attributes"), space.attributes, amounts, reset, show, settled);
  square();
  listen();
  for (const part of [the("modes"), table, the(`about-${space.kind.name}`)]) part.hidden = false;
  const inputs = [...document.querySelectorAll<HTMLInputElement>("#modes input")];
  if (!space.networks.encoder) for (const input of inputs) input.disabled = input.value !== "walk";
  // A browser keeps what was chosen before a reload.
  const chosen = inputs.find((input) => input.checked && !input.disabled) ?? inputs.find((input) => !input.disabled)!;
  chosen.checked = true;
  for (const input of [weight, across, down]) input.dispatchEvent(new Event("input"));
  choose(chosen.value as Mode);
  the("controls").append(status); // where the buttons are
  if (!space.networks.encoder) say(`${space.model} has no encoder, so ${medium.word}s have no codes in it.`);
}

open().catch((error: unknown) => say(told(error), true));
