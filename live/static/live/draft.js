/* What is typed and not yet sent, kept on this phone for some days, so that a reload, a lost network or a sheet loses nothing. */

import { useEffect, useState } from "preact/hooks";

const PREFIX = "yishi.draft.";
/** A chat that closes its page keeps nothing for the tab; a phone that others hold keeps nothing for long. */
const LIFE_MS = 3 * 24 * 3_600_000;

function read(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key) || "null");
    return kept && Date.now() - kept.at < LIFE_MS ? String(kept.text) : "";
  } catch {
    return "";
  }
}

function write(key, text) {
  try {
    if (text) localStorage.setItem(key, JSON.stringify({ text, at: Date.now() }));
    else localStorage.removeItem(key);
  } catch {
    // The text still stands in the field.
  }
}

/** Drops what was never sent and is too old to be. */
export function forgetOld() {
  try {
    for (const key of Object.keys(localStorage).filter((each) => each.startsWith(PREFIX))) if (!read(key)) localStorage.removeItem(key);
  } catch {
    // Nothing is kept here.
  }
}

/** What the draft `name` of this airing holds now. */
export const draftOf = (airing, name) => read(`${PREFIX}${airing}.${name}`);

/** The comment that the draft of this airing answers, {id, author, text}, kept beside it; null: none, or there is no draft. */
export function answerOf(airing) {
  try {
    return (draftOf(airing, "comment") && JSON.parse(draftOf(airing, "answers") || "null")) || null;
  } catch {
    return null;
  }
}

/** Keeps which comment the draft answers; null: none. */
export const setAnswer = (airing, answers) => setDraft(airing, "answers", answers ? JSON.stringify(answers) : "");

/** The choice of the ask form for a command that was not taken: p7 a person, d市城管局 a department. */
export const choiceOf = (command) => (command.department ? `d${command.department}` : command.person ? `p${command.person}` : "");

const listeners = new Map();

/** Puts `text` into the draft `name` of this airing from elsewhere; an open field shows it. */
export function setDraft(airing, name, text) {
  const key = `${PREFIX}${airing}.${name}`;
  write(key, text);
  const listener = listeners.get(key);
  if (listener) listener(text);
}

/** [text, setText] of the draft `name` of this airing. */
export function useDraft(airing, name) {
  const key = `${PREFIX}${airing}.${name}`;
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
