// Does with minio's own client what `ops util upload` does, and the calls around it; prints what it found.
import * as minio from "minio"

const { hostname, port } = new URL(process.env.S3_API_URL)
const options = { endPoint: hostname, port: Number(port), useSSL: false, accessKey: "devel", pathStyle: true }
const client = new minio.Client({ ...options, secretKey: process.env.S3_SECRET_KEY })
const bucket = "devel-web"

/** @param {NodeJS.ReadableStream} stream */
async function text(stream) {
  const parts = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** @returns {Promise<string[]>} */
async function keys() {
  const found = []
  for await (const each of client.listObjectsV2(bucket, "", true)) found.push(each.name)
  return found
}

/** @param {Promise<unknown>} call */
const codeOf = (call) => call.then(() => "none", (error) => error.code)

const exists = await client.bucketExists(bucket)
const { etag } = await client.putObject(bucket, "sp ace.js", "hello", 5, { "Content-Type": "text/javascript" })
await client.putObject(bucket, "/leading//slashes", "x")
await client.putObject(bucket, "large", Buffer.alloc(12 * 1024 * 1024, "x"))
const stat = await client.statObject(bucket, "sp ace.js")
const url = await client.presignedGetObject(bucket, "sp ace.js", 60)
const stranger = new minio.Client({ ...options, secretKey: "wrong", region: "us-east-1" })
const answer = {
  exists,
  uploaded: { etag, type: stat.metaData["content-type"] },
  content: await text(await client.getObject(bucket, "sp ace.js")),
  large: (await client.statObject(bucket, "large")).size,
  keys: await keys(),
  fetched: await (await fetch(url)).text(),
  wrongKey: await codeOf(stranger.putObject(bucket, "x", "x")),
  missing: await codeOf(client.getObject(bucket, "none")),
}
await client.removeObjects(bucket, await keys())
console.log(JSON.stringify({ ...answer, left: await keys() }))
