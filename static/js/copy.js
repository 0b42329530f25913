// Buttons that copy a field: they appear where copying works, and say when it is done.
"use strict";

const said = document.querySelector("[data-copy-status]");

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  if (!field || !navigator.clipboard) continue;
  const words = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // What is selected can be copied by hand.
      return;
    }
    button.textContent = button.dataset.copied;
    if (said) said.textContent = button.dataset.copied;
    setTimeout(() => {
      button.textContent = words;
      if (said) said.textContent = "";
    }, 3000);
  });
}
