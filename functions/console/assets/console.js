// Asks before what cannot be taken back, keeps a replay's and the time machine's progress fresh, and selects what
// is shown once.
"use strict";

document.addEventListener("submit", (event) => {
  const words = event.target.dataset.confirm;
  if (words && !window.confirm(words)) event.preventDefault();
});

for (const field of document.querySelectorAll("[data-select]")) {
  field.addEventListener("focus", () => field.select());
}

for (const chat of document.querySelectorAll(".chat")) {
  chat.scrollTop = chat.scrollHeight;
}

const here = document.querySelector("nav [aria-current]");
if (here) here.scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" });

const replay = document.querySelector("[data-poll]");

async function look() {
  try {
    const answer = await fetch(replay.dataset.poll, { headers: { accept: "application/json" } });
    if (answer.ok) {
      const state = await answer.json();
      replay.querySelector("progress").value = state.done;
      replay.querySelector("[data-done]").textContent = state.done;
      replay.querySelector("[data-started]").textContent = state.started;
      if (state.ended_at) return window.location.reload();
    } else if (answer.status === 401) {
      return window.location.reload();
    }
  } catch {
    // Offline for a moment: look again.
  }
  setTimeout(look, 1000);
}

if (replay) setTimeout(look, 500);

const machine = document.querySelector("form[data-lines]");

// Asks in the background, and shows how far it is.
async function goBack(event) {
  event.preventDefault();
  const part = (name) => document.querySelector(`[data-${name}]`);
  const [button, progress, problem, report] = [machine.querySelector("button"), part("progress"), part("problem"), part("report")];
  button.disabled = true;
  progress.hidden = false;
  problem.hidden = true;
  report.replaceChildren();
  try {
    const answer = await fetch(machine.action, { method: "POST", body: new URLSearchParams(new FormData(machine)), headers: { accept: "application/x-ndjson" } });
    if (!answer.ok) throw new Error(answer.status === 401 ? "Please sign in again." : "Something went wrong here. Please try again in a moment.");
    for await (const told of lines(answer.body)) show(told, progress, report);
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
  progress.hidden = true;
  button.disabled = false;
}

function show(told, progress, report) {
  if (told.error) throw new Error(told.error);
  if (told.html) {
    // Made by our own templates, as the rest of the page.
    report.innerHTML = told.html;
    return report.focus();
  }
  const doing = { reading: "Reading what happened, day by day", customers: "Reading who the customers are", playing: "Playing what happened" };
  progress.querySelector("[data-doing]").textContent = doing[told.doing];
  const bar = progress.querySelector("progress");
  bar.max = Math.max(told.of, 1);
  bar.value = told.done;
}

// Each line of an answer, as it comes.
async function* lines(body) {
  let rest = "";
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const whole = (rest + value).split("\n");
      rest = whole.pop();
      for (const line of whole) yield JSON.parse(line);
    }
  } finally {
    reader.cancel();
  }
}

if (machine) machine.addEventListener("submit", goBack);
