/* What the reader did and the server has not yet confirmed: kept over reloads, sent again under the same id until answered; it draws nothing. */

const KEEP_MS = 10 * 60_000;
const ANSWER_MS = 6_000;
// How long likes are collected; the server says more when many are here.
const LIKES_EVERY_MS = 2_000;
const LIKES_AT_ONCE = 20;
const TEXT_TYPES = ["comment.post", "question.ask"];

/** A command's id: new for each act, the same on each retry of it. */
export function newId() {
  const bytes = new Uint8Array(12);
  crypto.getRandomValues(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The outbox of one airing. `link` sends by socket; `onNeed(entry, refusal)` is asked when identity or consent is missing, `onStale()` for a new identity (a promise of whether it came) when the old one is over. */
export function createOutbox({ airing, urls, store, token, onNeed, onStale }) {
  const key = `yishi.outbox.${airing}`;
  let link = null;
  let busy = null;
  let retry = 0;
  let tries = 0;
  let likes = 0;
  let likeTimer = 0;

  const entries = () => store.state.entries;

  function keep(list) {
    store.set({ entries: list });
    try {
      sessionStorage.setItem(key, JSON.stringify(list));
    } catch {
      // Without storage the outbox lives as long as the page.
    }
  }

  const change = (id, changes) => keep(entries().map((entry) => (entry.id === id ? { ...entry, ...changes } : entry)));
  const remove = (id) => keep(entries().filter((entry) => entry.id !== id));

  function restore() {
    let kept = [];
    try {
      kept = JSON.parse(sessionStorage.getItem(key) || "[]");
    } catch {
      kept = [];
    }
    // What waited too long is not sent behind the reader's back: it comes back as not sent, with the choice to send.
    keep(
      kept.map((entry) =>
        Date.now() - entry.at > KEEP_MS && entry.state === "sending" ? { ...entry, state: "unsent" } : entry,
      ),
    );
  }

  /** Takes a command without id; a newer vote or support replaces an older one that was not sent yet. */
  function add(command) {
    const entry = { id: newId(), command, at: Date.now(), state: "sending" };
    const same = (other) =>
      other.id !== (busy && busy.id) &&
      other.command.type === command.type &&
      ((command.type === "poll.vote" && other.command.poll === command.poll) ||
        (command.type === "question.support" && other.command.question === command.question));
    keep([...entries().filter((other) => !same(other)), entry]);
    flush();
    return entry.id;
  }

  function flush() {
    clearTimeout(retry);
    if (busy) return;
    const entry = entries().find((each) => each.state === "sending");
    if (!entry) return;
    busy = { id: entry.id, timer: 0 };
    const command = { id: entry.id, ...entry.command };
    if (link && link.isOpen() && tries === 0 && link.send(command)) {
      busy.timer = setTimeout(() => busy && busy.id === entry.id && post(command), ANSWER_MS);
    } else {
      post(command);
    }
  }

  async function post(command) {
    let frame = null;
    try {
      const answer = await fetch(urls.commands, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() },
        body: JSON.stringify(command),
      });
      frame = await answer.json();
      if (!frame.type) throw new Error(`status ${answer.status}`);
      if (!frame.id) frame.id = command.id;
    } catch {
      again(1_000);
      return;
    }
    answered(frame);
  }

  /** Free the line and try again later; the command keeps its id. */
  function again(least) {
    if (busy) clearTimeout(busy.timer);
    busy = null;
    tries += 1;
    const span = Math.min(15_000, 1_000 * 2 ** Math.min(tries, 4));
    retry = setTimeout(flush, least + Math.random() * span);
  }

  /** An ack or refusal, from the socket or the POST. */
  function answered(frame) {
    const entry = entries().find((each) => each.id === frame.id);
    if (busy && busy.id === frame.id) {
      clearTimeout(busy.timer);
      if (frame.type === "error" && (frame.code === "unavailable" || frame.code === "too_many")) {
        busy.timer = 0;
        const seconds = Number((frame.data || {}).retry_after_seconds) || 1;
        if (frame.code === "unavailable" || seconds <= 5) {
          again(seconds * 1_000);
          return;
        }
      }
      if (frame.type === "error" && frame.code === "identity_stale" && onStale && entry && !entry.renewed) {
        renew(entry);
        return;
      }
      busy = null;
      tries = 0;
    }
    if (entry) settle(entry, frame);
    flush();
  }

  /** The browser was somebody else when it connected: once with a new identity, under the same id. */
  async function renew(entry) {
    change(entry.id, { renewed: true });
    const done = await onStale();
    if (busy && busy.id === entry.id) busy = null;
    tries = 1; // by POST, whose cookie is the newest
    if (done) flush();
    else again(1_000);
  }

  function settle(entry, frame) {
    if (frame.type === "ack") {
      accept(entry, frame.result || {});
      remove(entry.id);
      return;
    }
    if (["assurance_too_low", "verified_only", "consent_needed"].includes(frame.code)) {
      change(entry.id, { state: "held", error: frame.message, code: frame.code });
      onNeed(entry, frame);
      return;
    }
    change(entry.id, { state: "refused", error: frame.message, code: frame.code });
  }

  /** What the ack already says about one's own things; the `mine` frame brings the whole. */
  function accept(entry, result) {
    const { command } = entry;
    if (TEXT_TYPES.includes(command.type)) {
      const id = Number(result.item || result.id);
      const kind = command.type === "comment.post" ? "comment" : "question";
      if (!id) {
        link.fetchMine();
        return;
      }
      if (store.state.mine.items.has(`${kind}:${id}`)) return;
      const item = {
        kind, id, text: result.text || command.text, state: result.state || "pending", reason: "", at: new Date(store.now()).toISOString(),
        mask: [], may_appeal: false, appeal: "", appeal_answer: "", into: null,
      };
      store.mine({ items: [item], assurance: 0 });
    } else if (command.type === "question.support") {
      store.supported(command.question, command.on);
    } else {
      link.fetchMine();
    }
  }

  function sendLikes() {
    likeTimer = 0;
    const counted = Math.min(likes, LIKES_AT_ONCE);
    likes = 0;
    if (!counted) return;
    const command = { id: newId(), type: "like.add", count: counted };
    if (link && link.send(command)) return;
    fetch(urls.commands, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() },
      body: JSON.stringify(command),
    }).catch(() => {});
  }

  restore();
  return {
    add,
    answered,
    flush() {
      tries = 0;
      flush();
    },
    attach(to) {
      link = to;
    },
    /** The socket is back: what it was to answer is asked for again, at once. */
    reopened() {
      if (busy) {
        clearTimeout(busy.timer);
        busy = null;
      }
      tries = 0;
      flush();
    },
    remove,
    /** Send a held, refused or unsent entry again, under a new id when the server has refused the old one. */
    resend(id) {
      change(id, { state: "sending", at: Date.now(), error: "", renewed: false });
      tries = 1; // by POST, whose cookie is the newest
      flush();
    },
    /** One tap; many taps travel together. */
    like() {
      likes += 1;
      const load = store.state.objects.get("load");
      if (!likeTimer) likeTimer = setTimeout(sendLikes, (load && load.likes_ms) || LIKES_EVERY_MS);
    },
  };
}
