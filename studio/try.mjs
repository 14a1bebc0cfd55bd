/**
 * Uses the page as a person does: node try.mjs ADDRESS A B OUT [full]. A, B: two pictures, or two recordings.
 *
 * Writes morph.zip, edit.zip, screenshots and found.json (measurements) into OUT. Fails if a request goes to another origin, if
 * the console has an error, or if a step has no effect. full: also at the width of a phone and in the dark, and with limits of
 * time. Chromium is found by CHROMIUM, or at its usual places.
 */
import { existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [address, a, b, out, full] = process.argv.slice(2);
const isHeard = /\.(wav|flac)$/.test(a);
const suffix = isHeard ? "wav" : "png";
const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = places.find((path) => path && existsSync(path));
const quiet = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath, args: quiet });
const found = { foreign: [], errors: [] };

async function open(options) {
  const page = await (await browser.newContext(options)).newPage();
  page.on("request", (request) => {
    const { origin, protocol, href } = new URL(request.url());
    if (origin !== new URL(address).origin && protocol !== "data:") found.foreign.push(href);
  });
  page.on("console", (message) => message.type() === "error" && found.errors.push(message.text()));
  page.on("pageerror", (error) => found.errors.push(String(error)));
  await page.addInitScript(() => {
    // What is played is counted: there is no loudspeaker.
    const start = AudioBufferSourceNode.prototype.start;
    window.played = [];
    AudioBufferSourceNode.prototype.start = function () {
      window.played.push(this.buffer.duration);
      start.call(this);
    };
  });
  await page.goto(address);
  await page.locator("#table:visible").waitFor();
  return page;
}

/** Do something, and wait until its frame is drawn. */
async function drawn(page, act) {
  const before = Number((await page.locator("#pad").getAttribute("data-drawn")) ?? 0);
  await act();
  await page.waitForFunction((before) => Number(document.getElementById("pad").dataset.drawn) > before, before);
}

/** Wait until an item is in its place, or why it is not is said. */
async function filled(page, place, act) {
  await act();
  await page.waitForFunction((place) => {
    const said = document.querySelector(`#${place} .said`).textContent;
    return said && !/^(Waiting|Reading)/.test(said);
  }, place);
  return page.locator(`#${place} .said`).innerText();
}

const slide = (page, name, value) =>
  drawn(page, () =>
    page.getByLabel(name, { exact: true }).evaluate((input, value) => {
      input.value = String(value);
      input.dispatchEvent(new Event("input"));
    }, value),
  );

async function download(page, name, path) {
  const [got] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
  await got.saveAs(path);
}

function check(holds, what) {
  if (!holds) throw new Error(what);
}

