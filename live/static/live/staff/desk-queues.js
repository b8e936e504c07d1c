/* The desk's queues: which item stands where, what may be done with it, in what order; pure, it knows no page and no line. */

export const PUBLIC = ["approved", "queued", "on_air", "answered", "promised", "closed"];
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

/** The least of many times. What ceases to hold stays in until it comes up: then it is dropped. */
class Least {
  constructor() {
    this.heap = []; // [time, key]; a parent is never later than its two children
  }

  put(at, key) {
    const { heap } = this;
    let place = heap.length;
    heap.push(null);
    while (place && heap[(place - 1) >> 1][0] > at) {
      heap[place] = heap[(place - 1) >> 1];
      place = (place - 1) >> 1;
    }
    heap[place] = [at, key];
  }

  drop() {
    const { heap } = this;
    const last = heap.pop();
    if (!heap.length) return;
    let place = 0;
    for (let child = 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && heap[child + 1][0] < heap[child][0]) child += 1;
      if (heap[child][0] >= last[0]) break;
      heap[place] = heap[child];
      place = child;
    }
    heap[place] = last;
  }

  /** The least that `holds(time, key)`; null when nothing does. */
  first(holds) {
    while (this.heap.length && !holds(...this.heap[0])) this.drop();
    return this.heap.length ? this.heap[0][0] : null;
  }
}

const NOWHERE = { queues: [], rules: [], times: [] };

/** What stands in which queue, kept up to date key by key, so that 10,000 items cost nothing at each change. */
export class QueueIndex {
  constructor(me) {
    this.me = me;
    this.clear();
  }

  clear() {
    this.sets = new Map(ALL.map((queue) => [queue, new Set()]));
    this.times = new Map(ALL.filter(isWaiting).map((queue) => [queue, new Least()]));
    this.found = new Map(ALL.map((queue) => [queue, new Map()])); // queue -> code of a rule -> {code, name, count}
    this.where = new Map(); // key -> {queues, times (one a queue), rules, group}
    this.groups = new Map(); // kind:first of those that look alike -> keys
  }

  has(queue, key) {
    return this.sets.get(queue).has(key);
  }

  put(key, item) {
    const before = this.where.get(key) || NOWHERE;
    for (const queue of before.queues) {
      this.sets.get(queue).delete(key);
      for (const rule of before.rules) this.tell(queue, rule, -1);
    }
    const queues = queuesOf(item, this.me);
    const rules = standing(item);
    const times = queues.map((queue) => since(item, queue));
    queues.forEach((queue, at) => {
      this.sets.get(queue).add(key);
      for (const rule of rules) this.tell(queue, rule, 1);
      if (isWaiting(queue) && before.times[before.queues.indexOf(queue)] !== times[at]) this.times.get(queue).put(times[at], key);
    });
    const group = groupOf(item);
    if (before.group && before.group !== group) this.groups.get(before.group).delete(key);
    if (!this.groups.has(group)) this.groups.set(group, new Set());
    this.groups.get(group).add(key);
    this.where.set(key, { queues, times, rules, group });
  }

  tell(queue, { code, name }, step) {
    const rules = this.found.get(queue);
    const many = (rules.get(code)?.count || 0) + step;
    if (many) rules.set(code, { code, name, count: many });
    else rules.delete(code);
  }

  /** Rules that found something in a queue: [{code, name, count}], the busiest first. */
  rules(queue) {
    return [...this.found.get(queue).values()].sort((a, b) => b.count - a.count);
  }

  /** Keys of the others that look like this item. */
  alike(item) {
    const found = this.groups.get(groupOf(item));
    return found ? [...found].filter((key) => key !== `${item.kind}:${item.id}`) : [];
  }

  alikeCount(item) {
    return Math.max(0, (this.groups.get(groupOf(item))?.size || 1) - 1);
  }

  /** How many, and the longest wait (for appeals: the nearest due time), of a queue. */
  count(queue) {
    const keys = this.sets.get(queue);
    const still = (at, key) => {
      const { queues, times } = keys.has(key) ? this.where.get(key) : NOWHERE;
      return times[queues.indexOf(queue)] === at;
    };
    return { count: keys.size, oldest: isWaiting(queue) ? this.times.get(queue).first(still) : null };
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
