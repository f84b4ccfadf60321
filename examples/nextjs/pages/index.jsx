import { useEffect, useState } from "react";

export default function Page() {
  const [message, setMessage] = useState("");
  useEffect(() => {
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => setMessage(data);
    return () => socket.close();
  }, []);
  return <p>Server: {message}</p>;
}
