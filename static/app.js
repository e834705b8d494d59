"use strict";
// What every page shares: theme, countdowns, toasts, keys, and how htmx behaves. No page needs it
// to work; each part looks for its own data attributes, so that swapped fragments need no set-up.

const root = document.documentElement;
const TOAST_SECONDS = 10;
const BUSY_AFTER_MS = 300;
const MOVES = ["j", "k", "arrowdown", "arrowup"];

// Theme ------------------------------------------------------------------------------------------
function toggleTheme() {
  root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.bsTheme);
  document.dispatchEvent(new CustomEvent("themechange")); // drawn charts read the tokens again
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
  if (!localStorage.getItem("theme")) root.dataset.bsTheme = event.matches ? "dark" : "light";
});

// The server's clock -----------------------------------------------------------------------------
let clockOffset = pageOffset();

function pageOffset() {
  const [load] = performance.getEntriesByType("navigation");
  if (!load?.transferSize) return 0; // out of a cache: its server time is as old as the copy
  const answeredAt = Date.now() - (performance.now() - load.responseStart);
  return Date.parse(root.dataset.serverTime) - answeredAt;
}

function serverNow() {
  return Date.now() + clockOffset;
}

function correctClock(dateHeader) {
  const offset = Date.parse(dateHeader) - Date.now();
  if (Math.abs(offset - clockOffset) > 2000) clockOffset = offset; // the header has whole seconds
}

// Countdowns -------------------------------------------------------------------------------------
const lastState = new Map();

// No day of working time has 24 hours.
function minutesText(minutes, isWorking) {
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return isWorking ? `${hours}h` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
  if (hours) return `${hours}h ${String(minutes % 60).padStart(2, "0")}m`;
  return `${minutes}m`;
}

function secondsText(seconds, isWorking) {
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return minutesText(minutes, isWorking);
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

function overdueText(seconds, isWorking) {
  return seconds < 60 ? "+<1m" : `+${minutesText(Math.floor(seconds / 60), isWorking)}`;
}

// The same rules as leads/countdown.py, from what it put into the data attributes.
function countdownAt(data, now) {
  const wallSeconds = (Date.parse(data.due) - now) / 1000;
  const isWorking = data.working !== undefined;
  if (wallSeconds <= 0) {
    const over = Math.floor(-wallSeconds - Number(data.lateClosed ?? 0));
    return { state: "missed", text: overdueText(over, isWorking), note: data.late || "missed", percent: 0 };
  }
  const left = Math.max(wallSeconds - Number(data.closed), 0);
  const percent = Math.max(0, Math.min(100, Math.floor((left * 100) / Number(data.whole))));
  const text = secondsText(Math.floor(left), isWorking);
  if (percent > 50) return { state: "ok", text, note: data.word, percent };
  if (percent >= 20) return { state: "soon", text, note: "due soon", percent };
  return { state: "urgent", text, note: "due now", percent };
}

function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function renderCountdown(time) {
  const shown = countdownAt(time.dataset, serverNow());
  const box = time.closest(".cd");
  setText(time, shown.text);
  setText(box.querySelector(".cd-note"), shown.note);
  box.className = box.className.replace(/\bcd-(ok|soon|urgent|missed)\b/, `cd-${shown.state}`);
  const ring = box.querySelector(".ring circle:last-child");
  if (ring) ring.setAttribute("stroke-dasharray", `${shown.percent} 100`);
  announceChange(time.dataset, shown);
}

function announceChange(data, shown) {
  const key = `${data.due} ${data.name}`;
  const before = lastState.get(key);
  lastState.set(key, shown.state);
  if (before && before !== shown.state && data.name) announce(`${data.name}: ${shown.note}`);
}

function announce(text) {
  setText(document.getElementById("announce"), text);
}

// Toasts -----------------------------------------------------------------------------------------
function showToast(text) {
  document.querySelector("[data-toast-error]")?.remove();
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  toast.dataset.toastError = "";
  toast.querySelector("span").textContent = text;
  document.getElementById("toasts").append(toast);
}

// A word in passing about keys; it stays as long as it is said.
function showHint(text) {
  setText(document.getElementById("hint"), text);
}

function ageToast(toast) {
  if (toast.matches(":hover, :focus-within")) return; // being read or about to be used
  const age = Number(toast.dataset.age || 0) + 1;
  toast.dataset.age = age;
  if (age > TOAST_SECONDS) toast.remove();
}

function tick() {
  if (document.hidden) return;
  document.querySelectorAll("time[data-due]").forEach(renderCountdown);
  document.querySelectorAll("#toasts > [data-toast]").forEach(ageToast);
}

setInterval(tick, 1000);
tick();

// Keys -------------------------------------------------------------------------------------------
// data-key="a" clicks (or focuses a field); "1,a" are alternatives; "g q" is one key after another.
// The first of two keys holds until the second, however late that comes.
let firstKey = "";
const MODIFIERS = ["shift", "control", "alt", "altgraph", "meta", "capslock"];

function hasShortcuts() {
  return document.body.dataset.shortcuts !== "off";
}

function isTyping(element) {
  return Boolean(element.closest?.("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]"));
}

function keyTargets() {
  return [...document.querySelectorAll("[data-key]")].filter(
    (element) => element.checkVisibility() && !element.disabled,
  );
}

function findTarget(keys) {
  return keyTargets().find((element) => element.dataset.key.split(",").includes(keys));
}

function useTarget(element) {
  if (element.matches("input:not([type=checkbox], [type=radio]), select, textarea")) element.focus();
  else element.click();
}

function press(key) {
  const target = findTarget(key);
  if (target) useTarget(target);
  else awaitSecond(key);
  return Boolean(target);
}

function awaitSecond(first) {
  const targets = keyTargets().filter((element) => element.dataset.key.startsWith(`${first} `));
  if (!targets.length) return;
  firstKey = first;
  targets.forEach((element) => element.classList.add("is-awaited"));
  showHint(`${first.toUpperCase()}, then ${keysText(targets.map((each) => each.dataset.key.slice(2)))} · Esc`);
}

function keysText(keys) {
  const areNumbers = keys.every((key, index) => key === String(index + 1));
  return areNumbers && keys.length > 1 ? `1–${keys.length}` : keys.join(" ").toUpperCase();
}

// A number that isn't on offer changes nothing; any other key gives up, and does nothing else.
function pressSecond(key) {
  const target = findTarget(`${firstKey} ${key}`);
  if (!target && /^\d$/.test(key)) return true;
  forgetFirst();
  if (target) useTarget(target);
  return Boolean(target) || key.length === 1 || key === "escape";
}

function forgetFirst() {
  if (!firstKey) return;
  firstKey = "";
  document.querySelectorAll(".is-awaited").forEach((element) => element.classList.remove("is-awaited"));
  showHint("");
}

function moveRow(step) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
  const focused = rows.findIndex((row) => row.contains(document.activeElement));
  const current = focused >= 0 ? focused : rows.findIndex((row) => row.matches(".is-on"));
  const row = rows[Math.max(0, Math.min(rows.length - 1, current + step))];
  if (!row) return false;
  (row.matches("a, button, [tabindex]") ? row : row.querySelector("a, button"))?.focus();
  row.scrollIntoView({ block: "nearest" });
  return true;
}

