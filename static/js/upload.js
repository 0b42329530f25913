// The form of an upload: says that something is going on, since sending a large file takes minutes.
"use strict";
const form = document.querySelector("form[data-upload]");
form.addEventListener("submit", () => {
  const status = form.querySelector("[data-sending]");
  status.textContent = status.dataset.sending;
  form.querySelector("button[type=submit]").setAttribute("aria-disabled", "true");
});
