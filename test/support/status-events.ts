/** The first report of the stream that the page draws. */
export async function firstReport(response: Response): Promise<Record<string, unknown>> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n\n")) {
    const piece = await reader?.read();
    if (piece === undefined || piece.done) throw new Error(`no report: ${text}`);
    text += piece.value;
  }
  await reader?.cancel();
  return JSON.parse(/^data: (.*)\n\n/.exec(text)?.[1] ?? "") as Record<string, unknown>;
}