// What works now, the page's own before what every page has; and what does so at other times.
function showKeys() {
  const rows = new Map(keyTargets().map((element) => [element.dataset.key, element]).reverse());
  const list = document.querySelector("#keys [data-keys-now]");
  list.replaceChildren();
  if (document.querySelector("[data-row]")) {
    addKeyRow(list, "j,k", "Next row, row before");
    addKeyRow(list, "↵", "Open the row");
  }
  [...rows].reverse().sort(byPlace).forEach(([keys, element]) => addKeyRow(list, keys, keyLabel(element)));
  addKeyRow(list, "?", "This list");
  showOtherKeys(new Set(rows.keys()));
  document.getElementById("keys").showModal();
  return true;
}

function byPlace([keys, element], [otherKeys, other]) {
  const isShared = (each) => Boolean(each.closest(".topbar"));
  const number = (each) => (/^\d/.test(each) ? Number.parseInt(each, 10) : 10);
  return isShared(element) - isShared(other) || number(keys) - number(otherKeys);
}

function showOtherKeys(now) {
  const others = document.getElementById("other-keys")?.content.querySelectorAll("dt") ?? [];
  const rows = [...others].filter((term) => !now.has(term.dataset.keys));
  const list = document.querySelector("#keys [data-keys-else]");
  list.replaceChildren(...rows.flatMap((term) => [term, term.nextElementSibling]).map((each) => each.cloneNode(true)));
  list.parentElement.hidden = !rows.length;
}

function keyLabel(element) {
  const label = element.dataset.keyLabel || element.getAttribute("aria-label") || element.placeholder;
  if (label) return label;
  const copy = element.cloneNode(true);
  copy.querySelectorAll("kbd, .count").forEach((part) => part.remove());
  return copy.textContent.trim();
}

function addKeyRow(list, keys, label) {
  const term = document.createElement("dt");
  term.append(...keys.split(/[ ,]/).map((key) => {
    const kbd = document.createElement("kbd");
    kbd.textContent = key === "escape" ? "Esc" : key.toUpperCase();
    return kbd;
  }));
  const description = document.createElement("dd");
  description.textContent = label;
  list.append(term, description);
}

