// The link of a wall screen: what follows `#` is exchanged for a cookie and taken out of the address.
import { send } from "./api.js";

const START = "#gg_";

export const isWallLink = () => location.hash.startsWith(START);

// Let this screen in; raises what the service says where the link is no longer one.
export async function enter() {
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  await send("POST", "/sessions/wall", { token });
}
