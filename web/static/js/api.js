// Requests to the service: JSON in and out, problems as errors, what is known already is not sent again.
import { csrfToken } from "./page.js";

export class ProblemError extends Error {
  constructor(status, problem, retryAfter) {
    super(problem.detail ?? `HTTP ${status}`);
    this.status = status;
    this.problem = problem;
    this.retryAfterS = Number(retryAfter) || 0;
  }
}

// The line is cut, or the service does not answer: nothing is known of what became of the request.
export class OfflineError extends Error {}

const ROOT = "/api/v1";

async function ask(method, path, { params, body, headers = {}, signal } = {}) {
  const url = new URL(ROOT + path, location.origin);
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value === undefined || value === null || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, one);
  }
  const isForm = body instanceof FormData || body instanceof Blob;
  const options = { method, signal, headers: { accept: "application/json", ...headers }, credentials: "same-origin" };
  if (method !== "GET") options.headers["x-csrf-token"] = csrfToken();
  if (body !== undefined) {
    options.body = isForm ? body : JSON.stringify(body);
    if (!isForm) options.headers["content-type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new OfflineError(error.message);
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    if (answer.status === 401) dispatchEvent(new CustomEvent("signed-out"));
    throw new ProblemError(answer.status, problem, answer.headers.get("retry-after"));
  }
  return answer;
}

export async function get(path, params, options = {}) {
  return (await ask("GET", path, { params, ...options })).json();
}

// POST, PUT, PATCH or DELETE; the answer's JSON, or null where it has none.
export async function send(method, path, body, options = {}) {
  const answer = await ask(method, path, { body, ...options });
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

// The file that is answered, as a Blob.
export async function fetchFile(method, path, body, options = {}) {
  return (await ask(method, path, { body, ...options })).blob();
}

// A random word under which a request is done once; `crypto.randomUUID` is missing on plain http.
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
