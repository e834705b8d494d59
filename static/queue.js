"use strict";
// What only the queue needs: keep the open lead in sight, go to the field a reason asks for, and back.

function showOpenRow() {
  document.querySelector(".row-lead.is-on")?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("change", (event) => {
  const asked = event.target.dataset.asks;
  if (asked) document.getElementById(asked)?.focus();
});

// Else, where what had the focus is gone, it goes to the open lead, to which the keys belong.
function focusWithin(part) {
  const field = part.querySelector(
    "[data-focus-first] :is(input:not([type=hidden]), select, textarea)",
  );
  if (field) field.focus();
  else if (part.matches("#main, #answer") && document.activeElement === document.body) {
    document.getElementById("packet")?.focus({ preventScroll: true });
  }
}

// A closed list does nothing on Enter; in the answer pane it sends the form, as a text field does.
// While it is open its keys go to the list itself, so that Enter chooses there.
document.addEventListener("keydown", (event) => {
  const form = event.target.matches?.(".picker select") && event.target.form;
  if (!form || event.key !== "Enter" || event.repeat || event.altKey) return;
  event.preventDefault();
  form.requestSubmit();
});

// A key that would answer the open lead opens the framed one first, where that is another.
document.addEventListener(
  "keydown",
  (event) => {
    const row = event.target.closest?.(".row-lead");
    if (!row || row.matches(".is-on") || document.body.dataset.shortcuts === "off") return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const answers = [...document.querySelectorAll("#answer [data-key]")];
    if (!answers.some((each) => each.dataset.key.split(",").includes(event.key.toLowerCase()))) return;
    event.preventDefault();
    row.querySelector("a").click();
  },
  { capture: true },
);

document.addEventListener("htmx:afterSettle", (event) => {
  showOpenRow();
  focusWithin(event.target);
});
showOpenRow();
