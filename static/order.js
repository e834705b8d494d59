"use strict";
// Rows of a draft are dragged to another place by their number; the arrows do the same without, and
// keep the focus on the page that answers.
(() => {
  let dragged = null;
  const rows = () => [...document.querySelectorAll("tr[data-move]")];
  const places = (from, to) => rows().indexOf(to) - rows().indexOf(from);
  const unmark = () => {
    for (const row of rows()) row.classList.remove("is-dragged", "is-over", "is-over-below");
  };

  document.addEventListener("dragstart", (event) => {
    const row = event.target.closest?.("tr[data-move]");
    if (!row) return;
    dragged = row;
    row.classList.add("is-dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", row.id);
    event.dataTransfer.setDragImage(row, 0, 0);
  });

  document.addEventListener("dragover", (event) => {
    const over = dragged && event.target.closest?.("tr[data-move]");
    if (!over) return;
    event.preventDefault();
    for (const row of rows()) row.classList.remove("is-over", "is-over-below");
    const by = places(dragged, over);
    if (by) over.classList.add(by < 0 ? "is-over" : "is-over-below");
  });

  document.addEventListener("drop", (event) => {
    const over = dragged && event.target.closest?.("tr[data-move]");
    if (!over || over === dragged) return;
    event.preventDefault();
    const form = dragged.querySelector("form.row-tools");
    const name = places(dragged, over) < 0 ? "before" : "after";
    const beside = document.createElement("input");
    Object.assign(beside, { type: "hidden", name, value: over.dataset.key });
    form.append(beside);
    form.action = dragged.dataset.move;
    form.submit();
  });

  document.addEventListener("submit", ({ submitter }) => {
    const row = submitter?.name === "to" && submitter.closest("tr[id]");
    if (row) sessionStorage.setItem("moved", JSON.stringify([row.id, submitter.value]));
  });

  // After the load, since going to the row of the address takes the focus away.
  window.addEventListener("load", () => {
    const [row, to] = JSON.parse(sessionStorage.getItem("moved")) ?? [];
    sessionStorage.removeItem("moved");
    document.getElementById(row)?.querySelector(`button[name="to"][value="${to}"]`)?.focus();
  });

  document.addEventListener("dragend", () => {
    unmark();
    dragged = null;
  });
})();
