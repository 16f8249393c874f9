// Asks before what cannot be taken back, keeps a replay's progress fresh, and selects what is shown once.
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
