// What a person is told: problems, announcements, questions.

function tellProblem(error) {
  setText(byId("problem-title"), error.title ?? "Something went wrong");
  setText(byId("problem-code"), error.code ?? "");
  setText(byId("problem-detail"), error.message);
  const wrong = (error.errors ?? []).map((one) => make("li", {}, `${one.field}: ${one.message}`));
  byId("problem-errors").replaceChildren(...wrong);
  show(byId("problem"), true);
}

function dismissProblem() {
  show(byId("problem"), false);
}

function announce(text) {
  setText(byId("announcer"), text);
}

// Ask before something is done; answers whether it may be.
function confirmed(title, text, yes) {
  const dialog = byId("confirm");
  setText(byId("confirm-title"), title);
  setText(byId("confirm-text"), text);
  setText(byId("confirm-yes"), yes);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// Do what a person asked for, and tell what went wrong with it.
async function attempt(work) {
  dismissProblem();
  try {
    await work();
  } catch (error) {
    tellProblem(error);
  }
}
