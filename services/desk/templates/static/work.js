// The work list: keys for the selected row, and a quiet bar when the list has changed. Everything works without it.
"use strict";

const CHANGES_EVERY_MS = 5000;
const CHORD_MS = 1500;
const inField = (target) => target.closest("input:not([type=hidden]), textarea, select, [contenteditable], dialog");

// t takes the selected row, a and r open it at the answer and at the return; on an item's page its buttons have them.
function actOnRow(key) {
  const row = document.querySelector("[data-list] > [aria-current]") || document.activeElement?.closest?.("[data-list] > li");
  if (!row) return false;
  if (key === "t") row.querySelector("[data-take]")?.requestSubmit();
  else location.assign(`${row.querySelector("a").href}#${key}`);
  return true;
}

function pressed(button) {
  if (!button) return false;
  button.click();
  return true;
}

let chordAt = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || inField(event.target)) return;
  const isChord = Date.now() - chordAt < CHORD_MS;
  chordAt = event.key === "g" ? Date.now() : 0;
  const does = {
    "?": () => document.getElementById("keys")?.showModal(),
    "/": () => {
      const box = document.querySelector("[data-search-box]");
      if (box) box.focus();
      else location.assign("/search");
    },
    n: () => pressed(document.querySelector("[data-news]:not([hidden]) [data-news-show]")),
    w: () => (isChord ? location.assign("/") : false),
    t: () => (isChord ? location.assign("/triage") : actOnRow("t")),
    a: () => actOnRow("a"),
    r: () => actOnRow("r"),
  }[event.key];
  if (!does || does() === false) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // behind g, "t" is no "take"
}, true);

// /work/…#a and #r: the part is opened, and one can type at once.
if (/^#[ar]$/.test(location.hash)) {
  const part = document.querySelector(location.hash)?.closest("details");
  if (part) {
    part.open = true;
    part.querySelector("textarea, select, input:not([type=hidden])")?.focus();
  }
}

// What the first page shows is asked for; the list itself is renewed when the person says so.
const listed = document.querySelector("[data-list][data-changes]");
if (listed) {
  const bar = document.querySelector("[data-news]");
  let tag = "";
  const ask = async () => {
    try {
      if (!document.hidden) await compare();
    } catch {
      // Away for a while: the next time tells.
    }
    setTimeout(ask, CHANGES_EVERY_MS);
  };
  const compare = async () => {
    const address = document.querySelector("[data-list]").dataset.changes;
    const answer = await fetch(address, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
    if (answer.status === 304 || !answer.ok) return;
    tag = answer.headers.get("ETag") || "";
    tell(await answer.json());
  };
  const tell = (now) => {
    const shown = new Map([...document.querySelectorAll("[data-list] > [data-id]")].map((row) => [row.dataset.id, row.dataset.revision]));
    const fresh = Object.keys(now).filter((id) => !shown.has(id)).length;
    const changed = [...shown].filter(([id, revision]) => String(now[id]) !== revision).length;
    const words = [[fresh, bar.dataset.wordsNew], [changed, bar.dataset.wordsChanged]].filter(([count]) => count);
    bar.hidden = !words.length;
    bar.querySelector("[data-news-words]").textContent = words.map(([count, said]) => said.replace("#", count)).join(" · ");
  };
  const show = async () => {
    const selected = document.querySelector("[data-list] > [aria-current]")?.dataset.id;
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of ["[data-list]", ".chips", ".counts"]) {
      document.querySelector(part).replaceWith(document.adoptNode(fresh.querySelector(part)));
    }
    bar.hidden = true;
    document.dispatchEvent(new CustomEvent("listed", { detail: selected }));
  };
  bar.querySelector("[data-news-show]").addEventListener("click", show);
  setTimeout(ask, CHANGES_EVERY_MS);
}

// <form data-keeps="key">: what is typed stays on this device until it has been sent; without a connection it waits.
const keepsOf = (form) => `keeps:${form.dataset.keeps}`;
const say = (form, which) => window.toast(form.closest("[data-words-kept]").dataset[which]);

async function send(form) {
  const answer = await fetch(form.action, { method: "POST", body: sent(form), redirect: "follow" });
  if (!answer.ok) return say(form, "wordsRefused");
  localStorage.removeItem(keepsOf(form));
  location.assign(answer.redirected ? answer.url : location.href);
}

// A form without files goes as a browser would send it.
function sent(form) {
  const fields = new FormData(form);
  return form.enctype === "multipart/form-data" ? fields : new URLSearchParams(fields);
}

async function trySending(form) {
  form.dataset.waits = "";
  try {
    await send(form);
  } catch {
    form.dataset.waits = "yes";
    say(form, "wordsKept");
  }
  delete form.dataset.sent;
}

for (const form of document.querySelectorAll("form[data-keeps]")) {
  const field = form.querySelector("textarea");
  const kept = field && localStorage.getItem(keepsOf(form));
  if (kept) {
    field.value = kept;
    form.closest("details").open = true;
  }
  field?.addEventListener("input", () => localStorage.setItem(keepsOf(form), field.value));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!form.dataset.sent) trySending(form);
  });
}
addEventListener("online", () => document.querySelectorAll("form[data-waits=yes]").forEach(trySending));
