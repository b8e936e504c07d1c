/* The timeline: the waveform in the recording's own time, edits as bars on it, marks to be dragged; what an edit means it does not know. */

import { short } from "./clock-words.js";
import { between, zoomFor } from "./peaks.js";
import { dragged, following, moved, there, ticks, zoomed } from "./edit-plan.js";

const GRIP = 10;
const RULER = 22;
const BARS = 34;
const ROWS = { trim: 0, cut: 0, bleep: 1, blur: 2 };
const COLOURS = { trim: "--ok", cut: "--bad", bleep: "--warn", blur: "--link" };

/** Draws into both canvases; `page` gives {length, video, peaks(), shared, edits(), out(), mark(), setMark(mark), seek(second), names}. */
export function timeline(canvas, overview, page) {
  let view = { from: 0, long: page.length };
  let asked = 0;
  let held = null;
  const ratio = () => window.devicePixelRatio || 1;
  const colour = (name) => getComputedStyle(canvas).getPropertyValue(name).trim();

  function sized(each) {
    const [width, height] = [Math.round(each.clientWidth * ratio()), Math.round(each.clientHeight * ratio())];
    if (each.width !== width || each.height !== height) Object.assign(each, { width, height });
    const pen = each.getContext("2d");
    pen.setTransform(ratio(), 0, 0, ratio(), 0, 0);
    pen.clearRect(0, 0, each.clientWidth, each.clientHeight);
    return pen;
  }

  function drawWave(pen, window, top, high, width) {
    const peaks = page.peaks();
    if (!peaks) return;
    const step = window.long / width;
    const zoom = zoomFor(peaks, step);
    const middle = top + high / 2;
    pen.fillStyle = colour("--ink-2");
    for (let x = 0; x < width; x += 1) {
      const second = there(window.from + x * step, page.shared);
      if (second === null) continue;
      const [low, up] = between(peaks, zoom, second, second + step);
      pen.fillRect(x, middle - (up / peaks.loudest) * (high / 2), 1, Math.max(1, ((up - low) / peaks.loudest) * (high / 2)));
    }
  }

  function drawTicks(pen, width, high) {
    pen.font = `${Math.round(parseFloat(getComputedStyle(canvas).fontSize) * 0.8)}px ${getComputedStyle(canvas).fontFamily}`;
    for (const second of ticks(view, Math.max(3, Math.floor(width / 90)))) {
      const x = ((second - view.from) / view.long) * width;
      pen.fillStyle = colour("--line");
      pen.fillRect(x, 0, 1, high);
      pen.fillStyle = colour("--ink-2");
      const words = short(second);
      pen.fillText(view.long > 5 ? words.slice(0, -4) : words, x + 4, RULER - 7);
    }
  }

  function drawEdits(pen, width, top, high) {
    const across = (second) => ((second - view.from) / view.long) * width;
    pen.fillStyle = colour("--bad-soft") || colour("--paper-2");
    for (const [from, until] of page.out()) pen.fillRect(across(from), top, across(until) - across(from), high);
    for (const each of page.edits()) {
      if (each.end < view.from || each.start > view.from + view.long) continue;
      const y = top + high + 4 + ROWS[each.kind] * 10;
      pen.globalAlpha = each.state === "draft" ? 0.55 : 1;
      pen.fillStyle = colour(COLOURS[each.kind]);
      pen.fillRect(across(each.start), y, Math.max(2, across(each.end) - across(each.start)), 8);
      pen.globalAlpha = 1;
    }
  }

  function drawMark(pen, width, top, high) {
    const mark = page.mark();
    if (!mark) return;
    const [a, b] = [mark.start, mark.end].map((second) => ((second - view.from) / view.long) * width);
    pen.globalAlpha = 0.16;
    pen.fillStyle = colour("--link");
    pen.fillRect(a, top, b - a, high);
    pen.globalAlpha = 1;
    for (const [x, side] of [[a, 1], [b, -1]]) {
      pen.fillRect(x - (side < 0 ? 2 : 0), top, 2, high);
      pen.fillRect(side > 0 ? x : x - 8, top, 8, 12);
    }
  }

  function draw() {
    asked = 0;
    const width = canvas.clientWidth;
    const high = canvas.clientHeight;
    if (!width) return;
    const pen = sized(canvas);
    const body = high - RULER - BARS;
    drawTicks(pen, width, high - BARS);
    drawEdits(pen, width, RULER, body);
    drawWave(pen, view, RULER, body, width);
    drawMark(pen, width, RULER, body);
    pen.fillStyle = colour("--accent");
    pen.fillRect(((page.video.currentTime - view.from) / view.long) * width - 1, 0, 2, high - BARS);
    drawOverview();
    canvas.setAttribute("aria-valuemax", String(Math.round(page.length)));
    canvas.setAttribute("aria-valuenow", String(Math.round(page.video.currentTime)));
    canvas.setAttribute("aria-valuetext", short(page.video.currentTime));
  }

  function drawOverview() {
    const width = overview.clientWidth;
    const high = overview.clientHeight;
    const pen = sized(overview);
    const across = (second) => (second / page.length) * width;
    pen.fillStyle = colour("--bad-soft") || colour("--line");
    for (const [from, until] of page.out()) pen.fillRect(across(from), 0, across(until) - across(from), high);
    drawWave(pen, { from: 0, long: page.length }, 0, high, width);
    for (const each of page.edits()) {
      pen.fillStyle = colour(COLOURS[each.kind]);
      pen.fillRect(across(each.start), high - 4, Math.max(2, across(each.end) - across(each.start)), 4);
    }
    pen.strokeStyle = colour("--link");
    pen.lineWidth = 2;
    pen.strokeRect(across(view.from) + 1, 1, Math.max(4, across(view.long) - 2), high - 2);
    pen.fillStyle = colour("--accent");
    pen.fillRect(across(page.video.currentTime), 0, 2, high);
  }

  const ask = () => {
    if (!asked) asked = requestAnimationFrame(draw);
  };
  const secondAt = (event) => view.from + (event.offsetX / canvas.clientWidth) * view.long;

  /** Which end of the mark is under the pointer: start, end or null. */
  function gripped(event) {
    const mark = page.mark();
    if (!mark) return null;
    const away = ["start", "end"].map((end) => Math.abs(((mark[end] - view.from) / view.long) * canvas.clientWidth - event.offsetX));
    if (Math.min(...away) > GRIP || event.offsetY < RULER) return null;
    return away[0] < away[1] ? "start" : "end";
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    const end = gripped(event);
    held = end ? { end } : { from: secondAt(event), x: event.offsetX };
    if (!end) page.seek(held.from);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) {
      canvas.classList.toggle("grip", Boolean(gripped(event)));
      return;
    }
    const second = secondAt(event);
    if (held.end) {
      page.setMark(dragged(page.mark(), held.end, second, page.length));
      page.seek(second);
    } else if (Math.abs(event.offsetX - held.x) > 4) {
      // Drawn over the waveform: a new stretch.
      page.setMark(dragged({ start: Math.min(held.from, second), end: Math.max(held.from, second) }, "end", Math.max(held.from, second), page.length));
    }
    ask();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => {
      held = null;
    });
  }
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const by = event.deltaY || event.deltaX;
    if (event.ctrlKey || event.metaKey) view = zoomed(view, by > 0 ? 1.25 : 0.8, secondAt(event), page.length);
    else view = moved(view, (by / 500) * view.long, page.length);
    ask();
  }, { passive: false });

  const travel = (event) => {
    if (event.buttons !== 1 && event.type === "pointermove") return;
    const second = (event.offsetX / overview.clientWidth) * page.length;
    view = moved({ from: second - view.long / 2, long: view.long }, 0, page.length);
    if (event.type === "pointerdown") page.seek(Math.max(0, Math.min(page.length, second)));
    ask();
  };
  overview.addEventListener("pointerdown", travel);
  overview.addEventListener("pointermove", travel);
  addEventListener("resize", ask);

  return {
    draw: ask,
    zoom: (factor) => {
      view = zoomed(view, factor, page.video.currentTime, page.length);
      ask();
    },
    whole: () => {
      view = { from: 0, long: page.length };
      ask();
    },
    show: (start, end) => {
      const long = Math.min(page.length, Math.max(10, (end - start) * 2));
      view = moved({ from: (start + end) / 2 - long / 2, long }, 0, page.length);
      ask();
    },
    follow: () => {
      if (!held) view = following(view, page.video.currentTime, page.length);
      ask();
    },
  };
}
