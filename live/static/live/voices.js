/* The switches of captions and danmaku beside the picture, and the announcement; what they switch comes when it is first wanted. */

import { useState } from "preact/hooks";
import { t } from "../broadcast/i18n.js";
import { keepAsking } from "./lazy.js";
import { keep, kept } from "./over.js";
import { mode, one } from "./reducer.js";
import { html, useStore } from "./view.js";

const still = window.matchMedia ? matchMedia("(prefers-reduced-motion: reduce)") : { matches: false };

/** Hangs both switches into the stage of the room; called once. */
export function voices(room) {
  const layers = document.getElementById("layers");
  if (!layers) return;
  const captions = layer(room, "captions", true, () => import("./captions.js"), layers);
  const danmaku = layer(room, "danmaku", false, () => import("./danmaku.js"), layers);
  captions.offered = () => Boolean((one(room.store.state, "airing") || {}).captions) && runs(room);
  danmaku.offered = () => !room.elder && !room.stage.audio && !still.matches && (one(room.store.state, "airing") || {}).comments !== "off" && runs(room);
  room.stage.addSwitch({
    key: "captions", elder: true,
    words: () => captions.offered() && (captions.on ? t("字幕开") : t("字幕关")),
    press: () => captions.turn(!captions.on),
  });
  room.stage.addSwitch({
    key: "danmaku", elder: false,
    words: () => danmaku.offered() && (danmaku.on ? t("弹幕开") : t("弹幕关")),
    press: () => (danmaku.on && danmaku.made ? danmaku.made.settings() : danmaku.turn(true)),
  });
  const follow = () => {
    captions.follow();
    danmaku.follow();
  };
  room.store.subscribe(follow);
  if (still.addEventListener) still.addEventListener("change", follow);
  follow();
}

const runs = (room) => ["live", "replay", "ended"].includes(mode(room.store.state));

/** One layer: its module is fetched when it is on and there is something for it, and made only once. */
function layer(room, name, byItself, load, place) {
  const chosen = kept()[name];
  const one = {
    on: chosen === undefined ? byItself : chosen,
    made: null,
    asked: false,
    offered: () => false,
    turn(on) {
      one.on = on;
      keep({ [name]: on });
      one.follow();
      room.stage.touched();
    },
    follow() {
      const wanted = one.on && one.offered();
      if (one.made) one.made.show(wanted);
      else if (wanted && !one.asked) fetchIt();
      if (one.told !== Boolean(one.offered())) {
        one.told = !one.told;
        room.stage.touched();
      }
    },
    told: false,
  };
  const fetchIt = () => {
    one.asked = true;
    keepAsking(name, load).then((module) => {
      const own = place.appendChild(document.createElement("div"));
      one.made = module.create(room, own, one);
      one.follow();
    });
  };
  return one;
}

/** 公告, first on the page, until the reader puts it away; the next one is shown again. */
export function Announcement({ room }) {
  const state = useStore(room.store);
  const [away, put] = useState(() => kept().away || 0);
  const told = one(state, "announcement");
  const close = () => {
    keep({ away: told.id });
    put(told.id);
  };
  return html`<div role="status">${told && told.id !== away && mode(state) !== "withdrawn" && html`<p class="notice announcement"><b>${t("公告")}</b><span>${told.text}</span><button type="button" class="link" onClick=${close}>${t("知道了")}</button></p>`}</div>`;
}
