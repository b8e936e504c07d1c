/* The list of the desk, drawn only where it is seen, so that 10,000 rows scroll as 20 do; heights are measured, never guessed twice. */

import htm from "htm";
import { h } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const html = htm.bind(h);
const GUESS = 58;
const MARGIN = 400;
const PRUNE_FROM = 12;
// Rows may be parts of a pixel high; what differs by less is the same.
const SAME_PX = 0.5;
// So often the list may draw itself anew before anybody else has a turn.
const MOST_SPINS = 8;

/** How high each row is, as measured, and where each begins: counted anew only after a change, since many ask at every key. */
export class Heights {
  constructor() {
    this.known = new Map();
    this.keys = null;
  }

  clear() {
    this.known.clear();
    this.keys = null;
  }

  get(key) {
    return this.known.get(key) || GUESS;
  }

  /** Returns whether that is another height than was known. */
  put(key, height) {
    if (Math.abs((this.known.get(key) || 0) - height) <= SAME_PX) return false;
    this.known.set(key, height);
    this.keys = null;
    return true;
  }

  /** Px above each row of `keys`, and at the end those of all. `keys` must be another array when it changed. */
  tops(keys) {
    if (this.keys === keys) return this.made;
    this.made = new Float64Array(keys.length + 1);
    keys.forEach((key, at) => {
      this.made[at + 1] = this.made[at] + this.get(key);
    });
    this.keys = keys;
    return this.made;
  }
}

/** The first place whose px are more than `px` (`orSame`: or just these). */
function beyond(tops, px, orSame = false) {
  let low = 0;
  let high = tops.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tops[middle] > px || (orSame && tops[middle] === px)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Rows between `from` and `to` px, given where each begins; with the room above and below them. */
export function windowOf(tops, from, to) {
  const rows = tops.length - 1;
  const total = tops[rows];
  const first = Math.max(0, beyond(tops, from) - 1);
  if (first >= rows) return { first: 0, last: -1, above: total, below: 0, total };
  const last = Math.min(rows, beyond(tops, to, true)) - 1;
  return { first, last, above: tops[first], below: total - tops[last + 1], total };
}

/** Bring the cursor's row into view and give it the focus, unless somebody types elsewhere. Returns whether it is drawn already. */
function revealed(list, keys, heights, cursor) {
  const at = keys.indexOf(cursor);
  const top = at < 0 ? -1 : heights.tops(keys)[at];
  const bottom = top + heights.get(cursor);
  if (top >= 0 && top < list.scrollTop) list.scrollTop = top;
  else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  const line = list.querySelector(`li[data-key="${cursor}"]`);
  if (!line) return false;
  const focused = document.activeElement;
  if (!focused || focused === document.body || list.contains(focused)) line.focus({ preventScroll: true });
  return true;
}

/** Measure the rows that are drawn; returns whether any was of another height than known. */
function measured(list, heights) {
  let moved = false;
  for (const line of list.querySelectorAll("li[data-key]")) {
    // Not offsetHeight: that is rounded by where the row stands, and would change with the rows above.
    const { height } = line.getBoundingClientRect();
    if (height && heights.put(line.dataset.key, height)) moved = true;
  }
  return moved;
}

/** Rows wholly above what is seen that need not stay, and their height. */
function above(list, keys, heights, isDone) {
  const gone = new Set();
  let top = 0;
  let height = 0;
  for (const key of keys) {
    const own = heights.get(key);
    top += own;
    if (top > list.scrollTop) break;
    if (!isDone(key)) continue;
    gone.add(key);
    height += own;
  }
  return { gone, height };
}

/** `row(key)` draws one row, an <li data-key>; `reveal` brings `cursor` into view once; `onView` hears what is visible.
    Rows that `isDone` are given to `onPrune` once they have scrolled out above; what is in sight does not move by that. */
export function WindowedList({ keys, cursor, reveal, onRevealed, onView, isDone, onPrune, row, label }) {
  const place = useRef(null);
  const heights = useRef(new Heights());
  const shift = useRef(null); // {height, keys}: rows of that height leave above, as soon as other keys are drawn
  const spins = useRef(0);
  const [view, setView] = useState({ top: 0, height: 900 });
  const [, redraw] = useState(0);
  const span = windowOf(heights.current.tops(keys), view.top - MARGIN, view.top + view.height + MARGIN);

  /** Draw again, unless that has gone in a circle. */
  const again = (act) => {
    if (spins.current >= MOST_SPINS) return;
    if (!spins.current) setTimeout(() => { spins.current = 0; });
    spins.current += 1;
    act();
  };

  const look = () => {
    const list = place.current;
    if (list && (Math.abs(list.scrollTop - view.top) > 40 || list.clientHeight !== view.height)) {
      setView({ top: list.scrollTop, height: list.clientHeight });
    }
    if (list) onView(seen(list, keys, heights.current));
  };

  useEffect(() => {
    let width = 0;
    const watcher = new ResizeObserver(([entry]) => {
      if (entry.contentRect.width !== width) heights.current.clear();
      width = entry.contentRect.width;
      redraw((value) => value + 1);
      look();
    });
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, []);

  useLayoutEffect(() => {
    const list = place.current;
    const moved = measured(list, heights.current);
    if (shift.current && shift.current.keys !== keys) {
      list.scrollTop -= shift.current.height;
      shift.current = null;
    }
    if (reveal && cursor && revealed(list, keys, heights.current, cursor)) onRevealed();
    if (Math.abs(list.scrollTop - view.top) > SAME_PX) again(() => setView({ top: list.scrollTop, height: list.clientHeight }));
    else if (moved) again(() => redraw((value) => value + 1));
    else if (!shift.current) prune(list);
    onView(seen(list, keys, heights.current));
  });

  const prune = (list) => {
    const { gone, height } = above(list, keys, heights.current, isDone);
    if (gone.size < PRUNE_FROM || gone.has(cursor)) return;
    shift.current = { height, keys };
    onPrune(gone);
  };

  return html`<ol class="items" ref=${place} onScroll=${look} aria-label=${label}>
    <li class="gap" aria-hidden="true" style=${{ height: `${span.above}px` }}></li>
    ${keys.slice(span.first, span.last + 1).map((key, at) => row(key, span.first + at))}
    <li class="gap" aria-hidden="true" style=${{ height: `${span.below}px` }}></li>
  </ol>`;
}

/** First and last row that is really in sight, counted from 1, and whether that is the end. */
function seen(list, keys, heights) {
  const found = windowOf(heights.tops(keys), list.scrollTop + 1, list.scrollTop + list.clientHeight - 1);
  return { first: keys.length ? found.first + 1 : 0, last: found.last + 1, atEnd: found.last >= keys.length - 1 };
}

/** Scroll a list to its end. */
export function toEnd() {
  const list = document.querySelector(".items");
  if (list) list.scrollTop = list.scrollHeight;
}
