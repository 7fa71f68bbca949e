// A gRPC server: server.js [--port N] [--cert FILE --key FILE] [--age MILLISECONDS] [--streams N]. Prints {"port": N}
// once it listens, and then what happens to calls: "started", "cancelled". Calls are told apart by the metadata x-id.
// Connections take so many calls at a time, and end in peace (GOAWAY) at their age; the program ends when its standard input does.
'use strict';

const fs = require('node:fs');
const { parseArgs } = require('node:util');
const grpc = require('@grpc/grpc-js');
const { Echo, tell } = require('./service.js');

const { values: options } = parseArgs({
    options: {
        port: { type: 'string', default: '0' },
        cert: { type: 'string' },
        key: { type: 'string' },
        age: { type: 'string' },
        streams: { type: 'string' },
    },
});

// Plain values as gRPC's metadata; those of "-bin" names are base64.
function metadata(fields) {
    const made = new grpc.Metadata();
    for (const [name, value] of Object.entries(fields ?? {})) {
        for (const one of [value].flat()) {
            made.add(name, name.endsWith('-bin') ? Buffer.from(one, 'base64') : one);
        }
    }
    return made;
}

// The other way: every value as text, those of "-bin" names as base64.
function fields(made) {
    const found = {};
    for (const name of Object.keys(made.getMap())) {
        found[name] = made.get(name).map((one) => (Buffer.isBuffer(one) ? one.toString('base64') : one));
    }
    return found;
}

function begin(call, method) {
    const id = call.metadata.get('x-id')[0];
    tell({ event: 'started', method, id });
    call.on('cancelled', () => tell({ event: 'cancelled', method, id }));
}

function failure(fail, trailing) {
    return { code: fail.code, details: fail.details, metadata: metadata(trailing) };
}

// {text, size, initial, trailing, fail: {code, details}, never}: what the answer is made of. "never" gives none.
function unary(call, callback) {
    begin(call, 'Unary');
    const asked = call.request;
    if (asked.never) {
        return;
    }
    if (asked.initial) {
        call.sendMetadata(metadata(asked.initial));
    }
    if (asked.fail) {
        callback(failure(asked.fail, asked.trailing));
        return;
    }
    const text = asked.size ? 'y'.repeat(asked.size) : asked.text;
    callback(null, { text, length: asked.text?.length, saw: fields(call.metadata) }, metadata(asked.trailing));
}

// The metadata x-hold says for how many milliseconds each message is held, for a server that reads slowly.
function collect(call, callback) {
    begin(call, 'Collect');
    const hold = Number(call.metadata.get('x-hold')[0] ?? 0);
    let count = 0;
    let length = 0;
    call.on('data', (message) => {
        count += 1;
        length += message.text.length;
        if (hold) {
            call.pause();
            setTimeout(() => call.resume(), hold);
        }
    });
    call.on('end', () => callback(null, { count, length }, metadata({ 'x-trailer': 'collected' })));
    call.on('error', () => {});
}

// {count, size, fail, stay}: so many messages as fast as the client takes them, without end where there is no count; with "stay"
// the call goes on in silence behind them.
function count(call) {
    begin(call, 'Count');
    const { count: wanted = Infinity, size = 1, fail, stay } = call.request;
    const text = 'z'.repeat(size);
    let sent = 0;
    const more = () => {
        while (sent < wanted && !call.cancelled) {
            if (!call.write({ index: sent++, text })) {
                call.once('drain', more);
                return;
            }
        }
        if (sent === wanted && fail) {
            call.emit('error', failure(fail, { 'x-trailer': 'failed' }));
        } else if (sent === wanted && !stay) {
            call.end(metadata({ 'x-trailer': 'counted' }));
        }
    };
    more();
}

function chat(call) {
    begin(call, 'Chat');
    let index = 0;
    call.on('data', (message) => {
        if (!call.write({ index: index++, text: message.text })) {
            call.pause();
            call.once('drain', () => call.resume());
        }
    });
    call.on('end', () => call.end(metadata({ 'x-trailer': 'chatted' })));
    call.on('error', () => {});
}

const server = new grpc.Server({
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    ...(options.age ? { 'grpc.max_connection_age_ms': Number(options.age) } : {}),
    ...(options.streams ? { 'grpc.max_concurrent_streams': Number(options.streams) } : {}),
});
server.addService(Echo, { Unary: unary, Collect: collect, Count: count, Chat: chat });
function credentials() {
    if (!options.cert) {
        return grpc.ServerCredentials.createInsecure();
    }
    const pair = { cert_chain: fs.readFileSync(options.cert), private_key: fs.readFileSync(options.key) };
    return grpc.ServerCredentials.createSsl(null, [pair]);
}

server.bindAsync(`127.0.0.1:${options.port}`, credentials(), (error, port) => {
    if (error) {
        throw error;
    }
    tell({ port });
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
