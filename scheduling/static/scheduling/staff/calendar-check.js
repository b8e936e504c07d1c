/* Says while a new airing is typed what is in its way, beside each field, and the next time that suits all; saving asks again. */

import { t } from "../../broadcast/i18n.js";

const QUIET_MS = 300;
const WEEKDAYS = () => [t("周日"), t("周一"), t("周二"), t("周三"), t("周四"), t("周五"), t("周六")];

function line(words, kind) {
  const made = document.createElement("p");
  made.className = kind;
  made.textContent = words;
  return made;
}

function show(form, told) {
  const minutes = form.querySelector("[data-minutes]");
  minutes.textContent = told.minutes ? t("，共 {minutes} 分钟", { minutes: told.minutes }) : "";
  let people = false;
  for (const row of form.querySelectorAll("[data-guest]")) {
    const chosen = row.querySelector("select").value;
    const against = told.clashes.filter((each) => each.thing === "person" && String(each.id) === chosen);
    const said = told.unwilling.filter((each) => String(each.id) === chosen);
    row.classList.toggle("wrong", against.length > 0);
    row.closest("fieldset").classList.toggle("wrong", (people = people || against.length > 0));
    row.querySelector("[data-against]").replaceChildren(
      ...against.map((each) => line(each.words, "err")),
      ...said.map((each) => line(each.words, "warn xs")),
    );
  }
  for (const place of form.querySelectorAll("[data-thing]")) {
    const against = told.clashes.filter((each) => each.thing === place.dataset.thing);
    place.closest(".field").classList.toggle("wrong", against.length > 0);
    place.replaceChildren(...against.map((each) => line(each.words, "err")));
  }
  const nearest = form.querySelector("[data-nearest]");
  nearest.hidden = !told.take;
  nearest.querySelector("button").value = told.take;
  nearest.querySelector("button").textContent = told.nearest;
}

function weekday(form) {
  const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(form.elements.date.value);
  const place = form.querySelector("[data-weekday-of]");
  place.textContent = day ? `${WEEKDAYS()[new Date(Date.UTC(day[1], day[2] - 1, day[3])).getUTCDay()]} ` : "";
}

/** Watches the form of a new airing, where the page has one. */
export function watchForm() {
  const form = document.querySelector("form[data-check]");
  if (!form) return;
  let asked = 0;
  let timer = 0;
  const look = async () => {
    const mine = ++asked;
    const fields = new URLSearchParams(new FormData(form));
    fields.delete("csrfmiddlewaretoken");
    try {
      const answer = await fetch(`${form.dataset.check}?${fields}`, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (answer.ok && mine === asked) show(form, await answer.json());
    } catch {
      // Saving says the same.
    }
  };
  form.addEventListener("input", () => {
    weekday(form);
    clearTimeout(timer);
    timer = setTimeout(look, QUIET_MS);
  });
  weekday(form);
  if (form.querySelector("[data-guest] select").value) look();
}
