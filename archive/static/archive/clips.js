/* Marks a clip along the replay: keys at the picture, lines of the transcript, the box that an upright picture keeps; keeps the list fresh. */

import { ready, t } from "../broadcast/i18n.js";

const BUSY_MS = 2000;
const QUIET_MS = 20000;
const form = document.getElementById("clipform");
const video = document.getElementById("source");
const box = document.getElementById("focusbox");
const listed = document.querySelector("[data-list]");
let playUntil = 0;

/** Seconds as 0:01:02.345. */
function clock(seconds) {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const two = (value) => String(value).padStart(2, "0");
  return `${two(Math.floor(ms / 3600000))}:${two(Math.floor(ms / 60000) % 60)}:${two(Math.floor(ms / 1000) % 60)}.${String(ms % 1000).padStart(3, "0")}`;
}

/** The other way; NaN for what is no time. */
function seconds(text) {
  const found = /^(?:(\d{1,3}):)?([0-5]?\d):([0-5]?\d)(?:[.,](\d{1,3}))?$/.exec(text.trim());
  if (!found) return NaN;
  return Number(found[1] || 0) * 3600 + Number(found[2]) * 60 + Number(found[3]) + Number((found[4] || "0").padEnd(3, "0")) / 1000;
}

const shape = () => form.querySelector("[name=shape]:checked")?.value || "16:9";
const fit = () => form.querySelector("[name=fit]:checked")?.value || "crop";

/** What follows from the fields: length, lines that lie within, the box. */
function draw() {
  const start = seconds(form.elements.start.value);
  const end = seconds(form.elements.end.value);
  const long = document.getElementById("long");
  if (long) long.textContent = end > start ? t("{n} 秒", { n: (end - start).toFixed(1) }) : t("结束要晚于开始");
  for (const line of document.querySelectorAll("#spoken li")) {
    line.classList.toggle("in", Number(line.dataset.end) > start && Number(line.dataset.start) < end);
  }
  const tall = shape() === "9:16";
  document.getElementById("tallonly").hidden = !tall;
  form.elements.focus.disabled = fit() !== "crop" || !tall;
  document.getElementById("focusat").textContent = `${form.elements.focus.value}%`;
  if (!box) return;
  box.hidden = !tall || fit() !== "crop" || !video.videoWidth;
  // The picture lies in the middle of its 16:9 place.
  const place = 16 / 9;
  const own = video.videoWidth / video.videoHeight || place;
  const picture = Math.min(1, own / place);
  const part = Math.min(picture, (9 / 16 / place) * Math.min(1, place / own));
  box.style.width = `${part * 100}%`;
  box.style.left = `${((1 - picture) / 2 + (picture - part) * (Number(form.elements.focus.value) / 100)) * 100}%`;
}

function set(name, at) {
  form.elements[name].value = clock(at);
  const start = seconds(form.elements.start.value);
  // A beginning behind the end takes the end along.
  if (name === "start" && !(seconds(form.elements.end.value) > start)) form.elements.end.value = clock(start + 30);
  draw();
}

function play() {
  const start = seconds(form.elements.start.value);
  if (!Number.isFinite(start)) return;
  playUntil = seconds(form.elements.end.value) || 0;
  video.currentTime = start;
  video.play().catch(() => {});
}

const PICKS = { start: () => set("start", video.currentTime), end: () => set("end", video.currentTime), play };
const KEYS = { i: "start", o: "end", p: "play" };

function listenToPicture() {
  for (const button of document.querySelectorAll("[data-pick]")) {
    button.disabled = false;
    button.addEventListener("click", () => PICKS[button.dataset.pick]());
  }
  window.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=radio]):not([type=checkbox]):not([type=range]), textarea, select")) return;
    const pick = KEYS[event.key.toLowerCase()];
    if (!pick) return;
    event.preventDefault();
    PICKS[pick]();
  });
  video.addEventListener("loadedmetadata", draw);
  video.addEventListener("timeupdate", () => {
    if (playUntil && video.currentTime >= playUntil) {
      playUntil = 0;
      video.pause();
    }
  });
  video.addEventListener("seeking", () => {
    if (Math.abs(video.currentTime - seconds(form.elements.start.value)) > 0.5) playUntil = 0;
  });
  const start = seconds(form.elements.start.value);
  if (start > 0) video.currentTime = start;
}

function listenToLines() {
  for (const line of document.querySelectorAll("#spoken li")) {
    const [from, until] = line.querySelectorAll("button");
    from.disabled = until.disabled = false;
    from.addEventListener("click", () => {
      set("start", Number(line.dataset.start));
      if (video) video.currentTime = Number(line.dataset.start);
    });
    until.addEventListener("click", () => set("end", Number(line.dataset.end)));
  }
  for (const link of document.querySelectorAll("[data-at]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      set("start", Number(link.dataset.at));
      form.elements.end.value = clock(Number(link.dataset.at) + 60);
      if (video) video.currentTime = Number(link.dataset.at);
      draw();
      form.elements.start.focus();
    });
  }
}

/** The fresh list, unless somebody is just writing why one is withdrawn. */
function show(markup) {
  const fresh = new DOMParser().parseFromString(markup, "text/html").body.firstElementChild;
  const old = listed.querySelector("[data-busy]");
  if (!fresh || !old || old.querySelector("details[open]")) return false;
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  old.replaceWith(fresh);
  const again = focused && document.getElementById(focused);
  if (again) again.focus();
  return true;
}

let last = "";
async function look() {
  try {
    if (!document.hidden) {
      const answer = await fetch(listed.dataset.list, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) {
        const markup = await answer.text();
        const plain = markup.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
        if (plain !== last && (!last || show(markup))) last = plain;
      }
    }
  } catch {
    // Offline: the next look comes anyway.
  }
  setTimeout(look, listed.querySelector("[data-busy]")?.dataset.busy === "1" ? BUSY_MS : QUIET_MS);
}

async function start() {
  await ready();
  if (form) {
    form.addEventListener("input", draw);
    listenToLines();
    if (video) listenToPicture();
    draw();
  }
  look();
}

start();
