// A gRPC client that plays one scene: client.js ADDRESS SCENE OPTIONS, the options as JSON. Every line that it prints is an
// object of JSON: {"event": ...} on the way, {"result": ...} at the end. Lines of its standard input are cues.
'use strict';

const fs = require('node:fs');
const readline = require('node:readline');
const grpc = require('@grpc/grpc-js');
const { Echo, tell } = require('./service.js');

const [address, scene, text] = process.argv.slice(2);
const options = JSON.parse(text ?? '{}');

const Client = grpc.makeGenericClientConstructor(Echo, 'Echo');
const credentials = options.ca ? grpc.credentials.createSsl(fs.readFileSync(options.ca)) : grpc.credentials.createInsecure();
const client = new Client(address, credentials, {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.enable_retries': 0,
    'grpc.initial_reconnect_backoff_ms': 100,
    ...options.channel,
});

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const cue = () => lines.next();

function metadata() {
    const made = new grpc.Metadata({ waitForReady: options.waits === true });
    for (const [name, value] of Object.entries(options.metadata ?? {})) {
        for (const one of [value].flat()) {
            made.add(name, name.endsWith('-bin') ? Buffer.from(one, 'base64') : one);
        }
    }
    return made;
}

function fields(made) {
    const found = {};
    for (const name of Object.keys(made?.getMap() ?? {})) {
        found[name] = made.get(name).map((one) => (Buffer.isBuffer(one) ? one.toString('base64') : one));
    }
    return found;
}

function settings() {
    return options.deadline ? { deadline: Date.now() + options.deadline } : {};
}

// How a call ends: its metadata, its status, and its one response where it has one. The status of a call with many responses
// can come before the last of them have been read.
function outcome(call, answered) {
    return new Promise((resolve) => {
        const found = { initial: null };
        let isRead = false;
        const check = () => found.status && (isRead || found.status.code !== grpc.status.OK) && resolve(found);
        const read = () => {
            isRead = true;
            check();
        };
        call.on('metadata', (made) => {
            found.initial = fields(made);
            if (!options.calls) tell({ event: 'head' });
        });
        call.on('status', (status) => {
            found.status = { code: status.code, details: status.details, trailing: fields(status.metadata) };
            check();
        });
        call.on('error', () => {});
        if (answered) {
            answered((error, response) => {
                found.response = error ? null : response;
                read();
            });
        } else {
            call.on('end', read);
        }
    });
}

function unary(message) {
    let answered;
    const call = client.Unary(message, metadata(), settings(), (...all) => answered(...all));
    return outcome(call, (then) => (answered = then));
}

// Writes as fast as the call takes it.
async function write(call, message) {
    if (call.write(message)) {
        return;
    }
    await new Promise((resolve) => {
        const events = ['drain', 'close', 'error', 'status'];
        const done = () => {
            events.forEach((event) => call.removeListener(event, done));
            resolve();
        };
        events.forEach((event) => call.on(event, done));
    });
}

// Counts the messages of a call and checks their order; holds each for `hold` milliseconds.
function count(call, hold) {
    const seen = { messages: 0, length: 0, inOrder: true };
    call.on('data', (message) => {
        seen.inOrder &&= message.index === seen.messages;
        seen.messages += 1;
        seen.length += message.text.length;
        if (seen.messages === 1) {
            tell({ event: 'first' });
        }
        if (hold) {
            call.pause();
            setTimeout(() => call.resume(), hold);
        }
    });
    return seen;
}

// How calls ended: the codes, how many had the response that they should have, what was said of the others.
function summary(ended, expected) {
    const failed = ended.filter((one) => one.status.code !== 0);
    return {
        codes: [...new Set(ended.map((one) => one.status.code))],
        right: ended.filter((one, index) => one.response?.text === expected(index)).length,
        // What the gateway says ends with the request's own id.
        details: [...new Set(failed.map((one) => one.status.details.replace(/ \(request id.*/, '')))],
    };
}

const scenes = {
    unary: () => unary(options.message),

    // So many calls at the same time.
    parallel: async () => {
        const wanted = Array.from({ length: options.calls }, (_, index) => unary({ text: `call ${index}` }));
        const ended = await Promise.all(wanted);
        return summary(ended, (index) => `call ${index}`);
    },

    // So many calls one after the other, in lanes of which each waits for its own.
    steady: async () => {
        const ended = [];
        const lane = async () => {
            for (let i = 0; i < options.calls / options.lanes; ++i) {
                ended.push(await unary({ text: 'steady' }));
            }
        };
        await Promise.all(Array.from({ length: options.lanes }, lane));
        return summary(ended, () => 'steady');
    },

    // A call, a cue, and another call of the same channel.
    twice: async () => {
        const first = await unary({ text: 'first' });
        tell({ event: 'between' });
        await cue();
        return { first, second: await unary({ text: 'second' }) };
    },

    collect: async () => {
        let answered;
        const call = client.Collect(metadata(), settings(), (...all) => answered(...all));
        const ended = outcome(call, (then) => (answered = then));
        for (let i = 0; i < options.count; ++i) {
            await write(call, { text: 'x'.repeat(options.size) });
        }
        call.end();
        return ended;
    },

    // "cancelAt": the client loses interest after so many messages.
    count: async () => {
        const call = client.Count(options.message, metadata(), settings());
        const seen = count(call, options.hold);
        if (options.cancelAt) {
            call.on('data', () => seen.messages === options.cancelAt && call.cancel());
        }
        return { ...(await outcome(call)), ...seen };
    },

    // So many messages there and back; with "pauses" those behind the first wait for a cue.
    chat: async () => {
        const call = client.Chat(metadata(), settings());
        const seen = count(call);
        const ended = outcome(call);
        for (let i = 0; i < options.count; ++i) {
            await write(call, { text: 'x'.repeat(options.size) });
            if (i === 0 && options.pauses) {
                await cue();
            }
        }
        if (!options.stays) {
            call.end();
        }
        return { ...(await ended), ...seen };
    },
};

scenes[scene]().then((result) => {
    tell({ result });
    client.close();
    process.exit(0);
});
