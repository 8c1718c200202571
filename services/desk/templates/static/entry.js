// Hints while typing, keys, street names and standard answers; the form works without all of it.
"use strict";

const entry = document.querySelector("[data-entry]");
const hints = document.getElementById("hints");
const HINTS_AFTER_MS = 250;
const STREETS_AFTER_MS = 150;
let asked = 0;

async function renewHints() {
  const turn = ++asked;
  const answer = await fetch(hints.dataset.url, { method: "POST", body: new URLSearchParams(new FormData(entry)) });
  if (!answer.ok || turn !== asked || hints.contains(document.activeElement)) return;
  const fresh = await answer.text();
  if (hints.dataset.shown === fresh) return;
  hints.dataset.shown = fresh;
  hints.innerHTML = fresh;
}

function later(work, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => work().catch(() => {}), milliseconds);
  };
}

const hintsSoon = later(renewHints, HINTS_AFTER_MS);
entry.addEventListener("input", (event) => {
  if (!hints.contains(event.target)) hintsSoon();
});

// Street names, each with its neighbourhood.
const street = entry.elements.street;
const streets = document.getElementById("streets");
const streetsSoon = later(async () => {
  const answer = await fetch(`/entry/streets?${new URLSearchParams({ q: street.value })}`);
  const names = answer.ok ? await answer.json() : [];
  streets.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name })));
}, STREETS_AFTER_MS);
street.addEventListener("input", streetsSoon);

// A standard answer is a start: it may be changed.
const standard = entry.elements.standard;
standard.addEventListener("change", () => {
  const text = standard.selectedOptions[0].dataset.text;
  if (text) entry.elements.answer.value = text;
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    entry.requestSubmit(entry.querySelector("[data-save]"));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
  if (event.key === "Escape" && typing) {
    hints.querySelector("[name=proposal]").focus();
    return;
  }
  const proposal = typing ? null : hints.querySelector(`[data-proposal="${CSS.escape(event.key)}"]`);
  if (proposal) {
    event.preventDefault();
    proposal.checked = true;
    proposal.focus();
  }
});

// The first thing an operator types.
if (!document.querySelector(".notice.danger")) (entry.elements.phone.value ? entry.elements.text : entry.elements.phone).focus();
