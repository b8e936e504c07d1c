/* What a viewer chose of what lies over the picture, kept in this browser; it draws nothing. */

const KEY = "yishi.over";

/** What this browser keeps of what lies over the picture: captions, danmaku, how danmaku fly, the announcement that was put away. */
export function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY) || "{}") || {};
  } catch {
    return {};
  }
}

/** Keep a change of it. */
export function keep(changes) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...kept(), ...changes }));
  } catch {
    // Private windows: it holds until the page is left.
  }
}
