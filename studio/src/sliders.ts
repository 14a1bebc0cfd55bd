/** Sliders for the attributes of a space. */

import { reach, type Amounts, type Attribute } from "./space";

/** A vector with a larger standard error is told, as in Python. */
const VAGUE = 0.5;

/** Sliders in a place of the page. They keep `amounts`, and are set to 0 by a button. changed: after each. settled: after the last. */
export function sliders(
  place: HTMLElement, attributes: Record<string, Attribute>, amounts: Amounts, reset: HTMLButtonElement,
  changed: () => void, settled: () => void,
): void {
  const names = Object.keys(attributes);
  const note = document.createElement("p");
  note.className = "note";
  note.textContent = names.length
    ? "1 leads from absent to present. Of a number, such as an age, it adds one unit."
    : "This space has no attributes. Fit some with gaiamorph attributes, then open the studio again.";
  place.append(note);
  const vague = names.filter((name) => (attributes[name].error ?? 0) > VAGUE);
  if (vague.length) note.textContent += ` The data hardly says which way leads to ${vague.join(", ")}.`;
  for (const [i, name] of names.entries()) {
    const most = reach(attributes[name]);
    const row = document.createElement("div");
    row.className = "slider";
    const title = document.createElement("label");
    const output = document.createElement("output");
    const input = document.createElement("input");
    Object.assign(input, { id: `attribute-${i}`, type: "range", min: `${-most}`, max: `${most}`, step: `${most / 40}`, value: "0" });
    title.textContent = name;
    title.htmlFor = input.id;
    output.htmlFor.add(input.id);
    output.ariaLive = "off"; // the slider says its value itself
    const change = () => {
      const amount = Number(input.valueAsNumber.toPrecision(6));
      amounts[name] = amount;
      output.value = amount ? `${amount > 0 ? "+" : "−"}${Math.abs(amount).toPrecision(2)}` : "0";
      changed();
    };
    input.addEventListener("input", change);
    input.addEventListener("change", settled);
    reset.addEventListener("click", () => {
      input.value = "0";
      change();
    });
    output.value = "0";
    row.append(title, output, input);
    place.append(row);
  }
}
