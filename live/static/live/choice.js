/* What a viewer chose of the picture: a quality, or the sound alone; kept in this browser. It finds the choices in a playlist and plays nothing. */

const KEY = "yishi.picture";
const AUTO = -1;

/** The kept choice: {height, listening}; height 0 is automatic. A browser that keeps nothing has none. */
export function chosen() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) || "{}");
    return { height: Number(kept.height) || 0, listening: Boolean(kept.listening) };
  } catch {
    return { height: 0, listening: false };
  }
}

/** Keep a change of it. */
export function choose(changes) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...chosen(), ...changes }));
  } catch {
    // Private windows: it holds until the page is left.
  }
}

/** Address of the sound alone among the levels of a master as hls.js parsed them; "" when there is no picture to leave out. */
export function soundOf(levels) {
  const pictures = levels.filter((level) => level.height || level.videoCodec);
  const sound = levels.find((level) => !level.height && !level.videoCodec);
  const url = sound && (Array.isArray(sound.url) ? sound.url[0] : sound.url);
  return pictures.length && url ? url : "";
}

/** The same in the text of a master, for browsers that play HLS by themselves. */
export function soundIn(text, base) {
  const lines = text.split("\n");
  const pictures = lines.some((line) => line.startsWith("#EXT-X-STREAM-INF:") && line.includes("RESOLUTION="));
  const at = lines.findIndex((line) => line.startsWith("#EXT-X-STREAM-INF:") && !line.includes("RESOLUTION="));
  return pictures && at >= 0 && lines[at + 1] ? new URL(lines[at + 1], base).href : "";
}

/** Index of the level of the kept height, else of the nearest lower one; -1: automatic. */
export function levelFor(levels, height) {
  if (!height || levels.length < 2) return AUTO;
  const fitting = levels.filter((level) => level.height && level.height <= height);
  const best = fitting.length ? fitting.reduce((left, right) => (right.height > left.height ? right : left)) : null;
  return best ? best.index : AUTO;
}

/** Place of a moment (milliseconds) on the timeline of these fragments; null when they do not hold it. */
export function placeOf(fragments, date) {
  for (const fragment of fragments) {
    const from = fragment.programDateTime;
    if (from && date >= from && date < from + fragment.duration * 1000) return fragment.start + (date - from) / 1000;
  }
  return null;
}
