import { WebSocket } from "halyard/web";

/** Says hello, prints what is said, and leaves at bye; resolves with the close code. The code of a web page, word for word. */
export function chat(url: string): Promise<number> {
  const socket = new WebSocket(url, ["chat.v2"]);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => socket.send("hello");
  socket.onmessage = ({ data }) => {
    console.log(data);
    if (data === "bye") socket.close(1000, "bye");
  };
  return new Promise((resolve) => {
    socket.onclose = ({ code }) => resolve(code);
  });
}
