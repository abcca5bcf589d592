// One stream of events for all tabs of a browser (browsers open six connections to a host, no more). Runs as a SharedWorker,
// or, where there is none, its `Stream` within the page.
import { Stream } from "./live-stream.js";

const ports = new Set();
const stream = new Stream((message) => {
  for (const port of ports) port.postMessage(message);
});

self.onconnect = (event) => {
  const port = event.ports[0];
  ports.add(port);
  port.onmessage = (message) => {
    if (message.data === "bye") ports.delete(port);
    if (message.data === "look") stream.look();
    if (message.data === "again") stream.open();
  };
  port.start();
  stream.start();
  port.postMessage(stream.state());
};