function handleKey(event) {
  const key = event.key.toLowerCase();
  if (event.repeat && !MOVES.includes(key)) return false; // a held key answers once
  if (MODIFIERS.includes(key)) return false;
  if (firstKey) return pressSecond(key);
  if (key === "?") return showKeys();
  if (key === "j" || key === "k") return moveRow(key === "j" ? 1 : -1) || press(key);
  const isInRow = event.target.closest?.("[data-row]");
  if (isInRow && key === "arrowdown") return moveRow(1);
  if (isInRow && key === "arrowup") return moveRow(-1);
  return press(key);
}

// Typed letters belong to the field; Esc leaves its form. An open list or a menu takes Esc for itself.
function isTaken(event) {
  if (event.key === "Escape") return event.isComposing || closeMenus();
  return isTyping(event.target);
}

document.addEventListener("keydown", (event) => {
  if (isTaken(event) || !hasShortcuts() || event.defaultPrevented) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (handleKey(event)) event.preventDefault();
});

document.addEventListener("focusin", (event) => {
  if (isTyping(event.target)) forgetFirst();
});

// What it waited for went with the lead that it belonged to.
document.addEventListener("htmx:afterSwap", () => {
  if (!document.querySelector(".is-awaited")) forgetFirst();
});

// Clicks -----------------------------------------------------------------------------------------
function closeMenus(except) {
  const open = [...document.querySelectorAll("details.menu[open]")].filter((menu) => menu !== except);
  open.forEach((menu) => { menu.open = false; });
  return open.length > 0;
}

document.addEventListener("click", (event) => {
  forgetFirst();
  closeMenus(event.target.closest("details.menu"));
  if (event.target.closest("[data-theme-toggle]")) toggleTheme();
  if (event.target.closest("[data-show-keys]")) showKeys();
  event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
});

if (hasShortcuts()) {
  document.querySelectorAll("[data-show-keys]").forEach((button) => { button.hidden = false; });
}

// Who presses a button twice means it once: till the next page is there, a form is sent no second time.
const SENT_FOR_MS = 5000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
  if ("sent" in form.dataset) event.preventDefault();
  form.dataset.sent = "";
  setTimeout(() => { delete form.dataset.sent; }, SENT_FOR_MS);
});

// A zone that nobody chose yet is the browser's, if it is among those on offer.
document.querySelectorAll("select[data-browser-zone]").forEach((select) => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === zone)) select.value = zone;
});

// htmx -------------------------------------------------------------------------------------------
// A poll ("every 5s, awake from:body") rests while its tab is hidden and runs at once when it is shown.
document.addEventListener("htmx:beforeRequest", (event) => {
  const isPoll = event.target.getAttribute("hx-trigger")?.includes("every");
  if (document.hidden && isPoll && !event.detail.requestConfig.triggeringEvent) event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  tick();
  document.body.dispatchEvent(new CustomEvent("awake"));
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const isSignIn = new URL(event.detail.xhr.responseURL).pathname === document.body.dataset.signIn;
  if (!isSignIn) return;
  event.detail.shouldSwap = false; // the session has ended: the page itself asks to sign in
  location.reload();
});

// What takes longer than a glance says so: on what was pressed, be it by a key, and aloud.
const pending = new WeakMap();

document.addEventListener("htmx:beforeRequest", ({ target, detail, defaultPrevented }) => {
  if (defaultPrevented || !target.matches("form, .btn")) return;
  pending.set(detail.xhr, setTimeout(() => {
    target.setAttribute("aria-busy", "true");
    announce("Being done");
  }, BUSY_AFTER_MS));
});

document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  clearTimeout(pending.get(detail.xhr));
  if (target.matches("[aria-busy]")) announce("");
  target.removeAttribute("aria-busy");
});

document.addEventListener("htmx:afterRequest", (event) => {
  const date = event.detail.xhr.getResponseHeader("Date");
  if (date) correctClock(date);
});

document.addEventListener("htmx:responseError", (event) => {
  showToast(`The server answered ${event.detail.xhr.status} instead of doing this. Try again.`);
});

document.addEventListener("htmx:sendError", () => {
  showToast("No answer from the server. Check the connection and try again.");
});

// Unread -----------------------------------------------------------------------------------------
// The bell asks how many there are; the title says it too.
document.addEventListener("htmx:afterSwap", () => {
  const unread = Number(document.getElementById("bell")?.dataset.unread ?? 0);
  document.title = (unread ? `(${unread}) ` : "") + document.title.replace(/^\(\d+\) /, "");
});
