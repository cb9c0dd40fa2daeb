// Dead letters by cause, and another try for all that share one.

function showCauses(runId, causes) {
  show(byId("no-causes"), causes.length === 0);
  show(byId("causes-table"), causes.length > 0);
  reconcile(byId("causes"), causes, (one) => one.cause, (one) => newCauseRow(runId, one), (line, one) => {
    const [count, entity, reason, example, hint] = line.children;
    setText(count, number(one.count));
    setText(entity, one.entity);
    setText(reason, one.field ? `${one.reason}, ${one.field}` : one.reason);
    setText(example, `${one.example_id}: ${one.message}`);
    setText(hint, one.hint ?? "–");
    line.lastChild.firstChild.setAttribute("aria-label", `Requeue ${one.count} of ${one.entity}: ${one.reason}`);
  });
}

function newCauseRow(runId, one) {
  const line = row(6);
  line.firstChild.className = "n";
  const button = make("button", { type: "button" }, "Requeue");
  button.addEventListener("click", () => attempt(() => requeue(runId, one.cause)));
  line.lastChild.append(button);
  return line;
}

/** How many go again; null when there were too many to count them at once. */
function records(count) {
  return count === null ? "All these records" : `${number(count)} records`;
}

async function requeue(runId, cause) {
  const selection = { cause, run_id: runId };
  const told = await post("dead-letters/requeue", { ...selection, dry_run: true });
  if (told.requeued === 0) {
    announce("No letter of this cause can go again.");
    return;
  }
  const waiting = told.waiting ? ` ${number(told.waiting)} of them failed for want of others.` : "";
  const text = `${records(told.requeued)} are done again from the archive, by today's mappings.${waiting} The run works again and ends anew.`;
  if (!(await confirmed("Requeue these records?", text, "Requeue"))) return;
  const begun = await post("dead-letters/requeue", selection);
  announce(`${records(begun.requeued)} go again.`);
  byId("run-title").focus();
  pollNow();
}
