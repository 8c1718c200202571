// Small comforts; every page works without them.
"use strict";

// <button data-copy="#id">: copy the words of an element, and say so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const words = document.querySelector(button.dataset.copy).textContent.trim();
  try {
    await navigator.clipboard.writeText(words);
    toast(button.dataset.copied);
  } catch {
    getSelection().selectAllChildren(document.querySelector(button.dataset.copy));
  }
});

// <button data-opens="#dialog">, <button data-closes> and <button data-print>.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.querySelector(opener.dataset.opens).showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog").close();
  if (event.target.closest("[data-print]")) print();
});

// <form data-once>: a second press while the first is on its way does nothing. Coming back makes it usable again.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-once]")) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
addEventListener("pageshow", () => document.querySelectorAll("[data-once]").forEach((form) => delete form.dataset.sent));

document.querySelectorAll("[data-needs-script]").forEach((part) => { part.hidden = false; });

function toast(words) {
  const place = document.getElementById("toast");
  place.textContent = words;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { place.textContent = ""; }, 4000);
}
window.toast = toast;

// <div id data-live="address" data-every="seconds">: its content is asked for again and swapped when it changed.
// What the reader has opened stays open; elements with data-spoken are renewed every fifteen seconds at most, so
// that a screen reader is not talked over. With data-stream="address" the server says when (events `figures`, at most
// one renewal a second), and asking by the clock is what remains while there is no stream.
const SPOKEN_EVERY_MS = 15000;
for (const part of document.querySelectorAll("[data-live]")) {
  let tag = part.dataset.tag || "";
  let spoken = Date.now();
  const stream = part.dataset.stream ? new EventSource(part.dataset.stream) : null;
  const again = async () => {
    try {
      if (!document.hidden && stream?.readyState !== EventSource.OPEN) await renew();
      document.body.classList.remove("away");
    } catch {
      document.body.classList.add("away");
    }
    setTimeout(again, part.dataset.every * 1000);
  };
  const renew = async () => {
    const answer = await fetch(part.dataset.live, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
    if (answer.status === 304) return;
    if (!answer.ok) throw new Error(answer.status);
    tag = answer.headers.get("ETag") || "";
    const fresh = document.createElement("template");
    fresh.innerHTML = await answer.text();
    const speak = Date.now() - spoken > SPOKEN_EVERY_MS;
    if (speak) spoken = Date.now();
    for (const piece of fresh.content.querySelectorAll("[data-piece]")) {
      const old = document.getElementById(piece.id);
      if (!old || old.innerHTML === piece.innerHTML || old.contains(document.activeElement)) continue;
      if (old.hasAttribute("data-spoken") && !speak) continue;
      const open = [...old.querySelectorAll("details")].map((box) => box.open);
      old.innerHTML = piece.innerHTML;
      old.querySelectorAll("details").forEach((box, at) => { box.open = open[at] ?? box.open; });
    }
  };
  setTimeout(again, part.dataset.every * 1000);
  let soon = 0;
  const renewSoon = () => {
    if (soon || document.hidden) return;
    soon = setTimeout(async () => {
      soon = 0;
      try { await renew(); document.body.classList.remove("away"); } catch { document.body.classList.add("away"); }
    }, 1000);
  };
  stream?.addEventListener("figures", renewSoon);
  if (stream) document.addEventListener("visibilitychange", renewSoon);
}

// On paper everything is open, but what is only a chart's table (data-on-screen).
addEventListener("beforeprint", () => document.querySelectorAll("details:not([data-on-screen])").forEach((box) => { box.open = true; }));
