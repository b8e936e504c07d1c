/* Entry of the replay's page: player, chapters, panels of the moment; without it the page shows the same contents and plays plainly. */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ready, t } from "../broadcast/i18n.js";
import { keepAsking, modulesAt } from "./lazy.js";
import { keep, kept } from "./over.js";
import { createPlayer } from "./player.js";
import { Controls, Cover } from "./replay-controls.js";
import { keysOf } from "./replay-keys.js";
import { placed } from "./replay-map.js";
import { offer, remember } from "./replay-place.js";
import { html, lasting } from "./view.js";

const PAGE = 500;
const PAGES_MOST = 12;
const AGAIN_MS = 5_000;
// What was withdrawn or corrected meanwhile: asked again now and then, while somebody looks.
const FRESH_MS = 120_000;

function start(boot) {
  const video = document.getElementById("video");
  const watchers = new Set();
  const elder = document.documentElement.classList.contains("elder");
  video.querySelectorAll("source, track").forEach((each) => each.remove());
  video.removeAttribute("controls");
  const replay = {
    boot,
    video,
    elder,
    audio: video.tagName === "AUDIO",
    marks: null,
    words: null,
    caption: false,
    size: 0,
    flying: false,
    danmaku: null,
    tab: "contents",
    player: createPlayer(video, (state) => watchers.forEach((watcher) => watcher(state))),
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    again: () => watchers.forEach((watcher) => watcher({ ...replay.player.state })),
    /** To a second of the replay, and on from there. */
    go(second) {
      replay.player.seek(second);
      replay.player.play();
    },
    speed(rate) {
      video.defaultPlaybackRate = rate;
      replay.player.speed(rate);
    },
    /** Comments over the picture, on or off; kept in this browser. */
    async fly(on) {
      replay.flying = on;
      keep({ replayDanmaku: on });
      replay.again();
      if (on && !replay.danmaku && replay.marks) {
        const { danmaku } = await keepAsking("replay-danmaku", () => import("./replay-danmaku.js"));
        replay.danmaku = replay.danmaku || danmaku(replay, document.getElementById("layers").appendChild(document.createElement("div")));
      }
      if (replay.danmaku) replay.danmaku.show(replay.flying);
    },
    open(tab) {
      replay.tab = tab;
      for (const [name, id] of Object.entries(PANELS)) document.getElementById(id).hidden = name !== tab;
      drawTabs(replay);
      replay.again();
    },
  };
  mount("controls", html`<${Controls} replay=${replay} />`);
  mount("cover", html`<${Cover} replay=${replay} />`);
  mount("share", html`<${Share} replay=${replay} />`);
  replay.player.source(boot.source, { live: false, from: boot.second });
  if (!boot.second) stopped(replay);
  links(replay);
  keysOf(replay);
  remember(replay);
  later(replay);
  drawTabs(replay);
  fetchMarks(replay);
  performance.mark("yishi.drawn");
}

const PANELS = { contents: "panel", now: "panel-now", words: "panel-words" };

const taken = new Set();

function mount(id, view) {
  const place = document.getElementById(id);
  // What the server has drawn goes once; from then on it is preact's.
  if (!taken.has(id)) place.textContent = "";
  taken.add(id);
  render(view, place);
}

/** Offers, once it can be played, to go on where this browser stopped; an address with a second goes there by itself. */
function stopped(replay) {
  let offered = false;
  const off = replay.watch((state) => {
    if (offered || !state.ready || !(state.edge || replay.video.duration)) return;
    offered = true;
    setTimeout(off);
    offer(replay, document.getElementById("offer"));
  });
}

/** What the server has drawn with a second leads there without another page. */
function links(replay) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-second]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    replay.go(Number(link.dataset.second));
  });
}

function drawTabs(replay) {
  const words = { contents: t("本期内容"), now: t("此刻"), words: t("文字稿") };
  const names = ["contents", "now", ...(replay.words ? ["words"] : [])];
  const open = (event, name) => {
    event.preventDefault();
    replay.open(name);
  };
  mount("tabs", html`${names.map((name) => html`<a key=${name} href=${`#${PANELS[name]}`} aria-current=${name === replay.tab ? "page" : null} onClick=${(event) => open(event, name)}>${words[name]}</a>`)}
    <a href=${withQuery(replay.boot.address, "tab=ask")}>${t("互动记录")}</a>`);
}

