/* The waveform around what is heard: half a minute of the peaks file, the lines as bars below; a click plays from there. */

import { between, load } from "./peaks.js";

const WINDOW = 30;

/** Draws into the canvas as the sound goes; `spans` gives [start, end] of the lines. Null without a waveform. */
export async function wave(canvas, sound, spans) {
  const peaks = canvas && canvas.dataset.peaks ? await load(canvas.dataset.peaks) : null;
  if (!peaks) return null;
  canvas.hidden = false;
  const total = peaks.seconds;
  const first = () => Math.max(0, Math.min(sound.currentTime - WINDOW / 3, total - WINDOW));

  function draw() {
    const width = canvas.clientWidth * (devicePixelRatio || 1);
    if (canvas.width !== Math.round(width)) canvas.width = Math.round(width);
    const pen = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    const from = first();
    const long = Math.min(WINDOW, total) || 1;
    const high = canvas.height;
    const across = (second) => ((second - from) / long) * canvas.width;
    pen.clearRect(0, 0, canvas.width, high);
    pen.fillStyle = style.getPropertyValue("--link");
    for (const [start, end] of spans()) {
      if (end < from || start > from + long) continue;
      pen.fillRect(across(start), high - 8, Math.max(1, across(end) - across(start) - 2), 8);
    }
    pen.fillStyle = style.color;
    for (let x = 0; x < canvas.width; x += 1) {
      const [low, top] = between(peaks, peaks.zooms[0], from + (x / canvas.width) * long, from + ((x + 1) / canvas.width) * long);
      const middle = (high - 12) / 2;
      pen.fillRect(x, middle - (top / 128) * middle, 1, Math.max(1, ((top - low) / 128) * middle));
    }
    pen.fillStyle = style.getPropertyValue("--accent");
    pen.fillRect(across(sound.currentTime), 0, 2, high);
  }

  canvas.addEventListener("click", (event) => {
    sound.currentTime = first() + (event.offsetX / canvas.clientWidth) * Math.min(WINDOW, total);
    sound.play();
  });
  for (const name of ["timeupdate", "seeked", "loadedmetadata"]) sound.addEventListener(name, draw);
  addEventListener("resize", draw);
  draw();
  return { draw };
}
