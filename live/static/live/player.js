/* Plays the live playlist or the replay in the page's video element and mends itself; it says what it does and draws nothing. */

import { choose, chosen, levelFor, placeOf, soundIn, soundOf } from "./choice.js";
import { ask } from "./lazy.js";
import { dateOf, rangeOf } from "./place.js";
import { byScript, createStalls, slowNet } from "./stalls.js";

const AGAIN_FIRST_MS = 1_000;
const AGAIN_LAST_MS = 8_000;
const NEAR_EDGE_SECONDS = 9;
const CONFIG = {
  enableWorker: false,
  liveSyncDurationCount: 3,
  liveMaxLatencyDurationCount: 12,
  backBufferLength: 60,
  maxBufferLength: 30,
  capLevelToPlayerSize: true,
  manifestLoadingMaxRetry: 2,
  levelLoadingMaxRetry: 4,
  fragLoadingMaxRetry: 4,
};

const IDLE = {
  url: "", live: false, ready: false, paused: true, muted: false, blocked: false, stalled: false, ended: false,
  time: 0, start: 0, edge: 0, date: null, levels: [], level: -1, rate: 1, broken: 0, silenced: false,
  sound: "", listening: false, offered: false,
};

/** A player on `video`. `onChange(state)` is called whenever something that is shown has changed. */
export function createPlayer(video, onChange) {
  let hls = null;
  let state = { ...IDLE };
  let wanted = false; // whether the viewer wants it to run
  let again = 0;
  let tries = 0;
  let mediaErrors = 0;
  let lastTime = -1;
  let lastMoved = Date.now();
  let back = false; // whether the viewer is back in time on purpose, and not to be taken to the edge
  let moment = null; // where to go on after another playlist was taken: {date, time}
  let Hls = null;
  const stalls = createStalls();
  const native = !byScript && Boolean(video.canPlayType("application/vnd.apple.mpegurl"));
  // It is by far the largest script, and all else on the page is alive before it is there.
  const fetchHls = () => ask("hls", () => import("hls.js")).then((found) => (Hls = found.default));
  if (byScript) fetchHls().catch(() => {});

  function set(changes) {
    state = { ...state, ...changes };
    onChange(state);
  }

  function destroy() {
    clearTimeout(again);
    if (hls) hls.destroy();
    hls = null;
  }

  /** Play `url`, a replay from the second `from` on; the same one again changes nothing. An empty url stops and lets go of the picture. */
  function source(url, { live = false, from = 0 } = {}) {
    if (url === state.url && live === state.live) return;
    const first = !state.url;
    destroy();
    tries = 0;
    mediaErrors = 0;
    video.removeAttribute("controls");
    moment = from && !live ? { date: null, time: from } : null;
    back = false;
    stalls.forget();
    lastMoved = Date.now();
    state = { ...IDLE, url, live, muted: video.muted };
    if (!url) {
      video.removeAttribute("src");
      video.load();
      video.hidden = true;
      onChange(state);
      return;
    }
    video.hidden = false;
    wanted = first ? live : wanted && live;
    load();
  }

  function load() {
    destroy();
    if (!state.url) return;
    if (native) {
      loadNative(state.url);
      return;
    }
    if (!byScript) {
      set({ broken: 99 });
      return;
    }
    if (!Hls) {
      const { url } = state;
      fetchHls().then(() => url === state.url && !hls && load(), () => url === state.url && reload());
      return;
    }
    const resume = moment && !state.live ? moment.time : state.ready && !state.live ? video.currentTime : -1;
    // Who chose the sound alone loads no picture, not even while its address is looked up.
    const autoStartLoad = state.listening || !chosen().listening;
    hls = new Hls({ ...CONFIG, startPosition: resume, autoStartLoad });
    stay(back);
    hls.on(Hls.Events.MANIFEST_LOADED, (_name, data) => found(data.levels));
    hls.on(Hls.Events.MANIFEST_PARSED, parsed);
    hls.on(Hls.Events.LEVEL_UPDATED, (_name, data) => updated(data.details));
    hls.on(Hls.Events.FRAG_BUFFERED, goOn);
    hls.on(Hls.Events.ERROR, (_name, data) => data.fatal && failed(data));
    hls.loadSource(state.listening ? state.sound : state.url);
    hls.attachMedia(video);
  }

  /** Browsers that play HLS by themselves choose the quality themselves too; only the sound alone must be found for them. */
  async function loadNative(url) {
    if (!state.sound) {
      const text = await fetch(url).then((answer) => (answer.ok ? answer.text() : ""), () => "");
      if (url !== state.url) return;
      const sound = soundIn(text, new URL(url, location.href));
      set({ sound, listening: Boolean(sound) && chosen().listening });
    }
    // It stands at its second with the picture, before anybody plays it.
    if (moment) video.preload = "metadata";
    video.src = state.listening ? state.sound : url;
    video.load();
    if (wanted) play();
  }

  /** The master is there: it may name the sound alone, and the viewer may have chosen that before. */
  function found(levels) {
    if (state.listening) return;
    const sound = soundOf(levels);
    if (sound) set({ sound, listening: chosen().listening, offered: !chosen().listening && !stalls.declined && slowNet() });
    if (state.listening) setTimeout(load);
    else if (!hls.config.autoStartLoad) hls.startLoad(hls.config.startPosition);
  }

  function parsed() {
    const levels = hls.levels.map((level, index) => ({ index, height: level.height || 0, bitrate: level.bitrate || 0 }));
    const level = state.listening ? -1 : levelFor(levels, chosen().height);
    if (level >= 0) {
      hls.startLevel = level;
      hls.loadLevel = level;
    }
    set({ ready: true, levels: state.listening ? [] : levels, level, broken: 0 });
    if (wanted) play();
  }

  /** After another playlist was taken while a show runs: back to the moment that was seen, if it is still there. */
  function goOn() {
    const sought = moment;
    moment = null;
    if (!sought || !hls || !state.live || !sought.date) return;
    const level = hls.levels[hls.currentLevel] || hls.levels[0];
    const place = level && level.details ? placeOf(level.details.fragments, sought.date) : null;
    if (place !== null && Math.abs(place - video.currentTime) > 1) video.currentTime = place;
  }

  function updated(details) {
    const fragments = details.fragments || [];
    tries = 0;
    set({
      start: fragments.length ? fragments[0].start : 0,
      edge: details.live ? details.edge - CONFIG.liveSyncDurationCount * details.targetduration : details.totalduration,
    });
  }

  /** The ladder: media errors are recovered in place twice, all else is loaded anew, ever more slowly, for as long as it takes. */
  function failed(data) {
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && mediaErrors < 2) {
      mediaErrors += 1;
      if (mediaErrors === 2) hls.swapAudioCodec();
      hls.recoverMediaError();
      return;
    }
    reload();
  }

  /** hls.js takes who is too late to the live edge; not the one who went back or stopped. */
  function stay(on) {
    back = on;
    if (hls) hls.config.liveMaxLatencyDurationCount = on ? Infinity : CONFIG.liveMaxLatencyDurationCount;
  }

  function reload() {
    if (back && !moment) moment = { date: date(), time: video.currentTime };
    destroy();
    tries += 1;
    set({ broken: tries, stalled: true });
    const span = Math.min(AGAIN_LAST_MS, AGAIN_FIRST_MS * 2 ** Math.min(tries, 4));
    again = setTimeout(load, AGAIN_FIRST_MS / 2 + Math.random() * span);
  }

  async function play() {
    wanted = true;
    try {
      await video.play();
      set({ blocked: false });
      return;
    } catch (error) {
      if (error.name !== "NotAllowedError") return;
    }
    if (video.muted) {
      set({ blocked: true });
      return;
    }
    // The browser lets nothing sound before a touch: run silent and say so.
    video.muted = true;
    try {
      await video.play();
      set({ muted: true, blocked: false, silenced: true });
    } catch {
      video.muted = false;
      set({ blocked: true });
    }
  }

  function pause() {
    wanted = false;
    if (state.live) stay(true);
    video.pause();
  }

  const date = () => dateOf(hls, native, video);

  function ticked() {
    if (video.currentTime !== lastTime) {
      lastTime = video.currentTime;
      lastMoved = Date.now();
    }
    const waiting = wanted && !video.ended && Date.now() - lastMoved > 2_500;
    if (waiting && !state.blocked && stalls.stood(!state.stalled, Date.now() - lastMoved) && state.sound && !state.listening) set({ offered: true });
    set({ time: video.currentTime, date: date(), paused: video.paused, stalled: waiting && !state.blocked, ...(native ? rangeOf(video, state.live) : {}) });
    // A picture that stands still for long although it should run: take the playlist anew.
    if (waiting && state.live && !state.blocked && Date.now() - lastMoved > 20_000 && !again) {
      lastMoved = Date.now();
      reload();
    }
  }

  video.addEventListener("timeupdate", ticked);
  video.addEventListener("seeked", ticked);
  video.addEventListener("play", () => set({ paused: false, ended: false }));
  video.addEventListener("pause", () => set({ paused: true }));
  video.addEventListener("ended", () => set({ ended: true }));
  video.addEventListener("playing", () => {
    mediaErrors = 0;
    again = 0;
    set({ stalled: false, blocked: false, broken: 0 });
  });
  video.addEventListener("volumechange", () => set({ muted: video.muted }));
  video.addEventListener("loadedmetadata", () => {
    if (!native) return;
    set({ ready: true, broken: 0 });
    if (moment && !state.live) video.currentTime = moment.time;
    else if (moment && moment.date && video.getStartDate) video.currentTime = Math.max(0, (moment.date - video.getStartDate().getTime()) / 1000) || 0;
    moment = null;
  });
  video.addEventListener("error", () => native && state.url && reload());
  setInterval(() => state.url && ticked(), 1_000);
  // WeChat on iPhones lets play what asks once its bridge is there.
  document.addEventListener("WeixinJSBridgeReady", () => wanted && video.paused && play());

  return {
    get state() {
      return state;
    },
    source,
    play,
    pause,
    toggle: () => (video.paused ? play() : pause()),
    /** Sound on or off; turning it on after a silent start also means that the viewer is there. */
    sound(on = video.muted) {
      video.muted = !on;
      set({ muted: !on, silenced: false });
      if (on && video.paused && wanted) play();
    },
    seek(to) {
      const end = state.edge || video.duration || to;
      stay(state.live && to < end - NEAR_EDGE_SECONDS);
      video.currentTime = Math.max(state.start, Math.min(to, end));
      ticked();
    },
    by(seconds) {
      this.seek(video.currentTime + seconds);
    },
    toEdge() {
      this.seek(hls && hls.liveSyncPosition ? hls.liveSyncPosition : state.edge);
      play();
    },
    /** Whether the picture is at the live edge, as near as a live playlist lets it be. */
    atEdge: () => state.live && (!state.edge || state.edge - video.currentTime < NEAR_EDGE_SECONDS),
    /** One of `state.levels` by its index, -1: automatic. What is buffered plays out first, so nothing stops. */
    quality(index) {
      const level = state.levels.find((each) => each.index === index);
      choose({ height: level ? level.height : 0 });
      if (hls) hls.nextLevel = index;
      set({ level: index });
    },
    /** The sound alone, or the picture again, from the moment that was playing. */
    listen(on = !state.listening) {
      if (!state.sound || on === state.listening) return;
      choose({ listening: on });
      const at = date();
      moment = { date: at, time: video.currentTime };
      stalls.forget();
      set({ listening: on, levels: [], level: -1, offered: false });
      load();
    },
    /** The picture is kept although it stands still often. */
    decline() {
      stalls.declined = true;
      set({ offered: false });
    },
    speed(rate) {
      video.playbackRate = rate;
      set({ rate });
    },
  };
}
