"use strict";

// A standard text fills its field: a start, which may be changed. An outcome goes with it where none is chosen.
document.querySelectorAll("form[data-fills]").forEach((form) => {
  const select = form.elements.text;
  form.querySelector("[data-only-without-script]").hidden = true;
  form.addEventListener("submit", (event) => event.preventDefault());
  select.addEventListener("change", () => {
    const { text, outcome } = select.selectedOptions[0].dataset;
    const field = document.getElementById(form.dataset.fills);
    if (!text) return;
    field.value = text;
    const outcomes = document.getElementById("outcome");
    if (outcome && outcomes) outcomes.value = outcome;
    field.focus();
    const open = text.search(/\{[a-z]+\}/);
    if (open >= 0) field.setSelectionRange(open, text.indexOf("}", open) + 1);
  });
});

document.querySelectorAll("[data-prints]").forEach((button) => button.addEventListener("click", () => print()));

// A photo opens large in the page; without this it opens by itself.
const pictures = [...document.querySelectorAll("a[data-large]")];
const large = Object.assign(document.createElement("dialog"), { className: "large" });
const shown = document.createElement("img");
let at = 0;

function show(place) {
  at = (place + pictures.length) % pictures.length;
  const small = pictures[at].querySelector("img");
  shown.src = pictures[at].href;
  shown.alt = small.alt;
  large.setAttribute("aria-label", small.alt);
}

if (pictures.length) {
  const close = Object.assign(document.createElement("button"), { className: "button", type: "button", textContent: document.querySelector("[data-close-words]").dataset.closeWords });
  close.addEventListener("click", () => large.close());
  large.append(shown, close);
  document.body.append(large);
  large.addEventListener("click", (event) => { if (event.target === large) large.close(); });
  large.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") show(at + 1);
    if (event.key === "ArrowLeft") show(at - 1);
  });
  pictures.forEach((link, place) => link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(place);
    large.showModal();
  }));
}
