// Every call that openai-node has for videos, in every form. Arguments: package folder, base URL, a picture, a video.
import { createReadStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [folder, baseURL, picture, footage] = process.argv.slice(2);
const { default: OpenAI, toFile } = createRequire(folder + "/")("openai");
console.log(JSON.stringify({ version: createRequire(folder + "/")("openai/version").VERSION }));
const client = new OpenAI({ baseURL, apiKey: "any" });
const { videos } = client;

const say = (call, problem) => console.log(JSON.stringify({ call, problem }));
async function run(name, work) {
  try {
    const result = await work();
    say(name, "");
    return result;
  } catch (error) {
    say(name, `${error?.name}: ${error?.message}`.slice(0, 300));
    return null;
  }
}
const check = (name, condition, why) => say(name, condition ? "" : String(why));
async function finished(id) {
  for (;;) {
    const video = await videos.retrieve(id);
    if (!["queued", "in_progress"].includes(video.status)) return video;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const bytes = async (response) => Buffer.from(await response.arrayBuffer());

const made = await run("create", () => videos.create({ prompt: "a boat" }));
await run("create, all fields", () =>
  videos.create({ model: "sora-2", prompt: "a boat", seconds: "8", size: "1280x720" }));
await run("create, a stream", () =>
  videos.create({ prompt: "a boat", input_reference: createReadStream(picture) }));
await run("create, a file", async () =>
  videos.create({ prompt: "a boat", input_reference: await toFile(readFileSync(picture), "boat.png", { type: "image/png" }) }));
await run("create, a link", () =>
  videos.create({ prompt: "a boat", input_reference: { image_url: "https://example.com/boat.png" } }));
await run("create, JSON", () => client.post("/videos", { body: { prompt: "a boat", seconds: 4 } }));
const failed = await run("create, fails", async () =>
  finished((await videos.create({ prompt: "[fail] a boat" })).id));
if (failed) check("a failure says why", failed.status === "failed" && failed.error?.code, JSON.stringify(failed));
if (made) {
  const done = await run("retrieve to its end", () => finished(made.id));
  check("it is completed", done?.status === "completed" && done.progress === 100, JSON.stringify(done));
  const content = await run("downloadContent", async () => bytes(await videos.downloadContent(made.id)));
  check("it is a video", content?.subarray(4, 8).toString() === "ftyp", content?.subarray(0, 20));
  for (const [variant, mark] of [["thumbnail", "52494646"], ["spritesheet", "ffd8"]]) {
    const image = await run(`downloadContent, ${variant}`, async () =>
      bytes(await videos.downloadContent(made.id, { variant })));
    check(`${variant} is a picture`, image?.toString("hex").startsWith(mark), image?.subarray(0, 20));
  }
  await run("remix", () => videos.remix(made.id, { prompt: "at night" }));
  if (videos.edit) {
    await run("edit, an id", () => videos.edit({ prompt: "at night", video: { id: made.id } }));
    await run("edit, a stream", () => videos.edit({ prompt: "at night", video: createReadStream(footage) }));
  }
  if (videos.extend) {
    await run("extend, an id", () => videos.extend({ prompt: "goes on", seconds: "4", video: { id: made.id } }));
  }
  const ids = await run("list, every page", async () => {
    const found = [];
    for await (const video of videos.list({ limit: 3 })) found.push(video.id);
    return found;
  });
  check("each video once", ids && new Set(ids).size === ids.length && ids.length > 6, ids);
  await run("delete", () => videos.delete(made.id));
  const gone = await videos.retrieve(made.id).catch((error) => error.status);
  check("a deleted video is gone", gone === 404, gone);
  const models = await run("models", async () => (await client.models.list()).data.map((model) => model.id));
  check("sora-2 is a model", models?.includes("sora-2"), models);
}
