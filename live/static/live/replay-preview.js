/* A small picture of the second under the pointer on the replay's bar; it comes from the sheets and moves nothing. */

import { pictures, reached } from "./replay-map.js";
import { lasting } from "./view.js";

/** Draws into `layer` while the pointer is on the bar. */
export async function preview(replay, layer) {
  const { sprites } = replay.boot.media;
  const answer = await fetch(sprites, { credentials: "same-origin" });
  if (!answer.ok) return;
  const cues = pictures(await answer.text());
  if (!cues.length) return;
  const box = layer.appendChild(document.createElement("div"));
  const canvas = box.appendChild(document.createElement("canvas"));
  const label = box.appendChild(document.createElement("span"));
  box.className = "peek";
  box.setAttribute("aria-hidden", "true");
  // The caption stands above the picture for as long as there is one.
  const appear = (on) => {
    box.hidden = !on;
    layer.classList.toggle("peeking", on);
    if (on) layer.style.setProperty("--peek", `${box.offsetHeight}px`);
  };
  appear(false);
  const sheets = new Map();
  const sheet = (name) => {
    if (!sheets.has(name)) {
      const image = new Image();
      image.src = sprites.replace(/[^/]+$/, name);
      sheets.set(name, image);
    }
    return sheets.get(name);
  };
  let wanted = 0;
  const show = (event) => {
    const bar = event.target.closest && event.target.closest("#controls .slider");
    if (!bar) {
      appear(false);
      return;
    }
    const place = bar.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (event.clientX - place.left) / place.width));
    const second = share * (Number(bar.max) || 1);
    const cue = cues[Math.max(0, reached(cues, second))];
    label.textContent = lasting(second);
    // Sizing empties it, and what is there stays until the next one is drawn.
    if (canvas.width !== cue.width || canvas.height !== cue.height) Object.assign(canvas, { width: cue.width, height: cue.height });
    appear(true);
    const frame = layer.getBoundingClientRect();
    box.style.left = `${Math.max(0, Math.min(place.width - cue.width, event.clientX - frame.left - cue.width / 2))}px`;
    const image = sheet(cue.sheet);
    wanted += 1;
    const mine = wanted;
    const draw = () => {
      if (mine !== wanted) return;
      canvas.getContext("2d").drawImage(image, cue.x, cue.y, cue.width, cue.height, 0, 0, cue.width, cue.height);
    };
    if (image.complete && image.naturalWidth) draw();
    else image.addEventListener("load", draw, { once: true });
  };
  document.getElementById("player").addEventListener("pointermove", show);
  document.getElementById("player").addEventListener("pointerleave", () => appear(false));
}
