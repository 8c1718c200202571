// The form's comforts: one's own place, street names and neighbourhoods while typing, the warning, limits of photos.
// The form works without them.
"use strict";

const form = document.querySelector("form[data-once]");
const fields = form.elements;
const button = document.getElementById("use-my-place");
const remove = document.getElementById("remove-place");
const said = document.getElementById("place-said");

async function ask(address) {
  try {
    const answer = await fetch(address, { cache: "no-store" });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // away: the neighbourhood is found after sending
  }
}

// A place is set from three sides (own place, map, taken away) and told to the map.
window.setPlace = async (latitude, longitude) => {
  fields.latitude.value = latitude.toFixed(6);
  fields.longitude.value = longitude.toFixed(6);
  remove.hidden = false;
  said.textContent = said.dataset.added;
  document.dispatchEvent(new CustomEvent("place", { detail: { latitude, longitude } }));
  const mark = fields.latitude.value + fields.longitude.value;
  const found = await ask(`/basvuru/yer?enlem=${fields.latitude.value}&boylam=${fields.longitude.value}`);
  if (!found || mark !== fields.latitude.value + fields.longitude.value) return;
  if (found.neighbourhood) choose(found.neighbourhood);
  const words = found.outside ? said.dataset.outside : said.dataset.inside;
  said.textContent = words.replace("{name}", found.neighbourhood || found.district || "");
};

function choose(name) {
  fields.neighbourhood.value = name;
  fields.found.value = name;
  document.dispatchEvent(new CustomEvent("neighbourhood", { detail: name }));
}

function forgetPlace(words) {
  fields.latitude.value = fields.longitude.value = fields.found.value = "";
  remove.hidden = true;
  said.textContent = words;
  document.dispatchEvent(new CustomEvent("place", { detail: null }));
}

if (!navigator.geolocation || !isSecureContext) button.remove();
button.addEventListener("click", () => {
  said.textContent = button.dataset.asking;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => window.setPlace(coords.latitude, coords.longitude),
    () => forgetPlace(button.dataset.refused),
    { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 },
  );
});
remove.addEventListener("click", () => { forgetPlace(said.dataset.removed); fields.street.focus(); });

// A neighbourhood chosen by hand outweighs the point that led to another one.
fields.neighbourhood.addEventListener("change", () => {
  const name = fields.neighbourhood.value;
  if (fields.latitude.value && name !== fields.found.value) forgetPlace(said.dataset.removed);
  document.dispatchEvent(new CustomEvent("neighbourhood", { detail: name }));
});

// Street names while typing; the neighbourhood of the one that is taken, unless one is chosen already.
const streets = document.getElementById("streets");
let streetTimer = 0;
fields.street.addEventListener("input", () => {
  clearTimeout(streetTimer);
  streetTimer = setTimeout(async () => {
    const typed = fields.street.value;
    const names = await ask(`/basvuru/sokaklar?ara=${encodeURIComponent(typed)}`);
    if (names && typed === fields.street.value) streets.replaceChildren(...names.map((name) => new Option("", name)));
  }, 200);
});
fields.street.addEventListener("change", async () => {
  if (!fields.street.value || fields.neighbourhood.value || fields.latitude.value) return;
  const found = await ask(`/basvuru/yer?sokak=${encodeURIComponent(fields.street.value)}`);
  if (!found?.neighbourhood || fields.neighbourhood.value) return;
  fields.neighbourhood.value = found.neighbourhood;
  said.textContent = said.dataset.street.replace("{name}", found.neighbourhood);
  document.dispatchEvent(new CustomEvent("neighbourhood", { detail: found.neighbourhood }));
});

// Too many or too large photos are told before they are sent.
const BYTES_MAX = 30 * 1024 * 1024;
const photos = fields.photo_file;
const photosSaid = document.getElementById("photo-said");
photos.addEventListener("change", () => {
  const kept = form.querySelectorAll("input[name=photo]").length;
  const bytes = [...photos.files].reduce((sum, file) => sum + file.size, 0);
  const tooMany = photos.files.length + kept > Number(photos.dataset.countMax);
  photosSaid.textContent = tooMany ? photos.dataset.tooMany : bytes > BYTES_MAX ? photos.dataset.tooLarge : "";
});

// The warning comes from the same words as after sending; asked for when typing rests.
const ALARM_LETTERS_MAX = 2000;
const warning = document.getElementById("alarm-place");
let timer = 0;
let asked = "";
let shown = warning.innerHTML.trim() ? null : "";
fields.text.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const text = fields.text.value.slice(0, ALARM_LETTERS_MAX);
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
