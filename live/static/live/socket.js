/* Keeps the room up to date: a socket with resume, jittered returns, and polling where sockets are full or fail; it draws nothing. */

const CLOSE = { tooSlow: 4008, notAllowed: 4003, notFound: 4004, moving: 4012, full: 4013, tooFast: 4029 };
const FIRST_WINDOW_MS = 1_000;
const LAST_WINDOW_MS = 30_000;
const SILENCE_MS = 25_000;
const SOCKET_AGAIN_MS = 60_000;
// A window so short is a step aside, not a crowd: nobody needs to see it.
const STEP_ASIDE_MS = 2_000;
const LONGEST_MS = 120_000;
const FAILURES_BEFORE_POLLING = 2;
const QUIET_MS = 2_500;
const MINE_TRIES = 4;

/** Connects `store` to the room. `onReply` gets acks and refusals. Gives {start, send, isOpen, renew}. */
export function createLink({ urls, store, onReply, onOpen, onStale }) {
  let socket = null;
  let failures = 0;
  let window_ms = 0;
  let timer = 0;
  let pollTimer = 0;
  let polling = false;
  let lastHeard = Date.now();
  let resyncing = false;
  let waiting = [];
  let wasLost = false;
  let stopped = false;
  let lostTimer = 0;
  let returnMs = 0;
  let crowdedMs = 0;
  let told = { poll: 0, socket: 0 };
  let mineAsked = 0;
  let mineTaken = 0;

  const isOpen = () => Boolean(socket && socket.readyState === WebSocket.OPEN);

  function address() {
    const { epoch, seq } = store.state;
    const url = new URL(urls.socket, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (epoch) {
      url.searchParams.set("epoch", epoch);
      url.searchParams.set("seq", seq);
    }
    return url.href;
  }

  function connect() {
    clearTimeout(timer);
    if (stopped || (socket && socket.readyState <= WebSocket.OPEN)) return;
    let fresh;
    try {
      fresh = new WebSocket(address());
    } catch {
      later();
      return;
    }
    socket = fresh;
    fresh.onopen = () => fresh === socket && opened();
    fresh.onmessage = (event) => fresh === socket && heard(event.data);
    fresh.onclose = (event) => fresh === socket && closed(event);
  }

  function opened() {
    lastHeard = Date.now();
    failures = 0;
    window_ms = 0;
    crowdedMs = 0;
    if (store.state.full || store.state.tooFast) store.set({ full: false, tooFast: false });
    stopPolling();
    settle("open");
    if (onOpen) onOpen();
    fetchMine();
  }

  /** The state of the link, with "restored" for a while after an outage. */
  function settle(link) {
    clearTimeout(lostTimer);
    lostTimer = 0;
    const restored = wasLost && link !== "lost";
    wasLost = link === "lost";
    store.set({ link, restored: restored || (store.state.restored && link !== "lost") });
    if (restored) setTimeout(() => store.set({ restored: false }), 4_000);
  }

  function heard(data) {
    lastHeard = Date.now();
    if (store.state.link !== "open") settle("open");
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (frame.type === "tick") takeTick(frame);
    else if (frame.type === "snapshot") store.snapshot(frame);
    else if (frame.type === "mine") store.mine(frame);
    else if (frame.type === "pace") returnMs = Math.min(LONGEST_MS, Number(frame.return_ms) || 0);
    else if (frame.type === "ack" || frame.type === "error") onReply(frame);
  }

  function takeTick(frame) {
    if (resyncing) {
      if (waiting.length < 500) waiting.push(frame);
      return;
    }
    if (store.tick(frame)) return;
    waiting = [frame];
    resync();
  }

  /** Something is missing: take the snapshot, then what came meanwhile. */
  async function resync(tries = 0) {
    resyncing = true;
    const got = await fetchState();
    resyncing = false;
    const held = waiting;
    waiting = [];
    const gap = held.findIndex((frame) => !store.tick(frame));
    if (got && gap < 0) return;
    waiting = gap < 0 ? [] : held.slice(gap);
    if (tries >= 4) {
      drop();
      return;
    }
    resyncing = true;
    setTimeout(() => resync(tries + 1), 500 + Math.random() * 1_000);
  }

  function drop() {
    resyncing = false;
    waiting = [];
    const old = socket;
    socket = null;
    if (old) {
      old.onclose = null;
      old.close();
    }
    later();
  }

  function closed(event) {
    socket = null;
    resyncing = false;
    waiting = [];
    const asked = Math.min(Number(event.reason) || 0, LONGEST_MS);
    if (event.code === CLOSE.notAllowed || event.code === CLOSE.notFound) {
      stopped = true;
      fetchState();
      return;
    }
    if (event.code === CLOSE.moving || (event.code === CLOSE.full && asked && asked < STEP_ASIDE_MS)) {
      stepAside(asked);
      return;
    }
    if (event.code === CLOSE.full) {
      crowdedMs = asked || SOCKET_AGAIN_MS;
      store.set({ full: true });
      startPolling();
      wait(Math.random() * crowdedMs);
      return;
    }
    if (event.code === CLOSE.tooFast) {
      store.set({ tooFast: true });
      startPolling();
      wait(60_000 + Math.random() * 5_000);
      return;
    }
    window_ms = asked;
    later();
  }

  /** Another process takes us at once: a break that nobody sees, unless it lasts. */
  function stepAside(ms) {
    if (!polling && !lostTimer) lostTimer = setTimeout(() => settle("lost"), QUIET_MS);
    wait(Math.random() * ms);
  }

  /** Come back after a random part of the window: the server's, or one that doubles. */
  function later() {
    failures += 1;
    if (failures >= FAILURES_BEFORE_POLLING) startPolling();
    // A short break is nobody's business.
    if (!polling && !lostTimer) lostTimer = setTimeout(() => settle("lost"), QUIET_MS);
    const span = window_ms || Math.max(returnMs, Math.min(LAST_WINDOW_MS, FIRST_WINDOW_MS * 2 ** Math.min(failures - 1, 6)));
    wait(Math.random() * span + 100);
  }

  function wait(ms) {
    clearTimeout(timer);
    timer = setTimeout(connect, ms);
  }

  async function fetchState() {
    try {
      // Asked for anew each time: a proxy answers whether it is still the same.
      const answer = await fetch(urls.state, { credentials: "same-origin", cache: "no-cache", headers: { Accept: "application/json" } });
      hearPace(answer.headers.get("Yishi-Pace"));
      if (answer.status === 404 || answer.status === 410) {
        store.gone();
        stopPolling();
        return true;
      }
      if (!answer.ok) return answer.status === 304;
      store.snapshot(await answer.json());
      return true;
    } catch {
      return false;
    }
  }

  /** How soon to poll again, and the window in which to try for a socket; when that gets shorter, the crowd thins. */
  function hearPace(header) {
    const found = /^poll=(\d+), socket=(\d+)$/.exec(header || "");
    if (!found) return;
    told = { poll: Number(found[1]), socket: Math.min(Number(found[2]), LONGEST_MS) };
    if (polling && crowdedMs > told.socket) {
      crowdedMs = told.socket;
      wait(Math.random() * crowdedMs);
    }
  }

  /**
   * Take all of one's own. An answer that something own overtook, or that a later question outran, may not know the newest: it does not
   * replace what is known, and is asked for again.
   */
  async function fetchMine(tries = 0) {
    const asked = (mineAsked += 1);
    const { toldMine } = store.state;
    try {
      const answer = await fetch(urls.mine, { credentials: "same-origin", cache: "no-store", headers: { Accept: "application/json" } });
      const frame = await answer.json();
      if (!answer.ok) {
        if (frame.code === "identity_stale" && onStale) onStale();
        return;
      }
      if (asked < mineTaken) return;
      if (store.state.toldMine !== toldMine) {
        if (tries < MINE_TRIES) await fetchMine(tries + 1);
        return;
      }
      mineTaken = asked;
      store.mine(frame);
    } catch {
      // The next visit of the poll or the socket brings it.
    }
  }

  function startPolling() {
    if (polling) return;
    polling = true;
    poll(0);
  }

  function stopPolling() {
    polling = false;
    clearTimeout(pollTimer);
  }

  async function poll(round) {
    const got = await fetchState();
    if (!polling || stopped) return;
    const back = got && store.state.link !== "polling";
    settle(got ? "polling" : "lost");
    if (got && round % 3 === 0 && hasOwn()) fetchMine();
    if (back && onOpen) onOpen();
    const pace = document.hidden ? 10_000 : Math.max(told.poll || 1_000, store.state.pace);
    pollTimer = setTimeout(() => poll(round + 1), pace * (got ? 0.75 + Math.random() * 0.5 : 2 + Math.random() * 2));
  }

  const hasOwn = () => store.state.mine.items.size > 0 || store.state.mine.ballots.size > 0;

  /** Come back at once, but not all in the same instant. */
  function hurry() {
    if (isOpen() && Date.now() - lastHeard < SILENCE_MS) return;
    if (socket) drop();
    wait(Math.random() * 800);
  }

  function watch() {
    if (isOpen() && Date.now() - lastHeard > Math.max(SILENCE_MS, store.state.pace * 6)) drop();
  }

  return {
    isOpen,
    start() {
      addEventListener("online", hurry);
      addEventListener("offline", () => settle("lost"));
      addEventListener("pageshow", (event) => event.persisted && hurry());
      document.addEventListener("visibilitychange", () => !document.hidden && hurry());
      setInterval(watch, 5_000);
      connect();
    },
    /** Sends one command; false when the socket is not open. */
    send(command) {
      if (!isOpen()) return false;
      socket.send(JSON.stringify(command));
      return true;
    },
    fetchMine,
    /** Reconnect with the identity that the cookie now holds. */
    renew() {
      failures = 0;
      drop();
      fetchMine();
    },
  };
}
