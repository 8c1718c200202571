// The form's comforts: the reader's own place, and the warning while typing. The form works without them.
"use strict";

const form = document.querySelector("form[data-once]");
const button = document.getElementById("use-my-place");
const remove = document.getElementById("remove-place");
const said = document.getElementById("place-said");

function setPlace(latitude, longitude, words) {
  form.elements.latitude.value = latitude;
  form.elements.longitude.value = longitude;
  remove.hidden = latitude === "";
  said.textContent = words;
}

if (!navigator.geolocation || !isSecureContext) button.remove();
button.addEventListener("click", () => {
  said.textContent = button.dataset.asking;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => setPlace(coords.latitude.toFixed(6), coords.longitude.toFixed(6), button.dataset.added),
    () => setPlace("", "", button.dataset.refused),
    { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 },
  );
});
remove.addEventListener("click", () => { setPlace("", "", button.dataset.removed); button.focus(); });

// The warning comes from the same words as after sending; asked for when typing rests.
const ALARM_LETTERS_MAX = 2000;
const warning = document.getElementById("alarm-place");
let timer = 0;
let asked = "";
let shown = warning.innerHTML.trim() ? null : "";
form.elements.text.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const text = form.elements.text.value.slice(0, ALARM_LETTERS_MAX);
    asked = text;
    try {
      const answer = await fetch("/basvuru/acil", { method: "POST", body: text, headers: { "Content-Type": "text/plain" } });
      const words = answer.status === 200 ? await answer.text() : "";
      if (asked === text && shown !== words) warning.innerHTML = shown = words;
    } catch {
      // Away: the warning comes after sending.
    }
  }, 700);
});
