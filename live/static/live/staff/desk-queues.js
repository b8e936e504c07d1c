/* The desk's queues: which item stands where, what may be done with it, in what order; pure, it knows no page and no line. */

export const PUBLIC = ["approved", "queued", "on_air", "answered"];
export const WAITING = ["pending", "held", "second", "escalated"];

/** Queues in the order of the desk: those anybody works through, those of the duty leader, those that are only looked up. */
export const OPEN = ["todo", "pending", "held", "second", "reported", "unseen"];
export const LEAD = ["escalated", "appeals"];
export const DONE = ["public", "rejected", "withdrawn", "merged"];
export const ALL = [...OPEN, ...LEAD, ...DONE];
/** Whoever stands longest comes first in these, and what arrives is put at their end. */
export const isWaiting = (queue) => OPEN.includes(queue) || LEAD.includes(queue);

/** Every queue that an item stands in, for this person: {id, lead}. */
export function queuesOf(item, me) {
  const { state } = item;
  if (state === "pending" || state === "held") return ["todo", state];
  if (state === "second") return item.first_by_id === me.id ? ["second"] : ["todo", "second"];
  if (state === "escalated") return ["escalated"];
  const found = [];
  if (PUBLIC.includes(state)) {
    found.push("public");
    if (item.reports > 0) found.push("todo", "reported");
    else if (state === "approved" && !item.decided_by && !item.decided_at) found.push("unseen");
  } else found.push(state === "rejected" || state === "merged" ? state : "withdrawn");
  if (item.appeal === "open") found.push("appeals");
  return found;
}

/** Since when it waits, as ISO time; what an appeal waits for is its due time. */
export const since = (item, queue) => (queue === "appeals" ? item.appeal_due || item.at : item.since || item.at);

/** Whose claim keeps me away: somebody else's that has not run out. */
export function takenBy(item, me, now) {
  const { claim } = item;
  return claim && claim.user !== me.id && Date.parse(claim.until) > now ? claim : null;
}

/** My own claim while it lives. */
export function mine(item, me, now) {
  const { claim } = item;
  return claim && claim.user === me.id && Date.parse(claim.until) > now ? claim : null;
}

/** What may be done with an item now by this person: {id, lead}; the server says the last word. */
export function allowed(item, me, now) {
  if (takenBy(item, me, now)) return [];
  const { state } = item;
  if (state === "escalated") return me.lead ? ["approve", "reject"] : [];
  if (state === "second") return item.first_by_id === me.id ? [] : ["approve", "reject", "hold", "escalate"];
  if (state === "pending") return ["approve", "reject", "hold", "escalate"];
  if (state === "held") return ["approve", "reject", "escalate"];
  if (item.appeal === "open") return ["grant", "keep"];
  if (PUBLIC.includes(state)) return [...(item.reports > 0 ? ["dismiss"] : []), ...(queuesOf(item, me).includes("unseen") ? ["approve"] : []), "withdraw"];
  if (state === "merged") return ["unmerge"];
  return state === "rejected" || state === "withdrawn" ? ["reopen"] : [];
}

/** What rules found and nobody called wrong. */
export const standing = (item) => item.hits.filter((hit) => !hit.false);

/** The spans a moderator would hide at one key: those set already, else those that rules would mask, else all that rules found. */
export function proposedMask(item) {
  if (item.mask.length) return tidy(item.mask);
  const masks = standing(item).filter((hit) => hit.action === "mask");
  return tidy((masks.length ? masks : standing(item)).flatMap((hit) => hit.spans));
}

/** How many people reported it; a rule that was switched on later counts in `reports` too, as nobody. */
export const reporters = (item) => item.reports - (standing(item).some((hit) => hit.late) ? 1 : 0);

/** Spans in order, overlapping ones made one. */
export function tidy(spans) {
  const found = [];
  for (const [first, end] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = found[found.length - 1];
    if (last && first <= last[1]) last[1] = Math.max(last[1], end);
    else if (end > first) found.push([first, end]);
  }
  return found;
}

/** The text in pieces {text, marked}; spans count code points. */
export function pieces(text, spans) {
  const points = [...text];
  const found = [];
  let at = 0;
  for (const [first, end] of tidy(spans)) {
    if (first >= points.length) break;
    if (first > at) found.push({ text: points.slice(at, first).join(""), marked: false });
    found.push({ text: points.slice(first, end).join(""), marked: true });
    at = end;
  }
  if (at < points.length) found.push({ text: points.slice(at).join(""), marked: false });
  return found;
}

/** The text as the public would read it. */
export const masked = (text, spans) => pieces(text, spans).map((piece) => (piece.marked ? "■".repeat([...piece.text].length) : piece.text)).join("");

/** Code points from an offset in UTF-16 units, as a text field counts. */
export const points = (text, units) => [...text.slice(0, units)].length;

const groupOf = (item) => `${item.kind}:${item.similar || item.id}`;

/** What stands in which queue, kept up to date key by key, so that 10,000 items cost nothing at each change. */
export class QueueIndex {
  constructor(me) {
    this.me = me;
    this.sets = new Map(ALL.map((queue) => [queue, new Set()]));
    this.where = new Map();
    this.groups = new Map(); // kind:first of those that look alike -> keys
  }

  has(queue, key) {
    return this.sets.get(queue).has(key);
  }

  put(key, item) {
    const before = this.where.get(key);
    for (const queue of before?.queues || []) this.sets.get(queue).delete(key);
    const queues = queuesOf(item, this.me);
    for (const queue of queues) this.sets.get(queue).add(key);
    const group = groupOf(item);
    if (before && before.group !== group) this.groups.get(before.group).delete(key);
    if (!this.groups.has(group)) this.groups.set(group, new Set());
    this.groups.get(group).add(key);
    this.where.set(key, { queues, group });
  }

  /** Keys of the others that look like this item. */
  alike(item) {
    const found = this.groups.get(groupOf(item));
    return found ? [...found].filter((key) => key !== `${item.kind}:${item.id}`) : [];
  }

  alikeCount(item) {
    return Math.max(0, (this.groups.get(groupOf(item))?.size || 1) - 1);
  }

  clear() {
    this.where.clear();
    this.groups.clear();
    for (const set of this.sets.values()) set.clear();
  }

  /** How many, and the longest wait (for appeals: the nearest due time), of a queue. */
  count(queue, get) {
    let oldest = null;
    if (isWaiting(queue)) {
      for (const key of this.sets.get(queue)) {
        const at = since(get(key), queue);
        if (!oldest || at < oldest) oldest = at;
      }
    }
    return { count: this.sets.get(queue).size, oldest };
  }

  /** Keys of a queue in its order. */
  sorted(queue, get, matches) {
    const found = [...this.sets.get(queue)].filter((key) => matches(get(key)));
    const when = isWaiting(queue) ? (item) => since(item, queue) : (item) => item.decided_at || item.at;
    const at = new Map(found.map((key) => [key, when(get(key))]));
    const sign = isWaiting(queue) ? 1 : -1;
    return found.sort((a, b) => (at.get(a) < at.get(b) ? -sign : at.get(a) > at.get(b) ? sign : get(a).id - get(b).id));
  }
}