try {
  const begun = performance.now();
  const page = await open({ viewport: { width: 1100, height: 900 } });
  found.usable_ms = Math.round(performance.now() - begun);
  found.threads = await page.evaluate(() => (crossOriginIsolated ? navigator.hardwareConcurrency : 1));
  await page.screenshot({ path: `${out}/empty.png` });

  // Two files at once go to A and B.
  const transfer = await page.evaluateHandle(() => new DataTransfer());
  for (const path of [a, b]) {
    const content = [...readFileSync(path)];
    await transfer.evaluate((transfer, [content, name, kind]) => {
      transfer.items.add(new File([Uint8Array.from(content)], name, { type: `${kind}/${name.split(".").pop()}` }));
    }, [content, path.split("/").pop(), isHeard ? "audio" : "image"]);
  }
  const read = performance.now();
  found.said = [await filled(page, "a", () => page.locator("#a").dispatchEvent("drop", { dataTransfer: transfer }))];
  await page.waitForFunction(() => document.querySelector("#b.full"));
  found.read_ms = Math.round((performance.now() - read) / 2);
  found.said.push(await page.locator("#b .said").innerText());

  const frame = () => page.locator("#frame").evaluate((canvas) => canvas.toDataURL());
  await slide(page, /Weight of B/, 0);
  const first = await frame();
  await slide(page, /Weight of B/, 1);
  check(first !== (await frame()), "the slider changes nothing");
  const started = performance.now();
  for (let i = 0; i < 20; i++) await slide(page, /Weight of B/, i / 20);
  found.frame_ms = Math.round((performance.now() - started) / 20);
  await slide(page, /Weight of B/, 0.5);
  await download(page, "Download frames", `${out}/morph.zip`);
  const [kept] = await Promise.all([
    page.waitForEvent("download"),
    page.evaluate(() => {
      document.getElementById("download").click();
      document.querySelector("#modes input[value=square]").click();
    }),
  ]);
  check(kept.suggestedFilename() === "morph.zip", `a download that began in Morph is called ${kept.suggestedFilename()}`);
  await drawn(page, () => page.getByLabel("Morph").check());
  await download(page, "Save this frame", `${out}/morph_0.50.${suffix}`);
  await page.screenshot({ path: `${out}/morph.png` });
  if (isHeard) {
    const begun = performance.now();
    for (const name of ["Play A", "Play", "Play B"]) {
      const before = await page.evaluate(() => window.played.length);
      await page.getByRole("button", { name, exact: true }).click();
      await page.waitForFunction((before) => window.played.length > before, before);
    }
    found.play_ms = Math.round((performance.now() - begun) / 3);
    found.played = await page.evaluate(() => window.played.slice(-3));
  }

  await drawn(page, () => page.getByLabel("Edit").check());
  const sliders = page.locator("#attributes input");
  if (await sliders.count()) {
    const before = await frame();
    await drawn(page, async () => {
      await sliders.first().focus();
      for (let i = 0; i < 20; i++) await page.keyboard.press("ArrowRight");
    });
    await page.waitForTimeout(300);
    check(before !== (await frame()), "an attribute changes nothing");
    await download(page, "Download frames", `${out}/edit.zip`);
  }
  await page.screenshot({ path: `${out}/edit.png` });

  await drawn(page, () => page.getByLabel("Square").check());
  for (const place of ["c", "d"])
    await filled(page, place, () => page.getByRole("button", { name: `Random sample for ${place.toUpperCase()}` }).click());
  await drawn(page, () => page.locator("#pad").click({ position: { x: 60, y: 300 } }));
  check((await page.locator("#across").inputValue()) < 0.3, "the square does not follow the pointer");
  await page.screenshot({ path: `${out}/square.png`, fullPage: true });

  await drawn(page, () => page.getByLabel("Walk").check());
  const before = await frame();
  await page.getByRole("button", { name: "Start" }).click();
  await page.waitForTimeout(600);
  check(before !== (await frame()), "the walk stands still");
  await page.getByRole("button", { name: "Stop" }).click();
  await page.screenshot({ path: `${out}/walk.png` });

  // What is no picture or recording gets a sentence, and the page goes on.
  await page.getByLabel("Morph").check();
  const whole = readFileSync(a);
  const wrong = {
    [`notes.${suffix}`]: Buffer.from("no such thing"), [`empty.${suffix}`]: Buffer.alloc(0), "drawing.svg": Buffer.from("<svg/>"),
    [`cut.${suffix}`]: whole.subarray(0, isHeard ? 20 : whole.length / 2),
    [`other.${suffix}`]: Buffer.from(isHeard ? "\x89PNG\r\n\x1a\n----" : "RIFF----WAVEfmt ", "latin1"),
  };
  ftruncateSync(openSync(`${out}/huge.${suffix}`, "w"), 65 * 2 ** 20);
  for (const name of [...Object.keys(wrong), `huge.${suffix}`]) {
    const said = await filled(page, "a", async () => {
      await page.locator("#a .said").evaluate((said) => (said.textContent = ""));
      await page.locator("#a input").setInputFiles(name in wrong ? { name, mimeType: "", buffer: wrong[name] } : `${out}/${name}`);
    });
    check(/^(This|The|It) .*\.$/.test(said) && !/Reload/.test(said), `${name} gets no sentence: ${said}`);
    found.refused = { ...found.refused, [name]: said };
  }
  rmSync(`${out}/huge.${suffix}`);

  const looks = full ? [["phone", 360, "light"], ["phone_dark", 360, "dark"], ["dark", 1100, "dark"]] : [];
  for (const [name, width, colorScheme] of looks) {
    const other = await open({ viewport: { width, height: 800 }, colorScheme });
    for (const [place, path] of [["a", a], ["b", b]])
      await filled(other, place, () => other.locator(`#${place} input`).setInputFiles(path));
    await other.waitForTimeout(300);
    const wide = await other.evaluate(() => document.documentElement.scrollWidth);
    check(wide <= width, `the page is ${wide} pixels wide on a screen of ${width}`);
    await other.screenshot({ path: `${out}/${name}.png`, fullPage: true });
    await other.getByLabel("Square").check();
    await other.waitForTimeout(200);
    await other.screenshot({ path: `${out}/${name}_square.png`, fullPage: true });
    await other.context().close();
  }
  check(!full || found.usable_ms < 3000, `the page is usable after ${found.usable_ms} ms`);
  check(!full || found.frame_ms < 100, `a frame takes ${found.frame_ms} ms`);
  check(!found.foreign.length, `requests to other origins: ${found.foreign}`);
  check(!found.errors.length, `errors: ${found.errors.join("; ")}`);
} finally {
  writeFileSync(`${out}/found.json`, JSON.stringify(found, null, 1));
  await browser.close();
}
