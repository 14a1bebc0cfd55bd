/** The page: items in places, sliders, and the frame that they give. */

import { Thread } from "./calls";
import { archive, type Entry } from "./files";
import { mediumOf, type Frame, type Item, type Medium } from "./medium";
import { newest } from "./newest";
import { paint } from "./paint";
import { sliders } from "./sliders";
import { Slot } from "./slot";
import { between, edited, evenly, factsOf, inSquare, Problem, type Amounts, type Description } from "./space";
import { Walk } from "./walk";
import type { SpaceCalls } from "./worker";

type Mode = "morph" | "edit" | "square" | "walk";

const LETTERS = ["A", "B", "C", "D"];
/** Places that each mode needs. */
const PLACES: Record<Mode, number> = { morph: 2, edit: 1, square: 4, walk: 0 };

const thread = new Thread<SpaceCalls>("worker.js");
const the = <Kind extends HTMLElement>(id: string) => document.getElementById(id) as Kind;
const [weight, across, down, count] = ["weight", "across", "down", "count"].map((id) => the<HTMLInputElement>(id));
const [save, download, reset, play, stop] = ["save", "download", "reset", "play", "stop"].map((id) => the<HTMLButtonElement>(id));
const [table, pad, hint, status] = ["table", "pad", "hint", "status"].map((id) => the(id));
const frame = the<HTMLCanvasElement>("frame");

let space: Description;
let medium: Medium;
let slots: Slot[] = [];
let mode: Mode = "morph";
let walk: Walk;
let isShown = false;
const amounts: Amounts = {};

function say(text: string, bad = false): void {
  status.textContent = text;
  status.classList.toggle("bad", bad);
}

function told(error: unknown): string {
  if (error instanceof Problem) return error.message;
  return `Something failed: ${error instanceof Error ? error.message : String(error)}. Reload the page, or write its folder again.`;
}

/** Read files into the places from one on. */
async function fill(files: File[], from: Slot): Promise<void> {
  const places = slots.slice(slots.indexOf(from)).filter((slot) => !slot.element.hidden);
  if (files.length > places.length) say(`There are places for ${places.length} of the ${files.length} files.`);
  // All take their turns before the first is read, so that what is given later wins.
  const turns = places.slice(0, files.length).map((slot) => [slot, slot.turn()] as const);
  for (const [i, [slot, turn]] of turns.entries()) {
    await slot.take(turn, () => medium.read(files[i]), told, space.error_threshold);
    await show();
  }
}

/** Read files that were given to no place in particular. */
function fillAny(files: File[]): void {
  const visible = slots.filter((slot) => !slot.element.hidden);
  const free = visible.find((slot) => !slot.item);
  if (!visible.length) say(`A walk takes no ${medium.word}s. Choose another tab.`);
  else if (free ?? visible.length === 1) void fill(files, free ?? visible[0]);
  else say(`All places are taken. Drop the ${medium.word} on one of them.`);
}

