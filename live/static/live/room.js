/* Entry of the episode's page: takes over what the server has drawn and keeps it alive; without this script the page still works. */

import { render } from "preact";
import { ready, t } from "../broadcast/i18n.js";
import { Answering, Rail } from "./agenda.js";
import { answerOf, choiceOf, forgetOld, setAnswer, setDraft } from "./draft.js";
import { Hall } from "./hall.js";
import { ask, keepAsking, modulesAt } from "./lazy.js";
import { createOutbox } from "./outbox.js";
import { fetchPanel } from "./panels.js";
import { cleared, mode } from "./reducer.js";
import { createLink } from "./socket.js";
import { createStage } from "./stage.js";
import { createStore } from "./store.js";
import { html } from "./view.js";
import { voices } from "./voices.js";

const ACTIONS = { "comment.post": "comment", "question.ask": "ask", "question.support": "support", "like.add": "like" };

/** The least assurance for a command, so that consent and phone are asked for in one go. */
function needs(boot, state, command) {
  if (command.type !== "poll.vote") return boot.needs[ACTIONS[command.type]] || 0;
  const poll = state.objects.get(`poll:${command.poll}`);
  return poll ? poll.least_assurance : boot.needs.vote;
}

const MARKS_AGAIN_MS = 5_000;

function start(boot) {
  const elder = document.documentElement.classList.contains("elder");
  const store = createStore(boot);
  // A login changes the form token; the cookie has the newest.
  const token = () => (document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/) || [])[1] || boot.csrf;
  let asking = null;

  const need = (entry, refusal) => {
    const phone = ["assurance_too_low", "verified_only"].includes((refusal && refusal.code) || entry.code) || needs(boot, store.state, entry.command) > store.state.mine.assurance;
    asking =
      asking ||
      keepAsking("identity", () => import("./identity.js"))
        .then(({ askIdentity }) => askIdentity({ phone, urls: boot.urls, documents: boot.documents, token }))
        .then((done) => {
          asking = null;
          if (!done) return;
          link.renew();
          for (const held of store.state.entries.filter((each) => each.state === "held")) outbox.resend(held.id);
        });
  };
  const onStale = renewer(boot.urls.renew, token, () => link.renew());
  const outbox = createOutbox({ airing: boot.airing, urls: boot.urls, store, token, onNeed: need, onStale });
  const link = createLink({ urls: boot.urls, store, onReply: outbox.answered, onOpen: outbox.reopened, onStale });
  outbox.attach(link);

  const stage = createStage(store, elder);
  const room = {
    boot,
    store,
    outbox,
    stage,
    elder,
    need,
    /** Open a tab in place; the address follows, so that a reload or the back key finds it. */
    open(event, tab, write = false) {
      event.preventDefault();
      store.set({ tab, writing: write });
      history.replaceState(null, "", `?${new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(location.search)), tab })}`);
      setTimeout(() => {
        toHall();
        if (write) focusField();
      }, 50);
    },
    /** Put a text back into its field to be changed. */
    edit(command) {
      const ask = command.type === "question.ask";
      setDraft(boot.airing, ask ? "question" : "comment", command.text);
      if (ask) setDraft(boot.airing, "to", choiceOf(command));
      else room.answer(answered(store.state, command.to));
      store.set({ tab: ask ? "ask" : "talk" });
      setTimeout(() => focusField(), 50);
    },
    /** Which comment the words in the field answer, {id, author, text}; null: none. */
    answer(answers) {
      setAnswer(boot.airing, answers);
      store.set({ answers });
    },
    older: (before) => older(boot.urls.comments, before),
  };
  takeTyped(boot.airing);
  store.set({ answers: answerOf(boot.airing) });
  draw(room);
  voices(room);
  performance.mark("yishi.drawn"); // for `bench page`
  followReplay(room);
  if (!elder) fitKeyboard();
  link.start();
  outbox.flush();
  forgetOld();
}

/** Where the page scrolls as a document, what was opened comes up to the picture, or to the top. */
function toHall() {
  const page = document.documentElement;
  if (page.scrollHeight <= window.innerHeight + 1) return;
  const player = document.getElementById("player");
  const over = getComputedStyle(player).position === "sticky" ? player.offsetHeight : 0;
  window.scrollTo(0, document.getElementById("hall").getBoundingClientRect().top + window.pageYOffset - over);
}

