/* The form of a poll's terms: hides what the chosen kind, electorate or time does not use; without it all of the form is there. */

const form = document.getElementById("terms");

function show() {
  const chosen = { kinds: form.elements.kind.value, electorates: form.elements.electorate.value, opens: form.elements.opens.value };
  for (const [name, value] of Object.entries(chosen)) {
    for (const part of form.querySelectorAll(`[data-${name}]`)) part.hidden = !part.dataset[name].split(" ").includes(value);
  }
  for (const part of form.querySelectorAll("[data-ruled]")) part.hidden = !form.elements.threshold.value;
}

form.addEventListener("change", show);
show();
const errors = document.getElementById("errors");
if (errors) errors.focus();
