"use strict";
// One pair at a time: two questions, an answer of left, right or none to each, then both go to the server, which gives the next pair.

const $ = (id) => document.getElementById(id);
const questions = ["Which picture looks better?", "Which picture fits the caption better?"];
const remembered = "prefer.voter";

let voter = "";
let pair = null; // what is shown, null while nothing can be answered
let looks = ""; // the answer to the first question, "" before it
let forced = false;
let shownAt = 0;

function show(section) {
  for (const id of ["start", "vote", "end"]) $(id).hidden = id !== section;
}

function fault(text) {
  $("fault").textContent = text;
  $("fault").hidden = text === "";
}

async function ask(path, body) {
  const reply = await fetch(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
  const answer = await reply.json().catch(() => ({error: "the program does not answer as it should"}));
  if (!reply.ok) throw new Error(answer.error || reply.statusText);
  return answer;
}

// fit enlarges small pictures by a whole number of screen pixels, so that theirs stay squares of one size.
function fit(img) {
  const ratio = window.devicePixelRatio || 1;
  const style = getComputedStyle(img.parentElement);
  const wide = img.parentElement.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const high = Math.max(window.innerHeight - 330, 130);
  const room = Math.min(wide, high) * ratio;
  const side = Math.max(img.naturalWidth, img.naturalHeight);
  const times = Math.floor(room / side);
  const small = times >= 2;
  img.classList.toggle("small-picture", small);
  const scale = small ? times : Math.min(1, room / side);
  img.style.width = img.naturalWidth * scale / ratio + "px";
  img.style.height = img.naturalHeight * scale / ratio + "px";
}

function fitBoth() {
  for (const id of ["left-picture", "right-picture"]) if ($(id).naturalWidth) fit($(id));
}

async function present(state) {
  voter = state.voter;
  forced = state.forced;
  localStorage.setItem(remembered, voter);
  fault("");
  if (!state.pair) {
    pair = null;
    $("thanks").textContent = `${voter}, you have answered all ${state.total} pairs.`;
    show("end");
    $("another").focus();
    return;
  }
  const sides = [["left-picture", state.pair.left], ["right-picture", state.pair.right]];
  for (const [id, address] of sides) $(id).src = address;
  await Promise.all(sides.map(([id]) => $(id).decode())); // neither picture is seen before the other
  $("count").textContent = `${state.done + 1} of ${state.total}`;
  $("bar").max = state.total;
  $("bar").value = state.done;
  $("none").hidden = forced;
  show("vote");
  fitBoth();
  looks = "";
  pair = state.pair;
  shownAt = performance.now();
  put();
}

// put shows the question that is open.
function put() {
  const second = looks !== "";
  $("question").textContent = `${second ? 2 : 1}. ${questions[second ? 1 : 0]}`;
  $("caption").textContent = second ? `“${pair.caption}”` : "The caption comes with the second question.";
  $("caption").className = second ? "shown" : "waiting";
  $("back").disabled = !second;
  for (const id of ["left", "none", "right"]) $(id).classList.toggle("chosen", false);
}

async function choose(answer) {
  if (!pair || answer === "none" && forced) return;
  if (looks === "") {
    looks = answer;
    put();
    return;
  }
  const ballot = {voter, pair: pair.number, looks, fits: answer, seconds: (performance.now() - shownAt) / 1000};
  const open = pair;
  pair = null;
  $(answer).classList.add("chosen");
  try {
    await present(await ask("vote", ballot));
  } catch (err) {
    pair = open;
    put();
    fault(`${err.message}. Answer the second question again.`);
  }
}

function back() {
  if (!pair || looks === "") return;
  looks = "";
  put();
}

async function start(name) {
  try {
    await present(await ask("next", {voter: name}));
    document.activeElement?.blur();
  } catch (err) {
    fault(err.message);
  }
}

function welcome(name) {
  voter = "";
  pair = null;
  fault("");
  show("start");
  $("name").value = name;
  $("begin").textContent = name ? `Go on as ${name}` : "Start";
  $("other").hidden = !name;
  $("name").focus();
}

$("start").addEventListener("submit", (event) => { event.preventDefault(); start($("name").value); });
$("name").addEventListener("input", () => { $("begin").textContent = "Start"; });
$("other").addEventListener("click", (event) => { event.preventDefault(); welcome(""); });
$("another").addEventListener("click", () => welcome(""));
for (const id of ["left", "pick-left"]) $(id).addEventListener("click", () => choose("left"));
for (const id of ["right", "pick-right"]) $(id).addEventListener("click", () => choose("right"));
$("none").addEventListener("click", () => choose("none"));
$("back").addEventListener("click", back);
window.addEventListener("resize", fitBoth);

const keys = {ArrowLeft: "left", ArrowRight: "right", ArrowDown: "none", 1: "left", 2: "right", 0: "none"};
window.addEventListener("keydown", (event) => {
  if ($("vote").hidden || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Backspace") {
    event.preventDefault();
    back();
  } else if (keys[event.key]) {
    event.preventDefault();
    if (!event.repeat) choose(keys[event.key]); // a key that is held answers once
  }
});

welcome(localStorage.getItem(remembered) || "");
