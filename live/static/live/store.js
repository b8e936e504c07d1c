/* Holds the room's state and tells who draws it; it applies frames by the reducer and asks nobody for anything. */

import * as reducer from "./reducer.js";

/** How long a hidden page waits before it is drawn again. */
const HIDDEN_MS = 5_000;

/** A store over the page's own objects. `link` is connecting, open, polling or lost; `entries` is what the outbox holds. */
export function createStore(boot) {
  const listeners = new Set();
  let told = false;
  let offset = 0;
  let bestDelay = Infinity;
  let timer = 0;
  const resting = () => typeof document !== "undefined" && document.hidden;
  const tell = () => {
    clearTimeout(timer);
    timer = 0;
    told = false;
    for (const listener of [...listeners]) listener();
  };
  if (typeof document !== "undefined") document.addEventListener("visibilitychange", () => timer && !resting() && tell());
  const store = {
    state: { ...reducer.begin(boot.objects, boot.mine), link: "connecting", restored: false, entries: [], toldMine: 0, tab: boot.tab, staffReplay: boot.staff_replay },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Lay `changes` over the state; listeners are told once per frame of the browser's work. */
    set(changes) {
      store.state = { ...store.state, ...changes };
      if (told) return;
      told = true;
      // Nobody sees a hidden page: it keeps its state true, and is drawn now and then.
      if (resting()) timer = setTimeout(tell, HIDDEN_MS);
      else Promise.resolve().then(tell);
    },
    snapshot(frame) {
      store.set(reducer.applySnapshot(store.state, frame));
      keepTime(frame.at);
    },
    /** Applies a tick; gives false when something before it is missing. */
    tick(frame) {
      keepTime(frame.at);
      const verdict = reducer.judge(store.state, frame);
      if (verdict === "apply") store.set(reducer.applyTick(store.state, frame));
      return verdict !== "gap";
    },
    /** The room is not there any more: nothing of it stays on the page. */
    gone() {
      const airing = reducer.one(store.state, "airing") || { kind: "airing", key: "airing", state: "ended" };
      store.set({ objects: new Map([["airing", { ...airing, withdrawn: true }]]), trimmed: new Map(), link: "open" });
    },
    /** All of one's own, or what changed of it; `toldMine` counts the changes, so that a whole can be known to be older than one. */
    mine(frame) {
      const toldMine = store.state.toldMine + (frame.whole ? 0 : 1);
      store.set({ mine: reducer.mergeMine(store.state.mine, frame), toldMine });
    },
    /** One's own support of a question, given or taken back. */
    supported(question, on) {
      const supports = new Set(store.state.mine.supports);
      if (on) supports.add(question);
      else supports.delete(question);
      store.set({ mine: { ...store.state.mine, supports }, toldMine: store.state.toldMine + 1 });
    },
    /** The server's time in milliseconds, as well as this browser can know it. */
    now: () => Date.now() + offset,
  };

  function keepTime(at) {
    // The frame that travelled fastest knows best; a little decay lets a wrong first guess be forgotten.
    const delay = Date.now() - Date.parse(at);
    if (Number.isNaN(delay)) return;
    bestDelay = Math.min(bestDelay + 1, delay);
    offset = -bestDelay;
  }
  return store;
}