const withQuery = (address, query) => `${address}${address.includes("?") ? "&" : "?"}${query}`;

/** The address of this moment, to be sent on. */
function Share({ replay }) {
  const [told, tell] = useState("");
  useEffect(() => {
    const timer = told ? setTimeout(() => tell(""), 4_000) : 0;
    return () => clearTimeout(timer);
  }, [told]);
  const copy = async () => {
    const second = Math.floor(replay.video.currentTime);
    const address = withQuery(replay.boot.address, `t=${second}`);
    try {
      await navigator.clipboard.writeText(address);
      tell(t("已复制，从 {time} 开始", { time: lasting(second) }));
    } catch {
      tell(address);
    }
  };
  return html`<p class="copy bits"><button type="button" class="link" onClick=${copy}>${t("复制此刻链接")}</button><span class="note" role="status">${told}</span></p>`;
}

/** All marks, in pages: again until they came, and now and then anew. What is withdrawn is not among them. */
async function fetchMarks(replay) {
  const { boot } = replay;
  const first = !replay.marks;
  try {
    const found = [];
    for (let from = 0, page = 0; from !== null && page < PAGES_MOST; page += 1) {
      const answer = await fetch(`${boot.urls.timeline}?limit=${PAGE}&from=${from}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { marks, next } = await answer.json();
      found.push(...marks);
      from = next;
    }
    const parts = boot.chapters.filter((each) => each.kind === "segment").map((each) => ({ kind: "segment", title: each.title, offset: each.second, at: "" }));
    replay.marks = [...placed(found, boot.spans, boot.delay), ...parts].sort((a, b) => a.offset - b.offset);
    const { drawNow } = await keepAsking("replay-now", () => import("./replay-now.js"));
    if (first) {
      drawNow(replay, document.getElementById("panel-now"), document.getElementById("now"));
      if (replay.tab === "contents" && boot.second && replay.marks.length) replay.open("now");
      if (kept().replayDanmaku && !replay.elder) replay.fly(true);
    }
    replay.again();
    whenSeen(FRESH_MS, () => fetchMarks(replay));
  } catch (error) {
    console.warn("replay: marks", error);
    setTimeout(() => fetchMarks(replay), AGAIN_MS);
  }
}

/** What not every replay has comes afterwards: words, pictures on the bar, the waveform. */
function later(replay) {
  const { boot } = replay;
  const layers = document.getElementById("layers");
  if (boot.media.sprites && !replay.audio) import("./replay-preview.js").then(({ preview }) => preview(replay, layers), () => {});
  if (boot.media.peaks && replay.audio) import("./replay-wave.js").then(({ wave }) => wave(replay, document.getElementById("screen")), () => {});
  if (boot.media.words) fetchWords(replay, layers);
}

/** The signed words, and again now and then: what was withdrawn goes from an open page too. */
async function fetchWords(replay, layers) {
  const { boot } = replay;
  try {
    const answer = await fetch(boot.urls.transcript, { credentials: "same-origin", headers: { Accept: "application/json" } });
    const { lines } = answer.ok ? await answer.json() : { lines: [] };
    if (answer.ok ? lines.length || replay.words : answer.status === 404 && replay.words) {
      const { words } = await keepAsking("replay-words", () => import("./replay-words.js"));
      words(replay, lines, document.getElementById("panel-words"), layers);
      if (!replay.words && replay.tab === "words") replay.open("contents");
      drawTabs(replay);
      replay.again();
    }
  } catch (error) {
    console.warn("replay: transcript", error);
  }
  whenSeen(FRESH_MS, () => fetchWords(replay, layers));
}

/** Calls after a while, later if nobody looks at the page then; spread, since many began at once. */
function whenSeen(milliseconds, call) {
  setTimeout(() => {
    if (!document.hidden) call();
    else document.addEventListener("visibilitychange", call, { once: true });
  }, milliseconds * (0.75 + Math.random() / 2));
}

const boot = JSON.parse(document.getElementById("boot").textContent);
modulesAt(boot.modules);
ready().then(() => start(boot));
