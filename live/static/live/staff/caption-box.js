/* Lines that were typed and are not known to have arrived, kept in this browser in their order, sent again until they are; it draws nothing. */

const TRY_MS = 1_500;
const LONGEST_MS = 10_000;
// The server takes nothing older (live/services/captions.py).
const OLDEST_MS = 10 * 60_000;

/** A new id for a line; the same line keeps it through every retry. */
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * `send(command)` gives {ok} or {refused: words}, and throws when nobody answered. `onChange` after everything that is to be seen.
 * `tooOld()` gives the words for a line that waited longer than the server takes it: it is not sent, since at another time it
 * would stand under another picture, and could be public although its own was cut.
 */
export function createBox(name, send, onChange, tooOld) {
  let waiting = read();
  let busy = false;
  let pause = TRY_MS;

  function read() {
    try {
      return JSON.parse(localStorage.getItem(name) || "[]");
    } catch {
      return [];
    }
  }

  function keep() {
    try {
      localStorage.setItem(name, JSON.stringify(waiting));
    } catch {
      // Private windows: they hold until the page is left.
    }
    onChange();
  }

  function refuse(id, refused) {
    waiting = waiting.map((each) => (each.id === id ? { ...each, refused } : each));
    keep();
  }

  async function flush() {
    if (busy) return;
    busy = true;
    try {
      for (let next = waiting.find((each) => !each.refused); next; next = waiting.find((each) => !each.refused)) {
        const { id, text, said } = next;
        const ago = Math.max(0, Math.round(Date.now() - said));
        if (ago > OLDEST_MS) {
          refuse(id, tooOld());
          continue;
        }
        const answer = await send({ id, type: "caption.add", text, ago_ms: ago });
        pause = TRY_MS;
        if (!answer.ok) {
          refuse(id, answer.refused);
          continue;
        }
        waiting = waiting.filter((each) => each.id !== id);
        keep();
      }
    } catch {
      setTimeout(flush, pause);
      pause = Math.min(LONGEST_MS, pause * 2);
    } finally {
      busy = false;
      onChange();
    }
  }

  return {
    get waiting() {
      return waiting;
    },
    /** A line that was said at `said` (this browser's clock, ms). */
    add(text, said) {
      waiting = [...waiting, { id: newId(), text, said }];
      keep();
      flush();
    },
    /** Take one out that was refused; gives its words. */
    take(id) {
      const found = waiting.find((each) => each.id === id);
      waiting = waiting.filter((each) => each.id !== id);
      keep();
      return found ? found.text : "";
    },
    flush,
  };
}
