// The HTTP API. The key lives in the session storage of this tab and goes nowhere but into a header.

const KEY = "portage-function-key";
const PATIENCE = 15000; // milliseconds for one answer
const base = new URL("./", location.href);

class ProblemError extends Error {
  constructor(status, document) {
    super(document.detail ?? `The API answered HTTP ${status}`);
    this.status = status;
    this.title = document.title ?? "The request failed";
    this.code = document.code ?? "";
    this.errors = Array.isArray(document.errors) ? document.errors : [];
  }
}

class ConnectionLost extends Error {}

const key = {
  get: () => sessionStorage.getItem(KEY),
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

async function call(path, { body, accept = "application/json" } = {}) {
  const headers = { accept, "x-functions-key": key.get() ?? "" };
  const request = { headers, cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE) };
  if (body !== undefined) {
    request.method = "POST";
    request.body = JSON.stringify(body);
    headers["content-type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(new URL(path, base), request);
  } catch {
    throw new ConnectionLost("No answer from the API");
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

async function problemOf(answer) {
  if (answer.status === 401) return new ProblemError(401, { title: "The key was not accepted", detail: "Type it again." });
  let told = {};
  try {
    told = await answer.json();
  } catch {
    // what stands between page and API (a proxy, a host that starts) answers with something else
    if (answer.status >= 500) return new ConnectionLost(`HTTP ${answer.status} from something that is not the API`);
  }
  return new ProblemError(answer.status, told ?? {});
}

async function get(path) {
  return (await call(path)).json();
}

async function post(path, body = {}) {
  return (await call(path, { body })).json();
}

function runPath(runId, rest = "") {
  return `runs/${encodeURIComponent(runId)}${rest}`;
}
