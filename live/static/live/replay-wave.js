/* The waveform of a show of sound alone, to seek in; drawn from the peaks that the archive has made. */

import { t } from "../broadcast/i18n.js";
import { reached } from "./replay-map.js";
import { lasting } from "./view.js";

// Said by many, they would hide the wave.
const UNMARKED = ["comment", "poll.close"];
const NEAR_PIXELS = 12;

/** Smallest and largest of each stretch, from the file of peaks: the zoom nearest to `columns` from above. */
export function read(buffer, columns) {
  const bytes = new Uint8Array(buffer);
  const end = bytes.indexOf(10);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  let at = end + 1;
  let found = null;
  for (const zoom of head.zooms) {
    const pairs = new Int8Array(buffer, at, zoom.pairs * 2);
    at += zoom.pairs * 2;
    if (!found || zoom.pairs >= columns) found = pairs;
  }
  return found;
}

/** Draws into `place`, follows the sound and seeks where it is touched. */
export async function wave(replay, place) {
  const answer = await fetch(replay.boot.media.peaks, { credentials: "same-origin" });
  if (!answer.ok) return;
  const buffer = await answer.arrayBuffer();
  const canvas = place.appendChild(document.createElement("canvas"));
  canvas.className = "wave";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", t("声音的波形，点一下跳到那里"));
  const label = place.appendChild(document.createElement("p"));
  label.className = "wavelabel";
  label.hidden = true;
  label.setAttribute("aria-hidden", "true");
  const moments = () => (replay.marks || []).filter((mark) => !UNMARKED.includes(mark.kind));
  const end = () => replay.player.state.edge || replay.boot.length || 1;
  const draw = () => {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const pairs = read(buffer, width);
    const paper = canvas.getContext("2d");
    const [quiet, ink] = ["--ink-2", "--ink"].map((name) => getComputedStyle(canvas).getPropertyValue(name));
    const done = (replay.video.currentTime / end()) * width;
    paper.clearRect(0, 0, width, height);
    const count = pairs.length / 2;
    for (let x = 0; x < width; x += 2) {
      const first = Math.floor((x / width) * count);
      const last = Math.max(first + 1, Math.floor(((x + 2) / width) * count));
      let low = 0;
      let high = 0;
      for (let pair = first; pair < last && pair < count; pair += 1) {
        low = Math.min(low, pairs[pair * 2]);
        high = Math.max(high, pairs[pair * 2 + 1]);
      }
      paper.fillStyle = x <= done ? ink : quiet;
      const top = (height / 2) * (1 - high / 128);
      paper.fillRect(x, top, Math.max(1, ratio), Math.max(1, (height / 2) * (1 - low / 128) - top));
    }
    paper.fillStyle = ink;
    for (const mark of moments()) {
      const x = Math.round((mark.offset / end()) * width);
      paper.fillRect(x, 0, Math.max(1, ratio), height);
      paper.fillRect(x, 0, 7 * ratio, 7 * ratio);
    }
  };
  /** The second under the pointer; near a moment the moment's own, with its title. */
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    const second = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * end();
    const reach = (NEAR_PIXELS / box.width) * end();
    const all = moments();
    const mark = all[reached(all, second + reach)];
    return mark && Math.abs(mark.offset - second) <= reach ? { second: mark.offset, title: mark.title } : { second, title: "" };
  };
  canvas.addEventListener("pointermove", (event) => {
    const { second, title } = under(event);
    label.hidden = false;
    label.textContent = `${lasting(second)} ${title}`;
  });
  canvas.addEventListener("pointerleave", () => (label.hidden = true));
  canvas.addEventListener("click", (event) => replay.go(under(event).second));
  replay.watch(draw);
  addEventListener("resize", draw);
  draw();
}
