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

/** Rows between `from` and `to` px, given heights; with the room above and below them. */
export function windowOf(keys, heights, from, to) {
  let top = 0;
  let first = -1;
  let last = -1;
  let above = 0;
  let shownEnd = 0;
  keys.forEach((key, at) => {
    const height = heights.get(key) || GUESS;
    if (first < 0 && top + height > from) {
      first = at;
      above = top;
    }
    if (first >= 0 && top < to) {
      last = at;
      shownEnd = top + height;
    }
    top += height;
  });
  if (first < 0) return { first: 0, last: -1, above: top, below: 0, total: top };
  return { first, last, above, below: top - shownEnd, total: top };
}

function topOf(keys, heights, key) {
  let top = 0;
  for (const each of keys) {
    if (each === key) return top;
    top += heights.get(each) || GUESS;
  }
  return -1;
}

/** Bring the cursor's row into view and give it the focus, unless somebody types elsewhere. Returns whether it is drawn already. */
function revealed(list, keys, heights, cursor) {
  const top = topOf(keys, heights, cursor);
  const bottom = top + (heights.get(cursor) || GUESS);
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
    if (height && Math.abs((heights.get(line.dataset.key) || 0) - height) > SAME_PX) {
      heights.set(line.dataset.key, height);
      moved = true;
    }
  }
  return moved;
}

/** Rows wholly above what is seen that need not stay, and their height. */
function above(list, keys, heights, isDone) {
  const gone = new Set();
  let top = 0;
  let height = 0;
  for (const key of keys) {
    const own = heights.get(key) || GUESS;
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
  const heights = useRef(new Map());
  const shift = useRef(null); // {height, keys}: rows of that height leave above, as soon as other keys are drawn
  const spins = useRef(0);
  const [view, setView] = useState({ top: 0, height: 900 });
  const [, redraw] = useState(0);
  const span = windowOf(keys, heights.current, view.top - MARGIN, view.top + view.height + MARGIN);

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
  const found = windowOf(keys, heights, list.scrollTop + 1, list.scrollTop + list.clientHeight - 1);
  return { first: keys.length ? found.first + 1 : 0, last: found.last + 1, atEnd: found.last >= keys.length - 1 };
}

/** Scroll a list to its end. */
export function toEnd() {
  const list = document.querySelector(".items");
  if (list) list.scrollTop = list.scrollHeight;
}
