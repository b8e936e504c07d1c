/* Says when the net does not carry the picture, and what a browser can play; it looks at times and names only and plays nothing. */

// So often within a minute, or once for so long: then the sound alone is worth offering.
const MANY = 3;
const LONG_MS = 8_000;
const WITHIN_MS = 60_000;

const source = window.ManagedMediaSource || window.MediaSource || window.WebKitMediaSource;
/** Whether hls.js can play here; known before it is there, so that a browser without the means never fetches it. */
export const byScript = Boolean(source && source.isTypeSupported && source.isTypeSupported('video/mp4; codecs="avc1.42E01E,mp4a.40.2"'));

/** Whether the browser itself says that its net is slow, or that its owner saves. */
export function slowNet() {
  const net = navigator.connection || {};
  return Boolean(net.saveData) || /2g/.test(net.effectiveType || "");
}

/** Counts how often a picture stands still. `declined` is the viewer's answer to what was offered. */
export function createStalls() {
  let times = [];
  return {
    declined: false,
    /** It stands still, `begun` just now, since `still_ms`; gives whether that is too often or too long. */
    stood(begun, still_ms) {
      const now = Date.now();
      if (begun) times = [...times.filter((at) => now - at < WITHIN_MS), now];
      return !this.declined && (times.length >= MANY || still_ms > LONG_MS);
    },
    forget() {
      times = [];
    },
  };
}
