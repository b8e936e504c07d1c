/* What a viewer chose of what lies over the picture, kept in this browser; it draws nothing. */

const KEY = "yishi.over";
// Where this browser keeps nothing: it holds until the page is left.
let unkept = null;

/** What this browser keeps of what lies over the picture: captions, danmaku, how danmaku fly, the announcement that was put away. */
export function kept() {
  if (unkept) return unkept;
  try {
    return JSON.parse(localStorage.getItem(KEY) || "{}") || {};
  } catch {
    return {};
  }
}

/** Keep a change of it. */
export function keep(changes) {
  const all = { ...kept(), ...changes };
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
    unkept = null;
  } catch {
    unkept = all;
  }
}
