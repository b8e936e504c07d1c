/* Keeps the steps of a recording fresh: asks every two seconds while something is to be done; the page works without it. */

const BUSY_MS = 2000;
const QUIET_MS = 15000;

const place = document.querySelector("[data-state]");
let last = "";

/** Puts the fresh state in, keeping what is open and where the focus is. */
function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  if (!fresh) return;
  const old = place.firstElementChild;
  const focused = document.activeElement && place.contains(document.activeElement) ? document.activeElement.id : "";
  const open = Array.from(old.querySelectorAll("details"), (each) => each.open);
  fresh.querySelectorAll("details").forEach((each, number) => {
    each.open = Boolean(open[number]);
  });
  old.replaceWith(fresh);
  const again = focused && document.getElementById(focused);
  if (again) again.focus();
}

async function look() {
  const busy = place.firstElementChild && place.firstElementChild.dataset.busy === "1";
  try {
    if (!document.hidden) {
      const answer = await fetch(place.dataset.state, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) {
        const html = await answer.text();
        const plain = html.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
        if (last && plain !== last) show(html);
        last = plain;
      }
    }
  } catch {
    // Offline: the next look comes anyway.
  }
  setTimeout(look, busy ? BUSY_MS : QUIET_MS);
}

if (place) setTimeout(look, place.firstElementChild && place.firstElementChild.dataset.busy === "1" ? 0 : QUIET_MS);
