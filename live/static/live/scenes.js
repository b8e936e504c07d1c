/* Keeps a page behind a signed link told of its scene: by a socket, else by asking; `show(null)` when nobody confirmed it for a while. */

const GONE = 4003;
const ASK_MS = 1_500;
const SILENCE_MS = 5_000;
// Rather nothing than something that may have been taken down since.
const FORGET_MS = 8_000;

/** Begins to listen at `page.socket` and `page.state`, for good; `end()` once the link opens nothing any more. */
export function listen(page, show, end) {
  let socket = null;
  let heardAt = 0;
  let ended = false;

  function told(scene) {
    if (ended) return;
    heardAt = Date.now();
    show(scene);
  }

  function over() {
    ended = true;
    end();
    if (socket) socket.close();
  }

  function connect() {
    if (ended) return;
    const url = new URL(page.socket, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const fresh = new WebSocket(url.href);
    socket = fresh;
    fresh.onmessage = (event) => fresh === socket && told(JSON.parse(event.data));
    fresh.onclose = (event) => {
      if (fresh !== socket) return;
      socket = null;
      if (event.code === GONE) over();
      else setTimeout(connect, 500 + Math.random() * 2_000);
    };
  }

  async function ask() {
    const asked = new AbortController();
    const timer = setTimeout(() => asked.abort(), 2 * ASK_MS);
    try {
      const answer = await fetch(page.state, { cache: "no-store", credentials: "omit", signal: asked.signal });
      if (answer.status === 404) over();
      else if (answer.ok) told(await answer.json());
    } catch {
      // The next round asks again.
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks while the socket is silent; forgets what nobody has confirmed for a while. */
  async function watch() {
    if (ended) return;
    if (Date.now() - heardAt > SILENCE_MS) {
      if (socket && socket.readyState === WebSocket.OPEN) {
        const old = socket;
        socket = null;
        old.close();
        connect();
      }
      await ask();
    } else if (!socket || socket.readyState !== WebSocket.OPEN) await ask();
    if (!ended && Date.now() - heardAt > FORGET_MS) show(null);
    setTimeout(watch, ASK_MS);
  }

  connect();
  watch();
}
