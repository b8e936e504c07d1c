/* Shows of the slot's form only what the chosen way of repeating uses; without it everything is there to be filled in. */

const form = document.querySelector(".slot-form");

function show() {
  const chosen = form.querySelector("input[name=repeat]:checked")?.value ?? "weekly";
  for (const part of form.querySelectorAll("[data-repeat]")) part.hidden = !part.dataset.repeat.split(" ").includes(chosen);
}

if (form) {
  for (const radio of form.querySelectorAll("input[name=repeat]")) radio.addEventListener("change", show);
  show();
}
