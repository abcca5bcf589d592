// The stream itself: opens it, notices silence, opens it again with what was last known, and says how it stands.
const NAMES = ["incident", "incident_gone", "incidents_changed", "edition", "fixes", "register", "reset"];
const LONGEST_WAIT_MS = 15_000;

export class Stream {
  constructor(tell) {
    this.tell = tell;
    this.last = null; // number of the last event
    this.heardAt = null; // when anything was last heard, ms
    this.heartbeatMs = 15_000;
    this.status = "connecting";
    this.staleSince = null;
    this.offsetMs = null; // clock of the server minus ours, once it has been told
    this.waitMs = 1_000;
    this.source = null;
  }

  start() {
    if (this.source !== null) return;
    this.open();
    setInterval(() => this.look(), 1_000);
  }

  state() {
    return { kind: "state", status: this.status, since: this.staleSince, offsetMs: this.offsetMs };
  }

  open() {
    clearTimeout(this.again);
    this.source?.close();
    const source = new EventSource(`/api/v1/live${this.last === null ? "" : `?since=${this.last}`}`);
    this.source = source;
    this.openedAt = Date.now();
    source.addEventListener("hello", (event) => {
      const told = JSON.parse(event.data);
      this.heartbeatMs = told.heartbeat_s * 1_000;
      this.offsetMs = Date.parse(told.at) - Date.now();
      this.waitMs = 1_000;
      this.hear(event);
      this.set("live", null);
    });
    for (const name of NAMES) {
      source.addEventListener(name, (event) => {
        this.hear(event);
        this.tell({ kind: "event", name, data: JSON.parse(event.data) });
      });
    }
    source.addEventListener("heartbeat", (event) => this.hear(event));
    source.addEventListener("stale", (event) => {
      this.hear(event);
      this.isServerBlind = true;
      // By the clock of this machine, as `heardAt` is.
      this.set("stale", Date.parse(JSON.parse(event.data).since ?? "") - this.offsetMs || this.heardAt);
    });
    source.addEventListener("current", (event) => {
      this.isServerBlind = false;
      this.hear(event);
      this.set("live", null);
    });
    source.addEventListener("ended", () => {
      source.close();
      this.set("ended", Date.now());
    });
    source.onerror = () => {
      if (this.status === "ended" || source !== this.source) return;
      this.set("stale", this.heardAt ?? this.openedAt);
      // Not a cut line but a refusal, after which a browser does not try again by itself.
      if (source.readyState === EventSource.CLOSED) this.later();
    };
  }

  later() {
    clearTimeout(this.again);
    const wait = this.waitMs * (0.75 + Math.random() / 2);
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
    this.again = setTimeout(async () => {
      // A refusal says nothing to an EventSource: ask who we are.
      const answer = await fetch("/api/v1/sessions/current", { headers: { accept: "application/json" } }).catch(() => null);
      if (answer?.status === 401) {
        this.set("ended", Date.now());
        return;
      }
      this.open();
    }, wait);
  }

  hear(event) {
    this.heardAt = Date.now();
    if (event.lastEventId) this.last = event.lastEventId;
    if (this.status !== "live" && !this.isServerBlind && this.status !== "ended") this.set("live", null);
  }

  // Silence for more than two heartbeats, also after a sleep, is a line that is cut: do not wait for the system to notice.
  look() {
    if (this.status === "ended") return;
    const silence = Date.now() - (this.heardAt ?? this.openedAt);
    if (silence > 2 * this.heartbeatMs + 2_000) {
      this.set("stale", this.heardAt ?? this.openedAt);
      if (Date.now() - this.openedAt > 2 * this.heartbeatMs) this.open();
    }
  }

  set(status, since) {
    if (status === this.status && (since === null) === (this.staleSince === null)) return;
    this.status = status;
    this.staleSince = since;
    this.tell(this.state());
  }
}
