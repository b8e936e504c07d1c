/* Joins player, controls and store: what plays follows the room's state; keyboard, full screen and hiding of idle controls live here. */

import { render } from "preact";
import { Controls, Cover, OnAir, covered } from "./controls.js";
import { createPlayer } from "./player.js";
import { mode, one, replayOf } from "./reducer.js";
import { html } from "./view.js";

const IDLE_MS = 3_000;
const TAIL_MS = 30_000;

/** Takes over the server-drawn player of the page. Gives the stage: player, watch, fullscreen. */
export function createStage(store, elder) {
  const frame = document.getElementById("player");
  const video = document.getElementById("video");
  const watchers = new Set();
  const switches = [];
  const stage = {
    /** Buttons of others in the controls' row: {key, words(), press(), elder}; without words it is not there. `touched` draws them again. */
    switches,
    addSwitch(one) {
      switches.push(one);
      stage.touched();
    },
    touched: () => watchers.forEach((watcher) => watcher({ ...stage.player.state })),
    audio: frame.classList.contains("sound"),
    player: createPlayer(video, (state) => watchers.forEach((watcher) => watcher(state))),
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    /** Whether a picture runs: it does for a while after its signal was lost. */
    goesOn: () => goesOn(stage.player.state),
    fullscreen: () => fullscreen(frame, video),
    /** On a phone held across, the hall lies over the picture's right half, or goes. */
    beside(on = !stage.isBeside()) {
      document.documentElement.classList.toggle("beside", on);
      stage.touched();
    },
    isBeside: () => document.documentElement.classList.contains("beside"),
  };
  video.removeAttribute("controls");
  video.removeAttribute("src");
  mount("cover", html`<${Cover} store=${store} stage=${stage} />`);
  mount("onair", html`<${OnAir} store=${store} stage=${stage} />`);
  mount("controls", html`<${Controls} store=${store} stage=${stage} elder=${elder} />`);
  const follow = () => {
    followState(stage, store.state);
    frame.classList.toggle("runs", Boolean(stage.player.state.url) && !covered(store.state));
  };
  store.subscribe(follow);
  stage.watch((playing) => playing.live && playing.ended && follow());
  follow();
  if (!elder) hideIdle(frame, stage);
  keys(stage);
  return stage;
}

/** Whether this player has something to show and goes on with it. */
export const goesOn = (playing) => playing.ready && !playing.stalled && !playing.broken;

function mount(id, view) {
  const place = document.getElementById(id);
  place.textContent = "";
  render(view, place);
}

/** What should play now. A cut or withdrawn picture is let go at once; who watches sees the delayed end of a show play out. */
function followState(stage, state) {
  const media = one(state, "media") || {};
  const now = mode(state);
  if (covered(state) || now === "before") stage.player.source("");
  else if (playsOut(stage, media)) return;
  else if (now === "replay") stage.player.source(replayOf(state), { live: false });
  else if (media.playlist && (now === "live" || (media.state === "live" && stage.player.state.url === media.playlist))) stage.player.source(media.playlist, { live: true });
  else stage.player.source("");
}

/** Whether a picture still runs behind its line, which is complete: a player is some seconds late, and those are shown before all else. */
function playsOut(stage, media) {
  const { url, live, paused, ended, broken } = stage.player.state;
  if (media.state !== "ended" || !url || !live || paused || ended || broken) return false;
  stage.tailSince = stage.tailSince || Date.now();
  return Date.now() - stage.tailSince < TAIL_MS;
}

function fullscreen(frame, video) {
  const current = document.fullscreenElement || document.webkitFullscreenElement;
  if (current) {
    (document.exitFullscreen || document.webkitExitFullscreen).call(document);
    return;
  }
  if (frame.requestFullscreen) frame.requestFullscreen().catch(() => frame.classList.toggle("full"));
  else if (frame.webkitRequestFullscreen) frame.webkitRequestFullscreen();
  else if (video.webkitEnterFullscreen) video.webkitEnterFullscreen();
  else frame.classList.toggle("full");
}

/** Controls leave the picture alone while it runs and nobody touches it; the keyboard's focus brings them back. */
function hideIdle(frame, stage) {
  let timer = 0;
  const wake = () => {
    frame.classList.remove("idle");
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!stage.audio && !stage.player.state.listening && !stage.player.state.paused && !stage.player.state.stalled) frame.classList.add("idle");
    }, IDLE_MS);
  };
  for (const name of ["pointermove", "pointerdown", "focusin", "keydown"]) frame.addEventListener(name, wake);
  let paused = true;
  stage.watch((state) => {
    if (state.paused !== paused) wake();
    paused = state.paused;
  });
  document.getElementById("video").addEventListener("click", () => {
    if (matchMedia("(hover: hover)").matches) stage.player.toggle();
  });
}

function keys(stage) {
  const acts = {
    " ": () => stage.player.toggle(),
    k: () => stage.player.toggle(),
    ArrowLeft: () => stage.player.by(-10),
    ArrowRight: () => stage.player.by(10),
    m: () => stage.player.sound(stage.player.state.muted),
    f: () => stage.fullscreen(),
    "/": () => {
      stage.beside(true);
      const field = document.querySelector("#hall .composer .field, #hall textarea.field");
      if (field) field.focus();
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const { target } = event;
    if (event.key === "Escape" && target.closest("#hall input, #hall textarea, #hall select")) {
      target.blur();
      return;
    }
    if (target.closest("input, textarea, select, [role=dialog]")) return;
    if (event.key === " " && target.closest("button, a, summary")) return;
    if (event.key.startsWith("Arrow") && target.closest(".tabs")) return;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || (event.key !== "/" && !stage.player.state.url)) return;
    event.preventDefault();
    act();
  });
}
