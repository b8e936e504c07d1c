/* 弹幕 over the replay: comments fly at the second at which they were written; it lends the room's own module what it needs and draws nothing. */

import { create } from "./danmaku.js";

/** Gives {show(on), settings()}, drawing into `place`. What is no longer among the marks flies no more. */
export function danmaku(replay, place) {
  const objects = new Map([
    ["airing", { key: "airing", kind: "airing", state: "ended" }],
    ["media", { key: "media", kind: "media", replay: replay.boot.source }],
  ]);
  const store = {
    state: { objects, trimmed: new Map(), mine: { items: new Map() }, marks: replay.marks },
    subscribe(follow) {
      replay.watch(() => {
        if (store.state.marks === replay.marks) return;
        store.state.marks = replay.marks;
        follow();
      });
    },
    now: () => Date.now(),
  };
  return create({ store, stage: replay }, place, { turn: replay.fly });
}
