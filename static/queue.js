"use strict";
// What only the queue needs: keep the open lead in sight, and go to the field a reason asks for.

function showOpenRow() {
  document.querySelector(".row-lead.is-on")?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("change", (event) => {
  const asked = event.target.dataset.asks;
  if (asked) document.getElementById(asked)?.focus();
});

function focusFirstField(form) {
  form.querySelector("[data-focus-first] :is(input:not([type=hidden]), select, textarea)")?.focus();
}

document.addEventListener("htmx:afterSettle", (event) => {
  showOpenRow();
  focusFirstField(event.target);
});
showOpenRow();
