/* The room's state as a browser holds it: a map from key to object, moved by snapshots and ticks; pure, it touches no page and no network. */

export const COMMENTS_KEPT = 100;
const TRIMMED_KEPT = 300;

/** A state from the objects that the page brought along; without epoch, so the first frame must be a snapshot. */
export function begin(objects, mine) {
  return {
    epoch: 0,
    seq: -1,
    pace: 1000,
    ...mapped(objects),
    mine: mergeMine(null, { ...mine, whole: true }),
  };
}

/** The state after a snapshot; an older one than what is held changes nothing. Epoch 0 comes straight from the database, while
    nobody numbers: it is always newer. */
export function applySnapshot(state, frame) {
  if (!frame.epoch) return { ...state, epoch: 0, seq: -1, pace: frame.next_after_ms || state.pace, ...mapped(frame.objects) };
  if (frame.epoch < state.epoch || (frame.epoch === state.epoch && frame.seq < state.seq)) return state;
  return { ...state, epoch: frame.epoch, seq: frame.seq, pace: frame.next_after_ms || state.pace, ...mapped(frame.objects) };
}

/** What to do with a tick: "apply" it, "drop" what is old, or "gap" when something before it is missing. */
export function judge(state, frame) {
  if (frame.epoch < state.epoch) return "drop";
  if (frame.epoch > state.epoch) return "gap";
  if (frame.seq <= state.seq) return "drop";
  return frame.seq === state.seq + 1 ? "apply" : "gap";
}

/** The state after the next tick; `judge` must have said "apply". */
export function applyTick(state, frame) {
  const objects = new Map(state.objects);
  // Something ceased to be public: what only this browser still holds may be among it.
  const load = (frame.put || []).find((object) => object.kind === "load");
  const trimmed = new Map(load && (load.cleared || "") !== cleared(state) ? [] : state.trimmed);
  for (const key of frame.remove || []) {
    objects.delete(key);
    trimmed.delete(key);
  }
  for (const object of frame.put || []) objects.set(object.key, object);
  for (const [id, supports] of frame.supports || []) {
    const question = objects.get(`question:${id}`);
    if (question) objects.set(question.key, { ...question, supports });
  }
  trim(objects, trimmed);
  return { ...state, epoch: frame.epoch, seq: frame.seq, pace: frame.next_after_ms || state.pace, objects, trimmed };
}

function mapped(list) {
  const objects = new Map(list.map((object) => [object.key, object]));
  const trimmed = new Map();
  trim(objects, trimmed);
  return { objects, trimmed: new Map() };
}

/** Keeps the newest comments in the map, as the server does; what leaves stays readable for who is reading further up. */
function trim(objects, trimmed) {
  const comments = [...objects.values()].filter((object) => object.kind === "comment");
  if (comments.length <= COMMENTS_KEPT) return;
  comments.sort(inOrder);
  for (const object of comments.slice(0, comments.length - COMMENTS_KEPT)) {
    objects.delete(object.key);
    trimmed.set(object.key, object);
  }
  for (const key of [...trimmed.keys()].slice(0, Math.max(0, trimmed.size - TRIMMED_KEPT))) trimmed.delete(key);
}

/** One's own things after a `mine` frame: whole ones replace, parts are laid over by id. */
export function mergeMine(mine, frame) {
  const items = new Map();
  const ballots = new Map();
  const reports = new Map();
  let supports = new Set(frame.supports || []);
  if (mine && !frame.whole) {
    for (const [key, item] of mine.items) items.set(key, item);
    for (const [key, ballot] of mine.ballots) ballots.set(key, ballot);
    for (const [key, report] of mine.reports) reports.set(key, report);
    // A part names all supports or, with none, says nothing of them.
    if (!supports.size) supports = mine.supports;
  }
  for (const item of frame.items || []) items.set(`${item.kind}:${item.id}`, item);
  for (const ballot of frame.ballots || []) ballots.set(ballot.poll, ballot);
  for (const report of frame.reports || []) reports.set(`${report.kind}:${report.item}`, report);
  // Those that stand against this browser; a frame that says nothing of them changes nothing.
  const sanctions = frame.sanctions || (mine && mine.sanctions) || [];
  return { items, ballots, supports, reports, sanctions, assurance: Math.max(frame.assurance || 0, (mine && !frame.whole && mine.assurance) || 0) };
}

/** Comments in the order in which they became public: by time, then number. Times are of one length, so text compares. */
export const inOrder = (a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.id - b.id);

/** A word that changes when something ceased to be public: whoever holds more than the state drops it then. */
export function cleared(state) {
  const load = state.objects.get("load");
  return (load && load.cleared) || "";
}

/** All objects of a kind. */
export function all(state, kind) {
  return [...state.objects.values()].filter((object) => object.kind === kind);
}

/** The single object of a kind, or null. */
export function one(state, kind) {
  return all(state, kind)[0] || null;
}

/** Address of the replay: the public one, or the one that staff may play from the end on; null while there is none. */
export function replayOf(state) {
  const airing = one(state, "airing");
  const media = one(state, "media");
  if (media && media.replay) return media.replay;
  return (airing && airing.state === "ended" && state.staffReplay) || null;
}

/** before, live, ended, replay, cancelled or withdrawn: what the page as a whole is. The server's templates use the same rule. */
export function mode(state) {
  const airing = one(state, "airing");
  if (!airing || airing.withdrawn) return "withdrawn";
  if (replayOf(state)) return "replay";
  return { planned: "before", waiting: "before", on_air: "live", cancelled: "cancelled" }[airing.state] || "ended";
}
