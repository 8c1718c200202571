// The form's map: our own drawing of the neighbourhoods. A click or tap sets the point; so do the arrow keys.
"use strict";

const map = document.getElementById("map");
const mapPlace = document.getElementById("map-place");
const opener = document.getElementById("open-map");
const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDTH_MIN = 400; // units of about a metre
const LABEL_PIXELS = 13;
const PIN_PIXELS = 9;
const STEP = 1 / 24; // of the visible width, for an arrow key
let drawing = null;
let pin = null;
let labels = []; // the largest ground's first
let view = null; // { x, y, width } of what is visible; the height follows from the element

opener.addEventListener("click", async () => {
  mapPlace.hidden = !mapPlace.hidden;
  opener.setAttribute("aria-expanded", String(!mapPlace.hidden));
  if (mapPlace.hidden) return;
  if (!drawing) await draw();
  if (drawing) { showAll(); map.focus({ preventScroll: false }); }
});

async function draw() {
  try {
    const answer = await fetch(map.dataset.src);
    const parsed = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
    drawing = document.importNode(parsed, true);
  } catch {
    return; // away: street and neighbourhood remain
  }
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("preserveAspectRatio", "xMidYMid slice");
  pin = document.createElementNS(NAMESPACE, "circle");
  pin.setAttribute("class", "pin");
  pin.setAttribute("visibility", "hidden");
  drawing.append(pin);
  map.replaceChildren(drawing);
  const room = (label) => { const box = groundOf(label.textContent).getBBox(); return box.width * box.height; };
  labels = [...drawing.querySelectorAll("text")].sort((one, other) => room(other) - room(one));
}

const scale = () => ({ across: Number(drawing.dataset.across), down: Number(drawing.dataset.down) });
const toPoint = (latitude, longitude) => ({
  x: (longitude - Number(drawing.dataset.west)) * scale().across,
  y: (Number(drawing.dataset.north) - latitude) * scale().down,
});
const toDegrees = (x, y) => [Number(drawing.dataset.north) - y / scale().down, Number(drawing.dataset.west) + x / scale().across];
const height = () => view.width * (map.clientHeight / map.clientWidth || 1);

function look(x, y, width) {
  const whole = drawing.viewBox.baseVal;
  view = { x, y, width: Math.max(WIDTH_MIN, Math.min(width, Math.max(whole.width, whole.height))) };
  drawing.setAttribute("viewBox", `${view.x - view.width / 2} ${view.y - height() / 2} ${view.width} ${height()}`);
  const unit = view.width / map.clientWidth;
  pin.setAttribute("r", PIN_PIXELS * unit);
  const taken = [];
  for (const label of labels) {
    label.setAttribute("font-size", LABEL_PIXELS * unit);
    // Of two names that would overlap the larger ground's stands; zoomed in the other appears.
    const box = label.getBBox();
    const free = taken.every((other) => box.x > other.x + other.width || other.x > box.x + box.width
      || box.y > other.y + other.height || other.y > box.y + box.height);
    label.setAttribute("visibility", free ? "visible" : "hidden");
    if (free) taken.push(box);
  }
}

function groundOf(name) {
  return [...drawing.querySelectorAll("path")].find((ground) => ground.dataset.name === name);
}

function showAll() {
  const { latitude, longitude, neighbourhood } = document.querySelector("form[data-once]").elements;
  const chosen = mark(neighbourhood.value);
  if (latitude.value) return placePin(Number(latitude.value), Number(longitude.value), 1500);
  if (chosen) return lookAt(chosen.getBBox());
  const town = [...drawing.querySelectorAll("path.town")].map((path) => path.getBBox());
  const [x, y] = [Math.min(...town.map((box) => box.x)), Math.min(...town.map((box) => box.y))];
  const [right, bottom] = [Math.max(...town.map((box) => box.x + box.width)), Math.max(...town.map((box) => box.y + box.height))];
  lookAt({ x, y, width: right - x, height: bottom - y }, 1.02);
}

function lookAt(box, margin = 1.2) {
  const ratio = map.clientWidth / map.clientHeight;
  look(box.x + box.width / 2, box.y + box.height / 2, Math.max(box.width, box.height * ratio) * margin);
}

function mark(name) {
  drawing.querySelectorAll("path.chosen").forEach((ground) => ground.classList.remove("chosen"));
  const ground = name && groundOf(name);
  if (ground) ground.classList.add("chosen");
  return ground;
}

function placePin(latitude, longitude, width) {
  const { x, y } = toPoint(latitude, longitude);
  pin.setAttribute("cx", x);
  pin.setAttribute("cy", y);
  pin.setAttribute("visibility", "visible");
  look(x, y, width ?? view.width);
}

map.addEventListener("click", (event) => {
  if (!drawing) return;
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
  window.setPlace(...toDegrees(at.x, at.y));
});

map.addEventListener("keydown", (event) => {
  if (!drawing || event.altKey || event.ctrlKey || event.metaKey) return;
  const step = view.width * STEP;
  const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step], Enter: [0, 0], " ": [0, 0] };
  if (event.key in moves) {
    const [right, down] = moves[event.key];
    window.setPlace(...toDegrees(view.x + right, view.y + down));
  } else if (event.key === "+" || event.key === "-") {
    look(view.x, view.y, view.width * (event.key === "+" ? 0.6 : 1 / 0.6));
  } else {
    return;
  }
  event.preventDefault();
});

document.getElementById("map-in").addEventListener("click", () => drawing && look(view.x, view.y, view.width * 0.6));
document.getElementById("map-out").addEventListener("click", () => drawing && look(view.x, view.y, view.width / 0.6));

document.addEventListener("place", ({ detail }) => {
  if (!drawing || mapPlace.hidden) return;
  if (detail) placePin(detail.latitude, detail.longitude);
  else pin.setAttribute("visibility", "hidden");
});
document.addEventListener("neighbourhood", ({ detail }) => {
  if (!drawing || mapPlace.hidden) return;
  const chosen = mark(detail);
  if (chosen && pin.getAttribute("visibility") === "hidden") lookAt(chosen.getBBox());
});
