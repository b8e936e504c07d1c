/* What edits make of a recording, second by second, and the arithmetic of the timeline; pure: it touches no page. */

export const SHORTEST = 0.1;
export const CLOSEST = 2;

/** What is left out, in order and joined: [[from, until]], of cuts, of what is before and behind a trim, and of what was never public. */
export function leftOut(edits, kept, length) {
  const found = [];
  const trims = edits.filter((each) => each.kind === "trim");
  // Of two trims the draft is the one that will stand.
  const trim = trims.find((each) => each.state !== "applied") || trims[0];
  if (trim) found.push([0, trim.start], [trim.end, length]);
  for (const each of edits) if (each.kind === "cut") found.push([each.start, each.end]);
  let at = 0;
  for (const [from, until] of kept) {
    found.push([at, from]);
    at = until;
  }
  found.push([at, length]);
  return joined(found);
}

/** Stretches in order, those that touch as one, empty ones gone. */
export function joined(stretches) {
  const found = [];
  for (const [from, until] of stretches.filter(([from, until]) => until - from > 0.02).sort((a, b) => a[0] - b[0])) {
    const last = found[found.length - 1];
    if (last && from <= last[1] + 0.02) last[1] = Math.max(last[1], until);
    else found.push([from, until]);
  }
  return found;
}

/** What a player does at a second: {skip: where to go on or null, over, muted, covers: [[left, top, width, height] in per cent]}. */
export function at(second, edits, out, length) {
  const hole = out.find(([from, until]) => from - 0.001 <= second && second < until - 0.001);
  const here = edits.filter((each) => each.start <= second && second < each.end);
  return {
    skip: hole ? hole[1] : null,
    over: Boolean(hole) && hole[1] >= length - 0.02,
    muted: here.some((each) => each.kind === "bleep"),
    covers: here.filter((each) => each.kind === "blur").map((each) => each.region || [0, 0, 100, 100]),
  };
}

/** Seconds that are left of the recording. */
export function left(out, length) {
  return out.reduce((seconds, [from, until]) => seconds - (Math.min(until, length) - from), length);
}

/** The second of the public's replay of a second of the recording, by [[from, until, there]]; null where it has none. */
export function there(second, shared) {
  const found = shared.find(([from, until]) => from <= second && second < until);
  return found ? found[2] + second - found[0] : null;
}

/** A window {from, long} on the timeline, `factor` times as long, the second `around` staying where it is. */
export function zoomed(view, factor, around, length) {
  const long = Math.min(length, Math.max(Math.min(CLOSEST, length), view.long * factor));
  const share = view.long ? (around - view.from) / view.long : 0.5;
  return moved({ from: around - share * long, long }, 0, length);
}

/** The window moved by so many seconds, within the recording. */
export function moved(view, by, length) {
  return { from: Math.max(0, Math.min(view.from + by, length - view.long)), long: view.long };
}

/** The window with a second in it: as it is, else turned like a page so that the second stands near its beginning. */
export function following(view, second, length) {
  if (second >= view.from && second <= view.from + view.long) return view;
  return moved({ from: second - view.long * 0.1, long: view.long }, 0, length);
}

/** Marks every so many seconds that leave room for words: [[second, label?]]. */
export function ticks(view, most) {
  const steps = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600];
  const step = steps.find((each) => view.long / each <= most) || steps[steps.length - 1];
  const found = [];
  for (let n = Math.ceil(view.from / step - 1e-6); n * step <= view.from + view.long + 1e-6; n += 1) found.push(Math.round(n * step * 10) / 10);
  return found;
}

/** The stretch after one of its ends went to a second: never turned round, never shorter than may be. */
export function dragged(mark, end, second, length) {
  const whole = Math.round(Math.max(0, Math.min(length, second)) * 1000) / 1000;
  if (end === "start") return { start: Math.min(whole, mark.end - SHORTEST), end: mark.end };
  return { start: mark.start, end: Math.max(whole, mark.start + SHORTEST) };
}

/** A region in whole per cent from two corners in shares of the picture; null for less than one per cent. */
export function region(a, b) {
  const inside = (value) => Math.max(0, Math.min(1, value)) * 100;
  const [left, right] = [inside(a.x), inside(b.x)].sort((x, y) => x - y);
  const [top, bottom] = [inside(a.y), inside(b.y)].sort((x, y) => x - y);
  const whole = [Math.floor(left), Math.floor(top), 0, 0];
  whole[2] = Math.ceil(right) - whole[0];
  whole[3] = Math.ceil(bottom) - whole[1];
  return right - left < 1 || bottom - top < 1 ? null : whole;
}

/** A region in whole per cent that lies in the picture, or null. */
export function checked([left, top, width, height]) {
  const whole = [left, top, width, height];
  const fits = whole.every((each) => Number.isInteger(each) && each >= 0) && width > 0 && height > 0;
  return fits && left + width <= 100 && top + height <= 100 ? whole : null;
}
