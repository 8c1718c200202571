// Keys for those who work here all day; everything works without them.
"use strict";

let list = document.querySelector("ol[data-list]");
let rows = list ? [...list.children] : [];
let current = -1;

// The list was renewed: who had selected a row has it still.
document.addEventListener("listed", (event) => {
  list = document.querySelector("ol[data-list]");
  rows = list ? [...list.children] : [];
  current = rows.findIndex((row) => row.dataset.id === event.detail);
  if (current >= 0) select(current);
});

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
  if (event.target.closest("input:not([type=hidden]), textarea, select, [contenteditable], dialog")) return;
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

// <select data-search>: a part of a name is typed, with or without Turkish letters; the select keeps the choice.
const HITS_MAX = 50;
const folded = (words) => words.toLocaleLowerCase("tr").replaceAll("ı", "i").normalize("NFKD").replace(/\p{M}/gu, "");

function searchable(select) {
  const box = Object.assign(document.createElement("div"), { className: "searched" });
  const input = Object.assign(document.createElement("input"), { type: "text", id: select.id, autocomplete: "off" });
  const hits = Object.assign(document.createElement("ul"), { id: `${select.id}-hits`, hidden: true });
  const label = document.querySelector(`label[for="${select.id}"]`);
  const rows = [...select.options].map((option) => ({ option, words: option.text, folded: folded(option.text) }));
  let shown = [];
  let at = -1;
  label.id = `${select.id}-label`;
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", hits.id]]) input.setAttribute(name, value);
  for (const name of ["aria-describedby", "aria-invalid"]) if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  hits.setAttribute("role", "listbox");
  hits.setAttribute("aria-labelledby", label.id);
  input.placeholder = rows[0].words;
  input.value = select.value ? select.selectedOptions[0].text : "";
  select.removeAttribute("id");
  select.hidden = true;
  select.after(box);
  box.append(input, hits);

  const open = (is) => {
    hits.hidden = !is;
    input.setAttribute("aria-expanded", String(is));
    if (!is) input.removeAttribute("aria-activedescendant");
  };
  const mark = (place) => {
    hits.children[at]?.setAttribute("aria-selected", "false");
    at = place;
    const row = hits.children[at];
    if (!row || !shown.length) return input.removeAttribute("aria-activedescendant");
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", row.id);
  };
  const show = () => {
    const wanted = folded(input.value.trim());
    const rank = (row) => (row.folded.startsWith(wanted) ? 0 : row.folded.includes(` ${wanted}`) ? 1 : 2);
    shown = rows.slice(1).filter((row) => row.folded.includes(wanted)).sort((one, other) => rank(one) - rank(other)).slice(0, HITS_MAX);
    hits.replaceChildren(...(shown.length ? shown : [{ words: select.dataset.none }]).map((row, place) => {
      const line = Object.assign(document.createElement("li"), { textContent: row.words, id: `${hits.id}-${place}` });
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", "false");
      if (row.option) line.addEventListener("mousedown", (event) => { event.preventDefault(); choose(row); });
      else { line.className = "none"; line.setAttribute("aria-disabled", "true"); }
      return line;
    }));
    open(true);
    mark(wanted && shown.length ? 0 : -1);
  };
  const choose = (row) => {
    select.value = row.option.value;
    input.value = row.words;
    open(false);
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  input.addEventListener("input", () => { select.value = ""; show(); });
  input.addEventListener("focus", () => input.select());
  // What was typed and not chosen is no choice, unless it names exactly one.
  input.addEventListener("blur", () => {
    if (!select.value && input.value.trim() && shown.length === 1) choose(shown[0]);
    else input.value = select.value ? select.selectedOptions[0].text : "";
    open(false);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (hits.hidden) return show();
      mark(Math.min(Math.max(at + (event.key === "ArrowDown" ? 1 : -1), 0), shown.length - 1));
    } else if (event.key === "Enter" && !hits.hidden && shown[at]) {
      event.preventDefault();
      choose(shown[at]);
    } else if (event.key === "Escape" && !hits.hidden) {
      event.preventDefault();
      open(false);
    }
  });
}
document.querySelectorAll("select[data-search]").forEach(searchable);

// What opens over the page closes by Escape, or by a press elsewhere.
for (const menu of document.querySelectorAll("details[data-menu]")) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
