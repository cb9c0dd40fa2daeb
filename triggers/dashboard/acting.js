// What a person does to the run that is shown.

const ACTIONS = {
  pause: ["Pause this run?", "Work stops soon; what is done stays done, and resume goes on from there.", "Pause"],
  resume: ["Resume this run?", "It goes on where it stands; failures that are known so far are tolerated.", "Resume"],
  cancel: ["Cancel this run?", "It ends for good. What went in stays at the target, until it is rolled back.", "Cancel the run"],
};

function act(action) {
  return attempt(async () => {
    const runId = selectedRun();
    if (!(await confirmed(...ACTIONS[action]))) return;
    await post(runPath(runId, `/${action}`));
    byId("run-title").focus();
    pollNow();
  });
}

function download(accept, ending) {
  return attempt(async () => {
    const runId = selectedRun();
    const content = await (await call(runPath(runId, "/report"), { accept })).blob();
    const address = URL.createObjectURL(content);
    make("a", { href: address, download: `report-${runId}.${ending}` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  });
}