/** A random sample of the space, for who has no picture or recording at hand. */
async function draw(slot: Slot): Promise<void> {
  await slot.take(slot.turn(), () => medium.made(sample()), told, null);
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
function wanted(): Frame | null {
  if (mode === "walk") {
    const code = walk.code();
    return { code, facts: factsOf(code, space.facts), share: 0.5 };
  }
  const [given, w] = [items(), weight.valueAsNumber];
  if (!given) return null;
  if (mode === "morph") return onTheWay(given[0], given[1], w);
  if (mode === "edit") return changed(given[0], amounts);
  const [code, facts] = (["code", "facts"] as const).map((name) =>
    inSquare(given.map((item) => item[name]), across.valueAsNumber, down.valueAsNumber),
  );
  return { code, facts, share: 0.5 };
}

function onTheWay(a: Item, b: Item, share: number): Frame {
  return { code: between(a.code, b.code, share), facts: between(a.facts, b.facts, share), share };
}

function changed(item: Item, by: Amounts): Frame {
  return { code: edited(item.code, by, space.attributes), facts: item.facts, share: 0.5 };
}

const show = newest(async () => {
  try {
    const wish = wanted();
    const picture = wish && (await thread.call("decode", [wish], medium.ends(both()).map(({ lost }) => lost)))[0];
    if (picture) paint(frame, picture);
    isShown = !!wish;
    frame.style.visibility = isShown ? "visible" : "hidden";
    hint.textContent = isShown ? "" : missing();
    the("dot").hidden = !isShown || mode !== "square";
    save.disabled = play.disabled = !isShown;
    download.disabled = !isShown || reset.disabled;
    pad.dataset.drawn = String(Number(pad.dataset.drawn ?? 0) + 1);
  } catch (error) {
    say(told(error), true);
  }
});

function missing(): string {
  const letters = LETTERS.slice(0, PLACES[mode]).filter((_, i) => !slots[i].item);
  const names = letters.length > 1 ? `${letters.slice(0, -1).join(", ")} and ${letters.at(-1)}` : letters[0];
  return `Put ${letters.length > 1 ? `${medium.word}s` : `a ${medium.word}`} into ${names}.`;
}

let toPlay: Item | null = null;

/** Play an item, or the frame that the sliders stand for, if it can be heard. */
const playNewest = newest(async () => {
  const [wish, items] = toPlay ? [onTheWay(toPlay, toPlay, 0), [toPlay, toPlay]] : [wanted(), both()];
  if (!medium.play || !wish) return;
  say("Computing the sound …");
  try {
    await medium.play(wish, items);
    say("");
  } catch (error) {
    say(told(error), true);
  }
});

function playFrame(): Promise<void> {
  toPlay = null;
  return playNewest();
}

function playItem(item: Item): Promise<void> {
  toPlay = item;
  return playNewest();
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
  const [name, wish, ends] = [mode, wanted(), both()]; // as they are now: all may change meanwhile
  if (!wish) return;
  const place = { morph: `_${weight.value}`, square: `_${across.value}_${down.value}`, edit: "", walk: "" }[name];
  const written = await medium.write([wish], ends);
  give(new Blob([written!.files[0].content]), `${name}${place}${medium.suffix}`);
  say(`Saved.${written!.said}`);
}

let isStopped = false;

/** The whole continuum, or the way from the item to its edit, as a zip. */
async function saveAll(): Promise<void> {
  if (!stop.hidden || !count.reportValidity()) return;
  // The mode may change meanwhile.
  const [name, [a, b], shares] = [mode, both(), evenly(count.valueAsNumber)];
  const isMorph = name === "morph";
  const moved = Object.entries(amounts).filter(([, x]) => x);
  if (!isMorph && !moved.length) return say("Move a slider first: nothing is changed yet.");
  const changes = shares.map((share): Amounts => (isMorph ? {} : Object.fromEntries(moved.map(([key, x]) => [key, share * x]))));
  const wishes = shares.map((share, i) => (isMorph ? onTheWay(a, b, share) : changed(a, changes[i])));
  const report = (done: number) => {
    say(`Making frame ${done + 1} of ${wishes.length} …`);
    return !isStopped;
  };
  isStopped = false;
  stop.hidden = false;
  const written = await medium.write(wishes, [a, b], report).finally(() => (stop.hidden = true));
  if (!written) return say("Stopped: nothing is saved.");
  const frames = written.files.map((file, i): Entry => ({ ...file, weight: isMorph ? shares[i] : 0, amounts: changes[i] }));
  const same = { spacing: isMorph ? "even" : "given", detail: medium.ends([a, b]).length ? "carried" : "none" };
  give(archive(frames, a, b, space, medium.suffix, same), `${name}.zip`);
  say(`${frames.length} frames and manifest.csv are in ${name}.zip.${written.said}`);
}

/** In a square, the frame itself is a field to drag on. */
function square(): void {
  const to = (x: number, y: number) => {
    [across.value, down.value] = [String(x), String(y)];
    across.dispatchEvent(new Event("input"));
    down.dispatchEvent(new Event("input"));
  };
  const drag = (event: PointerEvent) => {
    if (mode !== "square" || !isShown || !event.buttons) return;
    const { left, top, width, height } = pad.getBoundingClientRect();
    pad.setPointerCapture(event.pointerId);
    to((event.clientX - left) / width, (event.clientY - top) / height);
  };
  pad.addEventListener("pointerdown", drag);
  pad.addEventListener("pointermove", drag);
  pad.addEventListener("pointerup", () => mode === "square" && void playFrame());
}

function listen(): void {
  for (const input of [weight, across, down]) {
    input.addEventListener("input", () => {
      input.parentElement!.querySelector("output")!.value = input.valueAsNumber.toFixed(2);
      Object.assign(the("dot").style, { left: `${100 * across.valueAsNumber}%`, top: `${100 * down.valueAsNumber}%` });
      void show();
    });
    input.addEventListener("change", () => void playFrame());
  }
  for (const input of document.querySelectorAll<HTMLInputElement>("#modes input"))
    input.addEventListener("change", () => choose(input.value as Mode));
  for (const [button, action] of [[save, saveFrame], [download, saveAll], [play, playFrame]] as const)
    button.addEventListener("click", () => void action().catch((error: unknown) => say(told(error), true)));
  stop.addEventListener("click", () => (isStopped = true));
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    const focused = slots.find((slot) => slot.element.contains(document.activeElement));
    if (!files.length) say(`The clipboard holds no ${medium.word}.`);
    else if (focused) void fill(files, focused);
    else fillAny(files);
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) fillAny(files);
    else say(`That was no file. Save the ${medium.word} first, then drop its file.`);
  });
}

async function open(): Promise<void> {
  space = await thread.call("open");
  medium = mediumOf(space, thread);
  the("about").textContent = `${space.model}, ${medium.about}`;
  for (const place of document.querySelectorAll(".about")) place.textContent = medium.about;
  slots = LETTERS.map((letter) => new Slot(letter, medium, fill, draw, medium.play && playItem));
  table.prepend(...slots.map((slot) => slot.element));
  walk = new Walk(sample, the("walk"), show);
  play.hidden = !medium.play;
  sliders(the("attributes"), space.attributes, amounts, reset, show, playFrame);
  square();
  listen();
  for (const part of [the("modes"), table]) part.hidden = false;
  the(`about-${space.kind.name}`).hidden = !space.networks.encoder;
  const inputs = [...document.querySelectorAll<HTMLInputElement>("#modes input")];
  if (!space.networks.encoder) for (const input of inputs) input.disabled = input.value !== "walk";
  // A browser keeps what was chosen before a reload.
  const chosen = inputs.find((input) => input.checked && !input.disabled) ?? inputs.find((input) => !input.disabled)!;
  chosen.checked = true;
  for (const input of [weight, across, down]) input.dispatchEvent(new Event("input"));
  choose(chosen.value as Mode);
  the("controls").append(status); // where the buttons are
  if (!space.networks.encoder) say(`${space.model} has no encoder, so it takes no ${medium.word}s: it walks among its own samples.`);
}

open().catch((error: unknown) => say(told(error), true));
