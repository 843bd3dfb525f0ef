// Makes with OpenWhisk's own client for Node every call of the REST API that it knows; prints what it got.
// The package to use is the first argument, a zip in base64 the second.
import openwhisk from "openwhisk"

const [pkg, zip] = process.argv.slice(2)
const client = openwhisk({ apihost: process.env.APIHOST, api_key: process.env.AUTH })
const { actions, activations, namespaces, packages, rules, triggers } = client
const source = "def main(args):\n    print('called')\n    return {'got': args}\n"
const failing = "def main(args):\n    raise ValueError('no')\n"
const action = { name: `${pkg}/npm`, action: source, kind: "python:default" }

/** What a call is refused with. @param {Promise<unknown>} call */
const refusal = (call) => call.then(() => "none", (error) => `${error.statusCode} ${error.error?.error}`)

/** Ask again until an activation is to be found. @param {string} id */
async function ended(id) {
  for (const until = Date.now() + 20_000; ; ) {
    try {
      return await activations.get(id)
    } catch (error) {
      if (error.statusCode !== 404 || Date.now() > until) throw error
    }
  }
}

const found = {}
found.namespaces = await namespaces.list()
found.entities = Object.keys(await namespaces.get({ name: found.namespaces[0] }))
found.package = await packages.update({ name: pkg, package: { parameters: [{ key: "P", value: 1 }] } })
found.packageExists = await refusal(packages.create({ name: pkg }))
found.created = await actions.create({ ...action, params: { A: "a" }, annotations: { "web-export": true } })
found.exists = await refusal(actions.create(action))
found.updated = await actions.update({ ...action, params: { B: { c: [1] } }, limits: { timeout: 5000 } })
found.got = await actions.get({ name: action.name })
found.probed = await actions.get({ name: action.name, code: false })
found.zipped = await actions.update({ name: `${pkg}/zipped`, action: Buffer.from(zip, "base64"), kind: "python:3" })
found.zipRan = await actions.invoke({ name: `${pkg}/zipped`, blocking: true, result: true })
found.record = await actions.invoke({ name: action.name, params: { x: "ü" }, blocking: true })
found.result = await actions.invoke({ name: action.name, params: { x: 1 }, blocking: true, result: true })
found.started = await actions.invoke({ name: action.name, params: { x: 2 } })
found.activation = await ended(found.started.activationId)
found.logs = await activations.logs({ name: found.started.activationId })
found.outcome = await activations.result({ name: found.started.activationId })
found.activations = await activations.list({ name: action.name, limit: 2 })
found.documents = await activations.list({ name: action.name, limit: 1, docs: true })
found.counted = await activations.list({ name: action.name, count: true })
await actions.update({ name: `${pkg}/failing`, action: failing, kind: "python:3" })
found.failed = await refusal(actions.invoke({ name: `${pkg}/failing`, blocking: true }))
found.listed = (await actions.list({ limit: 3 })).map((each) => each.name)
found.count = await actions.list({ count: true })
found.packages = (await packages.list()).map((each) => each.name)
found.packageGot = await packages.get({ name: pkg })
found.triggers = await triggers.list()
found.rules = await rules.list()
found.missing = await refusal(actions.get({ name: `${pkg}/none` }))
found.notEmpty = await refusal(packages.delete({ name: pkg }))
found.deleted = (await actions.delete({ name: action.name })).name
await actions.delete([`${pkg}/zipped`, `${pkg}/failing`])
found.packageDeleted = (await packages.delete({ name: pkg })).name
const stranger = openwhisk({ apihost: process.env.APIHOST, api_key: `${process.env.AUTH}x` })
found.stranger = await refusal(stranger.actions.list())
console.log(JSON.stringify(found))
