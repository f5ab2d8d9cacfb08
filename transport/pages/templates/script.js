// For comfort alone: the pages are whole without it. What can be copied gets a button; the time that is left is shown;
// a form that was sent says so.
"use strict";

function addCopying(source, read) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(read(source));
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed: select it and copy";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 3000);
  });
  source.after(button);
}

function addPasting(field) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Paste";
  button.addEventListener("click", async () => {
    try {
      field.value = await navigator.clipboard.readText();
    } catch {
      button.textContent = "Not allowed: paste it by hand";
    }
    field.focus();
  });
  field.after(button);
}

function countDown(time) {
  const end = Date.parse(time.dateTime);
  const loaded = Date.now();
  const show = () => {
    // A clock that is wrong by hours would say nonsense: then the time stays as the server wrote it.
    const left = Math.round((end - Date.now()) / 1000);
    if (end - loaded > 3600000 || end - loaded < 0) return;
    time.textContent = left > 0
      ? `in ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} minutes`
      : "now: start again";
    if (left > 0) setTimeout(show, 1000);
  };
  show();
}

for (const block of document.querySelectorAll("pre")) addCopying(block, (one) => one.textContent);
for (const field of document.querySelectorAll("textarea[readonly]")) addCopying(field, (one) => one.value);
for (const field of document.querySelectorAll("textarea:not([readonly])")) addPasting(field);
for (const time of document.querySelectorAll("time")) countDown(time);
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button) return;
    const text = button.textContent;
    // Not before the form has been read, which leaves out what is disabled.
    setTimeout(() => { button.disabled = true; button.textContent = "One moment"; }, 0);
    // A page that the browser kept, and shows again, is ready to be used again.
    window.addEventListener("pagehide", () => { button.disabled = false; button.textContent = text; }, { once: true });
  });
}
