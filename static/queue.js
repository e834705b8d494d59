"use strict";
// What only the queue needs: keep the open lead in sight, and go to the field a reason asks for.

function showOpenRow() {
  document.querySelector(".row-lead.is-on")?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("change", (event) => {
  const asked = event.target.dataset.asks;
  if (asked) document.getElementById(asked)?.focus();
});

document.addEventListener("htmx:afterSettle", showOpenRow);
showOpenRow();
