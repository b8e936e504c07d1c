/* The player of the whole recording: shuttle forth and back, frames, and playing it as it would be with its edits. */

import Hls from "hls.js";
import { at } from "./edit-plan.js";

export const FRAME = 0.04;
const FASTEST = 8;
const BACK_MS = 125;

/** Plays `url` in the video. `plan` gives {edits, out, length, on}; `cover` shows regions; `moved` is called whenever the playhead may have moved. */
export function player(video, url, plan, cover, moved) {
  let rate = 0;
  let back = 0;
  let until = null;
  let muted = false;

  if (Hls.isSupported()) {
    const hls = new Hls({ enableWorker: false, maxBufferLength: 30, backBufferLength: 60 });
    let tries = 0;
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (!data.fatal || (tries += 1) > 5) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
      else setTimeout(() => hls.startLoad(), 2000);
    });
    hls.loadSource(url);
    hls.attachMedia(video);
  } else {
    video.src = url;
  }

  function look() {
    const { edits, out, length, on } = plan();
    const now = on ? at(video.currentTime, edits, out, length) : { skip: null, muted: false, covers: [] };
    cover(now.covers);
    if (now.muted !== muted) {
      muted = now.muted;
      video.muted = muted;
    }
    if (!video.paused && !video.seeking && now.skip !== null) {
      if (now.over) pause();
      else video.currentTime = now.skip + 0.005;
    }
    if (until !== null && video.currentTime >= until) pause();
    moved();
  }
  function loop() {
    look();
    if (!video.paused) requestAnimationFrame(loop);
  }

  function pause() {
    clearInterval(back);
    back = rate = 0;
    until = null;
    video.pause();
    video.playbackRate = 1;
  }
  function play(speed = 1) {
    clearInterval(back);
    back = 0;
    rate = speed;
    video.playbackRate = speed;
    video.play().catch(() => {});
  }
  function seek(second) {
    until = null;
    video.currentTime = Math.max(0, Math.min(plan().length - 0.02, second));
  }
  function backwards(speed) {
    clearInterval(back);
    video.pause();
    rate = -speed;
    back = setInterval(() => {
      if (!video.seeking) video.currentTime = Math.max(0, video.currentTime - (speed * BACK_MS) / 1000);
      if (video.currentTime <= 0) pause();
    }, BACK_MS);
  }

  video.addEventListener("play", loop);
  for (const name of ["pause", "seeked", "timeupdate", "loadedmetadata"]) video.addEventListener(name, look);
  return {
    look,
    pause,
    seek,
    toggle: () => (video.paused && !back ? play() : pause()),
    step: (by) => {
      pause();
      seek(video.currentTime + by);
    },
    forth: () => play(rate > 0 ? Math.min(FASTEST, rate * 2) : 1),
    back: () => backwards(rate < 0 ? Math.min(FASTEST, -rate * 2) : 1),
    /** From a little before a stretch to a little behind it. */
    across: (start, end) => {
      pause();
      seek(Math.max(0, start - 3));
      until = Math.min(plan().length, end + 3);
      play();
    },
  };
}
