"use strict";
// What only the queue needs: keep the open lead in sight, go to the field a reason asks for, and back.

const TO_READ_MS = 1000;
const PICKER_TO_READ_MS = 300;
let openLead = document.getElementById("packet")?.dataset.handoff;
let leadShownAt = -Infinity;
let pickerShownAt = -Infinity;
let underWay = null; // what the answer pane has asked the server for

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

// A key answers only what its rep can have read: not a lead that an answer has just brought, nor a
// picker that has just opened, nor twice while the first answer is under way.
document.addEventListener("htmx:beforeRequest", ({ target, detail }) => {
  if (target.closest("#answer") && !target.matches(".on-it")) underWay = detail.xhr;
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (underWay === detail.xhr) underWay = null;
});

document.addEventListener("htmx:afterSwap", () => {
  const lead = document.getElementById("packet")?.dataset.handoff;
  if (lead !== openLead) leadShownAt = performance.now();
  openLead = lead;
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.matches("#answer:has(.picker)")) pickerShownAt = performance.now();
});

function isAnswer(element) {
  return element.type === "submit" || /\d/.test(element.dataset.key);
}

function answersTo(key) {
  const answers = [...document.querySelectorAll("#answer [data-key]")];
  return answers.filter((each) => each.dataset.key.split(",").includes(key));
}

function isUnread(event) {
  const key = event.key.toLowerCase();
  if (!/^\d$/.test(key) && !answersTo(key).some(isAnswer)) return false;
  if (underWay) return true;
  if (event.timeStamp - pickerShownAt < PICKER_TO_READ_MS) return askAgain("Reasons: press again");
  if (event.timeStamp - leadShownAt < TO_READ_MS) return askAgain("Next lead: press again");
  return false;
}

function askAgain(hint) {
  showHint(hint);
  setTimeout(() => { if (document.getElementById("hint").textContent === hint) showHint(""); }, TO_READ_MS);
  return true;
}

document.addEventListener(
  "keydown",
  (event) => {
    if (isTyping(event.target) || !hasShortcuts() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!isUnread(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  { capture: true },
);

// The second click of a double click falls on what the first one brought.
document.addEventListener(
  "click",
  (event) => {
    if (event.detail < 2 || !event.target.closest("#answer :is(button, a)")) return;
    event.preventDefault();
    event.stopPropagation();
  },
  { capture: true },
);

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
    if (!row || row.matches(".is-on") || !hasShortcuts()) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (!answersTo(event.key.toLowerCase()).length) return;
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