/** What an answer in words needs to know of the comment `id`; the id alone where the page does not hold it any more. */
function answered(state, id) {
  if (!id) return null;
  const { author = "", text = "" } = state.objects.get(`comment:${id}`) || state.trimmed.get(`comment:${id}`) || {};
  return { id, author, text };
}

const RENEW_PAUSE_MS = 5_000;

/** Asks for a good identity when the browser's is over, and connects with it; many askers within a moment share one answer. */
function renewer(url, token, connect) {
  let asked = null;
  const ask = async () => {
    try {
      const answer = await fetch(url, {
        method: "POST",
        credentials: "same-origin",
        headers: { Accept: "application/json", "X-CSRFToken": token() },
      });
      if (answer.ok) connect();
      return answer.ok;
    } catch {
      return false;
    }
  };
  return () => {
    if (!asked) {
      asked = ask();
      setTimeout(() => (asked = null), RENEW_PAUSE_MS);
    }
    return asked;
  };
}

function focusField() {
  const field = document.querySelector("#hall .composer .field, #hall textarea.field");
  if (field) field.focus();
}

/** Draw over the server's markup, with the same words. */
function draw(room) {
  const places = [
    ["hall", html`<${Hall} room=${room} />`],
    ["rail", html`<${Rail} store=${room.store} stage=${room.stage} names=${room.boot.names} />`],
    ["answering", html`<${Answering} store=${room.store} />`],
  ];
  for (const [id, view] of places) {
    const place = document.getElementById(id);
    if (!place) continue;
    place.textContent = "";
    render(view, place);
  }
}

/** What was typed before the script came stays typed. */
function takeTyped(airing) {
  const say = document.getElementById("say");
  const ask = document.getElementById("ask-text");
  if (say && say.value) setDraft(airing, "comment", say.value);
  if (ask && ask.value) setDraft(airing, "question", ask.value);
}

async function older(url, before) {
  try {
    const answer = await fetch(`${url}?before=${before}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** When the room becomes a replay, at this same address, fetch its moments and show them; again when words were withdrawn. */
function followReplay({ store, boot }) {
  let fetched = null;
  let before = mode(store.state);
  const fetchAll = async () => {
    const word = fetched;
    try {
      const { fetchMarks } = await ask("moments", () => import("./moments.js"));
      const marks = await fetchMarks(boot.urls);
      if (word === fetched) store.set({ marks, marksFailed: false });
    } catch {
      store.set({ marksFailed: true });
      setTimeout(fetchAll, MARKS_AGAIN_MS);
    }
  };
  const follow = () => {
    const now = mode(store.state);
    if (now === "withdrawn" && before !== now) {
      document.title = t("本期已撤下");
      document.querySelector("#about h1").textContent = t("本期已撤下");
    }
    // Anew when something ceased to be public: its mark goes at once, and all that is left comes.
    if (now === "replay" && fetched !== cleared(store.state)) {
      if (fetched !== null && store.state.marks) store.set({ marks: store.state.marks.filter((mark) => !("author" in mark)) });
      fetched = cleared(store.state);
      fetchAll();
    }
    if (now !== before) {
      if (now === "replay") store.set({ tab: "moments" });
      if (now === "live" && before === "before" && store.state.tab === "agenda") store.set({ tab: "talk" });
      before = now;
    }
  };
  store.subscribe(follow);
  follow();
}

/** On iOS the keyboard covers the page instead of shrinking it, and before dvh the toolbar does: the page follows what can be seen. */
function fitKeyboard() {
  const view = window.visualViewport;
  const root = document.documentElement;
  const knowsHeight = window.CSS && CSS.supports("height", "100dvh");
  const fit = () => {
    const height = view ? view.height : window.innerHeight;
    const covered = window.innerHeight - height > 80 && view.scale < 1.1;
    if (covered || !knowsHeight) root.style.setProperty("--seen", `${Math.round(height)}px`);
    root.classList.toggle("seen", covered || !knowsHeight);
    if (covered) window.scrollTo(0, 0);
  };
  if (view) {
    view.addEventListener("resize", fit);
    view.addEventListener("scroll", fit);
  }
  addEventListener("resize", fit);
  fit();
}

const boot = JSON.parse(document.getElementById("boot").textContent);
modulesAt(boot.modules);
// The panel that the server has drawn is there before it is drawn over.
Promise.all([ready(), fetchPanel(boot.tab)]).then(() => start(boot));
