/* 弹幕: new comments fly over the picture, as the reader chose; what is withdrawn leaves in the same moment. It sends nothing. */

import { render } from "preact";
import { t } from "../broadcast/i18n.js";
import { drawn, laneFor } from "./danmaku-lanes.js";
import { keep, kept } from "./over.js";
import { mode, one } from "./reducer.js";
import { html } from "./view.js";

const FRESH_MS = 30_000;
const SPREAD_MS = 450;
const TEXT_MOST = 40;
// Of each choice: words and what it means; the middle one is what nobody chose.
export const CHOICES = {
  density: { words: () => [t("少"), t("中"), t("多")], means: [6, 18, 48] },
  speed: { words: () => [t("慢"), t("中"), t("快")], means: [14_000, 10_000, 7_000] },
  size: { words: () => [t("小"), t("中"), t("大")], means: [15, 18, 24] },
  area: { words: () => [t("上四分之一"), t("上半"), t("整幅")], means: [0.25, 0.5, 0.85] },
};
const NAMES = () => ({ density: t("密度"), speed: t("速度"), size: t("字号"), area: t("区域") });

/** The meaning of a choice; `chosen` holds 0, 1 or 2 by name. */
export const meant = (chosen, name) => CHOICES[name].means[chosen[name] === undefined ? 1 : chosen[name]];

/** What may fly, by key: the comments of the room, or of the replay those at their moment. */
function spoken(state) {
  if (mode(state) !== "replay") return { has: (key) => state.objects.get(key) || state.trimmed.get(key) };
  const marks = new Map((state.marks || []).filter((mark) => mark.comment).map((mark) => [`comment:${mark.comment}`, { text: mark.title }]));
  return { has: (key) => marks.get(key) };
}

/** Draws into `place` while it is shown. Gives {show(on), settings()}. */
export function create(room, place, layer) {
  const { store, stage } = room;
  const sky = place.appendChild(document.createElement("div"));
  const sheet = place.appendChild(document.createElement("div"));
  sky.className = "danmaku";
  sky.setAttribute("aria-hidden", "true");
  const flying = new Map();
  let known = new Set();
  let lanes = [];
  let shown = false;
  let open = false;
  let lastTime = 0;
  const chosen = () => kept().danmakuAs || {};

  function fly(key, text, own) {
    drop(key); // after going back it comes to its moment again
    const as = chosen();
    if (!shown || document.hidden || flying.size >= meant(as, "density")) return;
    const size = meant(as, "size");
    const height = Math.round(size * 1.5);
    const most = Math.max(1, Math.floor((sky.clientHeight * meant(as, "area")) / height));
    while (lanes.length < most) lanes.push({ clear: 0, done: 0 });
    lanes.length = most;
    const span = document.createElement("span");
    span.textContent = [...text].length > TEXT_MOST ? `${[...text].slice(0, TEXT_MOST).join("")}…` : text;
    span.className = own ? "own" : "";
    span.style.fontSize = `${size}px`;
    sky.appendChild(span);
    const width = span.offsetWidth;
    const across = sky.clientWidth;
    const lasting = meant(as, "speed");
    const now = performance.now();
    const at = laneFor(lanes, now, width, across, lasting);
    if (at < 0 || !span.animate) {
      span.remove();
      return;
    }
    lanes[at] = { clear: now + (lasting * (width + size)) / (across + width), done: now + lasting };
    span.style.top = `${at * height}px`;
    const moving = span.animate([{ transform: `translateX(${across}px)` }, { transform: `translateX(${-width}px)` }], { duration: lasting, easing: "linear" });
    moving.onfinish = () => {
      span.remove();
      if ((flying.get(key) || {}).span === span) flying.delete(key);
    };
    flying.set(key, { span, moving, text });
  }

  function drop(key) {
    const flown = flying.get(key);
    if (!flown) return;
    flying.delete(key);
    flown.moving.cancel();
    flown.span.remove();
  }

  function clear() {
    for (const key of [...flying.keys()]) drop(key);
    lanes = [];
  }

  /** First what must leave, then what is new. */
  function follow() {
    const { state } = store;
    const said = spoken(state);
    for (const [key, { text }] of flying) {
      const now = said.has(key);
      if (!now || now.text !== text) drop(key);
    }
    if (open) draw();
    if (mode(state) === "replay") return;
    const percent = percentOf(state);
    for (const comment of state.objects.values()) {
      if (comment.kind !== "comment" || known.has(comment.key)) continue;
      known.add(comment.key);
      if (!shown || stage.player.state.paused || store.now() - Date.parse(comment.at) > FRESH_MS || !drawn(comment.id, percent)) continue;
      const own = state.mine.items.has(comment.key);
      setTimeout(() => {
        const still = spoken(store.state).has(comment.key);
        if (still) fly(comment.key, still.text, own);
      }, Math.random() * SPREAD_MS);
    }
    if (known.size > 2_000) known = new Set([...known].slice(-1_000));
  }

  /** In a replay they come at their moment, as the picture passes it. */
  function passed(playing) {
    const from = lastTime;
    lastTime = playing.time;
    if (mode(store.state) !== "replay") return;
    if (playing.time < from) clear();
    if (playing.paused || playing.time <= from || playing.time - from > 3) return;
    for (const mark of store.state.marks || []) {
      if (mark.comment && mark.offset > from && mark.offset <= playing.time) fly(`comment:${mark.comment}`, mark.title, false);
    }
  }

  const percentOf = (state) => {
    const load = one(state, "load");
    return load && load.danmaku_percent !== undefined ? load.danmaku_percent : 100;
  };

  function close() {
    open = false;
    draw();
  }

  function choose(name, value) {
    keep({ danmakuAs: { ...chosen(), [name]: value } });
    clear();
    draw();
  }

  function draw() {
    const percent = percentOf(store.state);
    const as = chosen();
    const names = NAMES();
    render(
      open &&
        html`<form class="danmaku-set studio" aria-label=${t("弹幕设置")} onSubmit=${(event) => event.preventDefault()} onKeyDown=${(event) => event.key === "Escape" && close()}>
          ${percent < 100 && html`<p>${percent ? t("在看的人很多，弹幕抽签显示约 {n}%，评论都在列表里。", { n: percent }) : t("在看的人很多，弹幕暂停，评论都在列表里。")}</p>`}
          ${Object.keys(CHOICES).map((name) => html`<fieldset key=${name}><legend>${names[name]}</legend>${CHOICES[name].words().map((word, value) => html`<label key=${value}><input type="radio" name=${`danmaku-${name}`} checked=${(as[name] === undefined ? 1 : as[name]) === value} onChange=${() => choose(name, value)} />${word}</label>`)}</fieldset>`)}
          <p class="bits"><button type="button" onClick=${() => { close(); layer.turn(false); }}>${t("关掉弹幕")}</button><button type="button" onClick=${close}>${t("收起")}</button></p>
        </form>`,
      sheet,
    );
  }

  for (const key of store.state.objects.keys()) known.add(key);
  store.subscribe(follow);
  stage.watch(passed);
  return {
    show(on) {
      if (on === shown) return;
      shown = on;
      place.hidden = !on;
      if (!on) {
        clear();
        close();
      }
    },
    settings() {
      open = !open;
      draw();
      const first = open && sheet.querySelector("input:checked");
      if (first) first.focus();
    },
  };
}
