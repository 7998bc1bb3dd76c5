// Runs Alipay's own client for Node, with the protocol of python_client.py.
// Started with the folder that holds node_modules as its argument.
const { createRequire } = require("node:module");
const { createInterface } = require("node:readline");

const { AlipaySdk } = createRequire(`${process.argv[2]}/`)("alipay-sdk");

async function answer(client, asked) {
  try {
    return { said: await client[asked.call](...asked.args) };
  } catch (error) {
    return { raised: error.name, text: String(error.message) };
  }
}

(async () => {
  let client;
  for await (const line of createInterface({ input: process.stdin })) {
    const told = JSON.parse(line);
    if (client === undefined) {
      client = new AlipaySdk(told.arguments);
    } else {
      process.stdout.write(`${JSON.stringify(await answer(client, told))}\n`);
    }
  }
})();
