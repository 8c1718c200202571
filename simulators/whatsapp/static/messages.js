// Keeps the list and the open conversation fresh, and sends without a page load. The page works without it.
"use strict";

const REFRESH_PAUSE_MS = 500;
let waiting = null;
let refreshing = false;

function toEnd(log) {
  if (log) log.scrollTop = log.scrollHeight;
}

function swap(fresh, id) {
  const here = document.getElementById(id);
  const there = fresh.getElementById(id);
  if (!here || !there || here.innerHTML === there.innerHTML) return;
  const wasAtEnd = here.scrollHeight - here.scrollTop - here.clientHeight < 80;
  const focused = here.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  here.innerHTML = there.innerHTML;
  if (id === "log" && wasAtEnd) toEnd(here);
  if (focused) here.querySelector(`a[href="${focused}"]`)?.focus();
}

async function refresh() {
  waiting = null;
  if (document.hidden) return; // refreshed when the reader comes back
  if (refreshing) return soon();
  refreshing = true;
  try {
    const answer = await fetch(document.body.dataset.address);
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    swap(fresh, "threads");
    swap(fresh, "log");
  } catch {
    soon(); // the server is away for a moment
  } finally {
    refreshing = false;
  }
}

function soon() {
  waiting ??= setTimeout(refresh, REFRESH_PAUSE_MS);
}

async function send(event) {
  const form = event.currentTarget;
  event.preventDefault();
  const button = form.querySelector("button");
  const text = form.querySelector("textarea");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
    if (!answer.ok) throw new Error(String(answer.status));
    form.reset();
    await refresh();
    toEnd(document.getElementById("log"));
    text.focus();
  } catch {
    form.submit(); // the plain way shows the error beside its field
  } finally {
    button.disabled = false;
  }
}

const write = document.querySelector("form.write");
if (write) {
  write.addEventListener("submit", send);
  write.querySelector("textarea").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    write.requestSubmit();
  });
}
toEnd(document.getElementById("log"));
document.addEventListener("visibilitychange", soon);
new EventSource("/_simulator/events").onmessage = soon;
