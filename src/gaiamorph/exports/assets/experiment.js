// Four experiments with the stimuli of stimuli.js, on jsPsych 8. What participants read, and how often and how long stimuli are
// shown, stands in settings.js. Answers are offered as a CSV file at the end: change save() to send them to a server.
"use strict";

const NOTHING = "NO_KEYS";

function participant() {
  const given = new URLSearchParams(window.location.search).get("participant");
  return given || Math.random().toString(36).slice(2, 10);
}

function save(rows, design, who) {
  const columns = [...new Set(rows.flatMap(Object.keys))];
  const cell = (value) => {
    const text = value === undefined || value === null ? "" : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  const text = lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = `responses_${design}_${who.replace(/[^\w-]/g, "_")}.csv`;
  link.textContent = link.download;
  const target = document.querySelector(".jspsych-content") || document.body;
  target.innerHTML = `<p>${SETTINGS.goodbye}</p><p></p>`;
  target.lastChild.append(link);
  link.click();
}

function picture(file, name) {
  return `<img class="stimulus" alt="${name}" src="${file}">`;
}

// Show pictures one after another, or play sounds one after another. Nothing is asked yet.
function sequence(files, names) {
  const gap = {
    type: jsPsychHtmlKeyboardResponse, stimulus: "", choices: NOTHING, trial_duration: SETTINGS.gap_ms,
  };
  return files.flatMap((file, i) => [
    STIMULI.heard
      ? { type: jsPsychAudioKeyboardResponse, stimulus: file, choices: NOTHING, trial_ends_after_audio: true,
          prompt: `<p class="name">${names[i]}</p>` }
      : { type: jsPsychHtmlKeyboardResponse, choices: NOTHING, trial_duration: SETTINGS.shown_ms,
          stimulus: `<p class="name">${names[i]}</p>${picture(file, names[i])}` },
    gap,
  ]);
}

// One question with buttons. answered(index): what is written down of it.
function question(text, choices, known, answered, shown = "") {
  return {
    type: jsPsychHtmlButtonResponse, stimulus: `${shown}<p>${text}</p>`, choices,
    on_finish: (data) => { data.kept = { ...known, ...answered(data.response), rt: Math.round(data.rt) }; },
  };
}

const DESIGNS = {
  identification(row) {
    const answered = (i) => ({ response: "ab"[i] });
    const { question: text, answers } = SETTINGS.identification;
    if (!STIMULI.heard) return [question(text, answers, row, answered, picture(row.stimulus, ""))];
    return [{
      type: jsPsychAudioButtonResponse, stimulus: row.stimulus, prompt: `<p>${text}</p>`, choices: answers,
      on_finish: (data) => { data.kept = { ...row, ...answered(data.response), rt: Math.round(data.rt) }; },
    }];
  },
  abx(row) {
    const { question: text, answers } = SETTINGS.abx;
    const answered = (i) => ({ response: i + 1, correct: i + 1 === row.correct_abx ? 1 : 0 });
    return [...sequence([row.stimulus_1, row.stimulus_2, row.stimulus_x], ["1", "2", "X"]),
            question(text, answers, row, answered)];
  },
  "2afc"(row) {
    const { question: text, answers } = SETTINGS["2afc"];
    const answered = (i) => ({ response: i + 1, correct: i + 1 === row.correct_2afc ? 1 : 0 });
    const files = [row.stimulus_1, row.stimulus_2];
    if (STIMULI.heard) return [...sequence(files, answers), question(text, answers, row, answered)];
    const both = `<div class="both">${files.map((file, i) => picture(file, answers[i])).join("")}</div>`;
    return [question(text, answers, row, answered, both)];
  },
  slider({ frames }) {
    const start = Math.floor(Math.random() * frames.length);
    const { question: text, labels, done } = SETTINGS.slider;
    return [{
      type: jsPsychHtmlSliderResponse, min: 0, max: frames.length - 1, step: 1, slider_start: start, labels,
      stimulus: STIMULI.heard ? "" : picture(frames[start].stimulus, ""), prompt: `<p>${text}</p>`, button_label: done,
      require_movement: true,
      on_load: () => {
        const slider = document.querySelector("input[type=range]");
        slider.setAttribute("aria-label", text);
        if (STIMULI.heard) {
          const player = new Audio();
          slider.addEventListener("change", () => { player.src = frames[slider.value].stimulus; player.play().catch(() => {}); });
        } else {
          const shown = document.querySelector("img.stimulus");
          slider.addEventListener("input", () => { shown.src = frames[slider.value].stimulus; });
        }
      },
      on_finish: (data) => {
        data.kept = { ...frames[data.response], response: data.response, start, rt: Math.round(data.rt) };
      },
    }];
  },
};

function runExperiment(design) {
  if (typeof initJsPsych === "undefined") {
    document.body.textContent = "jsPsych could not be loaded: is there a network? Export with --library to do without one.";
    return;
  }
  const who = participant();
  const jsPsych = initJsPsych({
    show_progress_bar: true,
    on_finish: () => {
      const rows = jsPsych.data.get().values().filter((data) => data.kept).map((data) => data.kept);
      save(rows.map((row, i) => ({ participant: who, design, trial: i + 1, ...row })), design, who);
    },
  });
  const trials = {
    identification: STIMULI.identification,
    abx: STIMULI.discrimination.map(({ correct_2afc, ...row }) => row),
    "2afc": STIMULI.discrimination.filter((row) => row.correct_abx === 1).map(({ stimulus_x, correct_abx, ...row }) => row),
    slider: STIMULI.continua.map((frames) => ({ frames })),
  }[design];
  const order = jsPsych.randomization.repeat(trials, SETTINGS.repetitions);
  const files = STIMULI.identification.map((row) => row.stimulus);
  jsPsych.run([
    { type: jsPsychPreload, images: STIMULI.heard ? [] : files, audio: STIMULI.heard ? files : [] },
    { type: jsPsychHtmlButtonResponse, stimulus: `<p>${SETTINGS[design].welcome}</p>`, choices: [SETTINGS.start] },
    ...order.flatMap((trial) => DESIGNS[design](trial)),
  ]);
}
