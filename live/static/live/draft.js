/* What is typed and not yet sent, kept for the tab's life, so that a reload, a lost network or a sheet loses nothing. */

import { useEffect, useState } from "preact/hooks";

function read(key) {
  try {
    return sessionStorage.getItem(key) || "";
  } catch {
    return "";
  }
}

function write(key, text) {
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch {
    // The text still stands in the field.
  }
}

/** What the draft `name` of this airing holds now. */
export const draftOf = (airing, name) => read(`yishi.draft.${airing}.${name}`);

const listeners = new Map();

/** Puts `text` into the draft `name` of this airing from elsewhere; an open field shows it. */
export function setDraft(airing, name, text) {
  const key = `yishi.draft.${airing}.${name}`;
  write(key, text);
  const listener = listeners.get(key);
  if (listener) listener(text);
}

/** [text, setText] of the draft `name` of this airing. */
export function useDraft(airing, name) {
  const key = `yishi.draft.${airing}.${name}`;
  const [text, show] = useState(() => read(key));
  useEffect(() => {
    listeners.set(key, show);
    return () => listeners.delete(key);
  }, [key]);
  const set = (value) => {
    write(key, value);
    show(value);
  };
  return [text, set];
}
