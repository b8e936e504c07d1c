/* The caption line over the picture: the one of the moment that plays, whether that is live, behind or a replay; it asks for older ones itself. */

import { all, mode, one } from "./reducer.js";

const LOOK_MS = 250;
// Who has no date of the picture is about so far behind the public line: three segments and their way.
const PLAYER_MS = 8_000;
// A line that comes after its moment is still shown if it is no later than this.
const LATE_MS = 15_000;
const NEXT_MS = 1_200;
const FETCH_MS = 20_000;
// A replay changes only by a correction.
const REPLAY_FETCH_MS = 60_000;

/** How long a line stands where nothing follows, in milliseconds; as in live/captions.py. */
export const reading = (text) => Math.min(8_000, Math.max(2_500, 1_200 + 220 * [...text].length));

/** Lines in order, each with the time of the picture from when to when it stands. `seen`: by id, where the picture was when the line came. */
export function laid(lines, seen = new Map()) {
  const sorted = [...lines].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.id - b.id));
  const found = [];
  let free = 0;
  for (const line of sorted) {
    const at = Date.parse(line.at);
    const came = seen.get(line.id) || 0;
    const late = came > at && came - at <= LATE_MS;
    // What came late together is read one after the other, and what follows after it.
    const from = Math.max(late ? came : at, free);
    if (from > at) free = from + NEXT_MS;
    const until = from + (line.until ? Math.max(NEXT_MS, Date.parse(line.until) - at) : reading(line.text));
    found.push({ ...line, from, until });
  }
  return found;
}

/** `laid` for who asks again and again: anew only when a line has changed, or `word`, which the caller changes with `seen`. */
export function createLayout() {
  let known = [];
  let last = null;
  let found = [];
  return (lines, seen, word) => {
    if (word !== last || lines.length !== known.length || lines.some((line, at) => line !== known[at])) found = laid(lines, seen);
    [known, last] = [lines, word];
    return found;
  };
}

/** The line that stands when the picture is at `date`: the one begun last, while it lasts; null: none. */
export function lineAt(found, date) {
  let best = null;
  for (const line of found) if (line.from <= date && (!best || line.from >= best.from)) best = line;
  return best && date < best.until ? best : null;
}

/** The studio's time of a place in the replay, by the recording's spans; null where there is none. */
export function dateOf(spans, offset) {
  const span = spans.find((each) => offset >= each.offset && offset < each.offset + each.duration);
  return span ? Date.parse(span.at) + (offset - span.offset) * 1000 : null;
}

/** Draws into `place` while it is shown. Gives {show(on)}. */
export function create(room, place) {
  const { store, stage, boot } = room;
  const box = place.appendChild(document.createElement("p"));
  const words = box.appendChild(document.createElement("span"));
  box.className = "caption studio";
  box.lang = "zh-Hans";
  box.hidden = true;
  let timer = 0;
  let seen = new Map();
  let marked = 0; // how often `seen` changed
  const layout = createLayout();
  let older = { lines: [], next: 0, busy: false };
  let spans = null;

  function date() {
    const playing = stage.player.state;
    if (playing.date !== null) return playing.date;
    if (mode(store.state) === "replay") return spans ? dateOf(spans, playing.time) : null;
    const airing = one(store.state, "airing");
    return store.now() - ((airing && airing.delay_seconds) || 0) * 1000 - PLAYER_MS;
  }

  /** All lines up to now: for who looks at something older than the room's state has, asked for again now and then. */
  async function fetchOlder() {
    if (older.busy || Date.now() < older.next) return;
    older = { ...older, busy: true };
    const get = async (url) => {
      const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
      return answer.json();
    };
    try {
      if (mode(store.state) === "replay" && !spans) spans = (await get(boot.urls.spans).catch(() => ({ spans: null }))).spans;
      const { lines } = await get(boot.urls.captions);
      older = { lines, next: Date.now() + (spans ? REPLAY_FETCH_MS : FETCH_MS), busy: false };
    } catch {
      // What is known stays; a line that was taken out in the meantime goes with the next answer.
      older = { ...older, next: Date.now() + FETCH_MS, busy: false };
    }
  }

  function look() {
    const state = store.state;
    const now = date();
    const recent = all(state, "caption");
    const live = mode(state) !== "replay";
    for (const line of recent) {
      if (!live || now === null || seen.has(line.id)) continue;
      seen.set(line.id, now);
      marked += 1;
    }
    if (seen.size > recent.length + 50) {
      seen = new Map(recent.map((line) => [line.id, seen.get(line.id)]));
      marked += 1;
    }
    const first = recent.reduce((least, line) => (line.at < least ? line.at : least), "~");
    const behind = !live || (now !== null && stage.player.state.url && recent.length > 0 && now < Date.parse(first));
    if (behind) fetchOlder();
    const ids = new Set(recent.map((line) => line.id));
    const lines = behind ? [...older.lines.filter((line) => !ids.has(line.id)), ...recent] : recent;
    const line = now === null ? null : lineAt(layout(lines, seen, marked), now);
    const text = line ? line.text : "";
    if (words.textContent !== text) words.textContent = text;
    box.hidden = !text;
  }

  /** Lines that were there when the reader came are not late, they are old. */
  const first = date();
  for (const line of all(store.state, "caption")) if (first === null || Date.parse(line.at) < first - reading(line.text)) seen.set(line.id, 0);

  return {
    show(on) {
      place.hidden = !on;
      if (on === Boolean(timer)) {
        if (on) look();
        return;
      }
      clearInterval(timer);
      timer = on ? setInterval(look, LOOK_MS) : 0;
      if (on) look();
    },
  };
}
