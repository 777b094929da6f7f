// Requests to the server. Failures of the connection are errors of kind Offline.

export class Offline extends Error {}
export class Refused extends Error {}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, signal: AbortSignal.timeout(15000) });
  } catch (error) {
    throw new Offline(String(error));
  }
  if (answer.status >= 500) throw new Offline(`status ${answer.status}`);
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(body.error || `status ${answer.status}`);
  return body;
}

export function get(path, query) {
  return ask(`${path}?${new URLSearchParams(query)}`);
}

export function post(path, body) {
  return ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}
