// Lets the browser be woken (web push), and takes that back; the list below the buttons works without this.
"use strict";

(async () => {
  const section = document.querySelector("[data-push]");
  if (!section) return;
  const part = (name) => section.querySelector(`[data-push-${name}]`);
  const show = (name) => {
    part(name).hidden = false;
  };
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    show("unable");
    return;
  }

  const tell = (data) =>
    fetch(section.dataset.push, {
      method: "POST",
      credentials: "same-origin",
      headers: {
        "Content-Type": "application/json",
        "X-CSRFToken": section.querySelector("[name=csrfmiddlewaretoken]").value,
      },
      body: JSON.stringify(data),
    });
  const digest = async (text) => {
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const key = () => {
    const text = section.dataset.key.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  };

  try {
    await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
    const worker = await navigator.serviceWorker.ready;
    let mine = await worker.pushManager.getSubscription();
    const listed = mine && section.querySelector(`[data-push-browser="${await digest(mine.endpoint)}"]`);
    if (mine && !listed) {
      // It was taken off the list elsewhere: the browser is to know.
      await mine.unsubscribe();
      mine = null;
    }
    if (listed) listed.querySelector("[data-push-this]").hidden = false;
    show("buttons");
    show(mine ? "off" : "on");

    const attempt = async (button, action) => {
      button.disabled = true;
      for (const name of ["refused", "failed"]) part(name).hidden = true;
      try {
        await action();
      } catch {
        show("failed");
      }
      button.disabled = false;
    };

    part("on").addEventListener("click", () =>
      attempt(part("on"), async () => {
        if ((await Notification.requestPermission()) !== "granted") {
          show("refused");
          return;
        }
        const given = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key() });
        const answer = await tell(given.toJSON());
        if (!answer.ok) {
          await given.unsubscribe();
          throw new Error(answer.statusText);
        }
        location.reload();
      }),
    );
    part("off").addEventListener("click", () =>
      attempt(part("off"), async () => {
        await tell({ remove: mine.endpoint });
        await mine.unsubscribe();
        location.reload();
      }),
    );
  } catch {
    show("unable");
  }
})();
