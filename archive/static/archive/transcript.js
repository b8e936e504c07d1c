/* The editor of a transcript: rows instead of the text field, the player at the line, split, merge, shift. Without it the text field is sent. */

import { ready, t } from "../broadcast/i18n.js";
import { clock, seconds } from "./clock-words.js";
import { wave } from "./transcript-wave.js";

const place = document.getElementById("rows");
const form = document.getElementById("edit");
const sound = document.getElementById("sound");
const told = document.getElementById("unsaved");
const STEP = 0.1;
const SHORTEST = 0.2;

const round = (value) => Math.max(0, Math.round(value * 1000) / 1000);
let dirty = false;
let drawing = null;

function changed() {
  dirty = true;
  told.textContent = t("有没有保存的修改");
  if (drawing) drawing.draw();
}

function make(tag, name, words) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (words) made.textContent = words;
  return made;
}

function field(name, label, value) {
  const made = make("input", name);
  made.value = value;
  made.setAttribute("aria-label", label);
  made.addEventListener("input", changed);
  return made;
}

function button(words, label, act) {
  const made = make("button", "", words);
  made.type = "button";
  made.title = label;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

/** A row of the form; its fields hang on it. */
function row([start, end, speaker, words]) {
  const line = make("div", "line");
  line.start = field("time", t("开始"), clock(start));
  line.end = field("time", t("结束"), clock(end));
  line.speaker = field("who", t("说话人"), speaker);
  line.speaker.placeholder = t("说话人");
  line.words = field("words", t("文字"), words);
  line.speaker.maxLength = 60;
  line.words.maxLength = 500;
  const acts = make("span", "acts");
  acts.append(
    button("−", t("提前 0.1 秒"), () => shift(line, -STEP)),
    button("+", t("推后 0.1 秒"), () => shift(line, STEP)),
    button(t("拆"), t("在光标处拆成两句"), () => split(line)),
    button(t("并"), t("和下一句合并"), () => merge(line)),
    button("×", t("删去这一句"), () => drop(line)),
  );
  line.append(button("▶", t("从这一句播放"), () => play(line)), line.start, line.end, line.speaker, line.words, acts);
  return line;
}

const lines = () => Array.from(place.children);
const spanOf = (line) => [seconds(line.start.value), seconds(line.end.value)];

function play(line) {
  const [start] = spanOf(line);
  if (!sound || Number.isNaN(start)) return;
  sound.currentTime = start;
  sound.play();
}

function shift(line, by) {
  const [start, end] = spanOf(line);
  if (Number.isNaN(start + end) || start + by < 0) return;
  line.start.value = clock(round(start + by));
  line.end.value = clock(round(end + by));
  changed();
}

/** Two lines at the cursor; the time goes by the characters. */
function split(line) {
  const [start, end] = spanOf(line);
  const words = line.words.value;
  const cursor = line.words.selectionStart;
  const at = cursor > 0 && cursor < words.length ? cursor : Math.ceil(words.length / 2);
  if (words.length < 2 || Number.isNaN(start + end) || end - start < 2 * SHORTEST) return;
  const middle = round(start + ((end - start) * at) / words.length);
  const next = row([middle, end, line.speaker.value, words.slice(at).trim()]);
  line.words.value = words.slice(0, at).trim();
  line.end.value = clock(middle);
  line.after(next);
  next.words.focus();
  changed();
}

function merge(line) {
  const next = line.nextElementSibling;
  if (!next) return;
  const apart = /\w$/.test(line.words.value) && /^\w/.test(next.words.value) ? " " : "";
  line.words.value = (line.words.value + apart + next.words.value).slice(0, 500);
  line.end.value = next.end.value;
  next.remove();
  line.words.focus();
  changed();
}

function drop(line) {
  const next = line.nextElementSibling || line.previousElementSibling;
  if (!next) return;
  line.remove();
  next.words.focus();
  changed();
}

function marks(editor) {
  lines().forEach((line, number) => {
    const theirs = editor.theirs[number];
    if (theirs !== undefined && theirs !== line.words.value) {
      line.classList.add("differs");
      line.append(make("span", "theirs", `${t("刚保存的是：")}${theirs}`));
    }
    if (editor.shortened.includes(spanOf(line)[0])) {
      line.append(make("span", "short", t("这一句有一部分不在公众的回看里，请核对文字。")));
    }
  });
}

/** The line that is heard now. */
function follow() {
  const now = sound.currentTime;
  for (const line of lines()) {
    const [start, end] = spanOf(line);
    line.classList.toggle("now", start <= now && now < end);
  }
}

function send(event) {
  const bad = lines().filter((line) => {
    const [start, end] = spanOf(line);
    const wrong = Number.isNaN(start + end) || end <= start || !line.words.value.trim();
    line.end.toggleAttribute("aria-invalid", wrong);
    return wrong;
  });
  if (bad.length) {
    event.preventDefault();
    told.textContent = t("有 {n} 句的时间或文字不对，已经标出。", { n: bad.length });
    bad[0].end.focus();
    return;
  }
  const rows = document.createElement("input");
  rows.type = "hidden";
  rows.name = "rows";
  rows.value = JSON.stringify(lines().map((line) => [...spanOf(line), line.speaker.value, line.words.value]));
  form.append(rows);
  document.getElementById("lines").disabled = true;
  dirty = false;
}

async function begin() {
  await ready();
  const editor = JSON.parse(document.getElementById("editor").textContent);
  // What was typed as text and not understood is mended as text.
  if (place.dataset.typed === "1") return;
  place.append(...editor.lines.map(row));
  marks(editor);
  form.addEventListener("submit", send);
  addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
  if (!sound) return;
  sound.addEventListener("timeupdate", follow);
  drawing = await wave(document.getElementById("wave"), sound, () => lines().map(spanOf));
}

if (place && form) begin();
