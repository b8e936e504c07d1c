/* Programme time, replay time and what stands at a second of a replay; pure: it touches no page and fetches nothing. */

/** Seconds in the replay of a programme time, by the rows of the gap map; one in a gap is where the picture goes on, one before the
    beginning the first second, one after the end the last; null where nothing is recorded. */
export function offsetOf(spans, at) {
  const time = typeof at === "number" ? at : Date.parse(at);
  for (const span of spans) {
    const start = Date.parse(span.at);
    if (time < start) return span.offset;
    if (time < start + span.duration * 1000) return span.offset + (time - start) / 1000;
  }
  const last = spans[spans.length - 1];
  return last ? last.offset + last.duration : null;
}

/** Programme time in milliseconds of a second of the replay; null where nothing is recorded. */
export function timeOf(spans, second) {
  let found = null;
  for (const span of spans) {
    if (found !== null && second < span.offset) break;
    found = Date.parse(span.at) + Math.min(Math.max(0, second - span.offset), span.duration) * 1000;
  }
  return found;
}

/** The marks with `offset`, in order. What people wrote, they wrote `delay` seconds after the studio did what they saw. */
export function placed(marks, spans, delay = 0) {
  return marks
    .map((mark) => ({ ...mark, offset: offsetOf(spans, Date.parse(mark.at) - (mark.kind === "comment" ? delay * 1000 : 0)) }))
    .filter((mark) => mark.offset !== null)
    .sort((a, b) => a.offset - b.offset || (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** Index of the last of `rows` (with `offset`, in order) that the picture has reached, or -1. */
export function reached(rows, second, name = "offset") {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle][name] <= second + 0.25) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const ENDS = ["question.answer", "question.promise"];

/** What is on air at a second: {question, poll, call}, each a mark or null. */
export function standing(marks, second) {
  const now = { question: null, poll: null, call: null };
  for (const mark of marks.slice(0, reached(marks, second) + 1)) {
    if (mark.kind === "question.show") now.question = mark;
    else if (ENDS.includes(mark.kind) && now.question && now.question.question === mark.question) now.question = null;
    else if (mark.kind === "poll.open" || mark.kind === "poll.close") now.poll = mark;
    else if (mark.kind === "call.start") now.call = mark;
    // The next part of the show is about something else.
    else if (mark.kind === "segment") now.call = null;
  }
  return now;
}

/** Seconds of `90`, `1:30` or `1m30s`; null for what is none of them. */
export function secondOf(text) {
  const parts = String(text).trim().toLowerCase().replace("h", ":").replace("m", ":").replace(/s$/, "").split(":");
  if (parts.length > 3 || !parts.every((part) => /^\d{1,6}$/.test(part))) return null;
  return parts.reduce((seconds, part) => seconds * 60 + Number(part), 0);
}

/** Cues of a WebVTT of pictures: [{offset, until, sheet, x, y, width, height}]. */
export function pictures(text) {
  const found = [];
  const clock = (words) => words.split(":").reduce((seconds, part) => seconds * 60 + Number(part), 0);
  const cue = /([\d:.]+) --> ([\d:.]+)[^\n]*\n([\w.-]+)#xywh=(\d+),(\d+),(\d+),(\d+)/g;
  for (const [, from, until, sheet, ...box] of String(text).replace(/\r/g, "").matchAll(cue)) {
    const [x, y, width, height] = box.map(Number);
    found.push({ offset: clock(from), until: clock(until), sheet, x, y, width, height });
  }
  return found;
}

/** `text` cut at `query`: every second part is a hit, case aside; one part alone when there is none. */
export function found(text, query) {
  if (!query) return [text];
  const [low, sought] = [text.toLowerCase(), query.toLowerCase()];
  const parts = [];
  let from = 0;
  for (let at = low.indexOf(sought); at >= 0; at = low.indexOf(sought, from)) {
    parts.push(text.slice(from, at), text.slice(at, at + sought.length));
    from = at + sought.length;
  }
  return [...parts, text.slice(from)];
}
