// What participants read, how often each trial comes, and for how long pictures are shown. Change it as you like.
"use strict";

const SETTINGS = {
  repetitions: 4,
  shown_ms: 800, // each picture of an ABX trial
  gap_ms: 400,
  start: "Start",
  goodbye: "Thank you. Your answers are in this file:",
  identification: {
    welcome: "In each trial, say which of two it is.",
    question: "Which one is it?",
    answers: ["A", "B"],
  },
  abx: {
    welcome: "In each trial there are three: 1, 2 and X. X is the same as 1, or the same as 2.",
    question: "Which one is X the same as?",
    answers: ["1", "2"],
  },
  "2afc": {
    welcome: "In each trial there are two. Say which one is more like B.",
    question: "Which one is more like B?",
    answers: ["1", "2"],
  },
  slider: {
    welcome: "Move the slider until A and B are equally strong.",
    question: "Where are A and B equally strong?",
    labels: ["A", "B"],
    done: "Done",
  },
};
