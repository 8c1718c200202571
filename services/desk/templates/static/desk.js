// Keys for those who work here all day; everything works without them.
"use strict";

const list = document.querySelector("[data-list]");
const rows = list ? [...list.children] : [];
let current = -1;

function select(at) {
  if (!rows.length) return;
  rows[current]?.removeAttribute("aria-current");
  current = Math.min(Math.max(at, 0), rows.length - 1);
  rows[current].setAttribute("aria-current", "true");
  rows[current].querySelector("a").focus({ preventScroll: true });
  rows[current].scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && !"jk".includes(event.key)) return;
  if (event.target.closest("input:not([type=hidden]), textarea, select, [contenteditable]")) return;
  if (list && event.key === "j") return select(current + 1);
  if (list && event.key === "k") return select(current - 1);
  // Enter on something that can be pressed does what it always does.
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  const keyed = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (keyed) {
    event.preventDefault();
    keyed.click();
  }
});

// <form data-sends>: a choice is sent as soon as it is made.
document.querySelectorAll("form[data-sends] select").forEach((choice) => {
  choice.addEventListener("change", () => choice.form.requestSubmit());
});
