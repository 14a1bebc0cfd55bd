/** A place for one item: chosen, dropped, pasted, or a random sample. */

import { ARRAY, type Item, type Medium } from "./medium";
import { paint } from "./paint";

export class Slot {
  readonly element = document.createElement("section");
  item: Item | null = null;
  private readonly drop = part("button", "drop");
  private readonly canvas = part("canvas", "");
  private readonly said = part("p", "said");
  private turns = 0;

  /** play: of items that are heard. */
  constructor(
    letter: string, { word, accept }: Medium, fill: (files: File[], from: Slot) => Promise<void>,
    draw: (slot: Slot) => Promise<void>, play?: (item: Item) => Promise<void>,
  ) {
    this.element.id = letter.toLowerCase();
    this.element.className = "slot";
    this.element.setAttribute("aria-label", `Item ${letter}`);
    const title = part("h2", "");
    title.textContent = letter;
    const text = part("span", "");
    const ways = part("span", "ways"); // on a phone there is one
    ways.textContent = ", drop or paste";
    text.append("Choose", ways, ` a ${word}`);
    this.drop.type = "button";
    this.drop.setAttribute("aria-label", `Choose a ${word} for ${letter}`);
    this.drop.append(text, this.canvas);
    this.said.setAttribute("role", "status");
    const input = part("input", "");
    Object.assign(input, { type: "file", accept, multiple: true, hidden: true });
    const made = part("button", "draw");
    Object.assign(made, { type: "button", textContent: "Random sample" });
    made.setAttribute("aria-label", `Random sample for ${letter}`);
    const buttons = part("div", "buttons");
    buttons.append(made);
    this.element.append(title, this.drop, input, this.said, buttons);
    if (play) {
      const heard = part("button", "heard");
      Object.assign(heard, { type: "button", textContent: "Play" });
      heard.setAttribute("aria-label", `Play ${letter}`);
      heard.addEventListener("click", () => this.item && void play(this.item));
      buttons.prepend(heard);
    }
    this.drop.addEventListener("click", () => input.click());
    made.addEventListener("click", () => void draw(this));
    input.addEventListener("change", () => {
      void fill([...(input.files ?? [])], this);
      input.value = ""; // so that the same file can be chosen again
    });
    for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]] as const)
      this.element.addEventListener(name, (event) => {
        event.preventDefault();
        this.drop.classList.toggle("over", over);
        const files = [...(event.dataTransfer?.files ?? [])];
        if (name !== "drop") return;
        event.stopPropagation();
        if (files.length) void fill(files, this);
        else this.say("That was no file. Save it first, then drop its file.", true);
      });
  }

  /** A turn for `take`. A later one wins. */
  turn(): number {
    this.say("Waiting …");
    return ++this.turns;
  }

  /** Show what `read` gives, or why it gives nothing: then the item stays that was here before. */
  async take(turn: number, read: () => Promise<Item>, told: (error: unknown) => string, threshold: number | null): Promise<void> {
    if (turn !== this.turns) return;
    this.say("Reading …");
    try {
      const item = await read();
      if (turn !== this.turns) return;
      this.item = item;
      paint(this.canvas, item.picture);
      this.element.classList.add("full");
      const unlike = threshold !== null && item.error > threshold;
      const notes = [item.recording?.note, unlike && "unlike the training data, so what is made of it may not look like it"];
      this.say([nameOf(item), notes.filter(Boolean).join("; ")].filter(Boolean).join(": "));
    } catch (error) {
      const stays = this.item ? ` Here is still ${nameOf(this.item)}.` : "";
      if (turn === this.turns) this.say(told(error) + stays, true);
    }
  }

  private say(text: string, bad = false): void {
    this.said.textContent = text;
    this.said.classList.toggle("bad", bad);
  }
}

function nameOf(item: Item): string {
  return item.name === ARRAY ? "random sample" : item.name;
}

function part<Name extends keyof HTMLElementTagNameMap>(name: Name, of: string): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (of) made.className = of;
  return made;
}
