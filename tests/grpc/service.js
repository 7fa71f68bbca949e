// The service that both sides of the tests speak: sluice.test.Echo in all four kinds of call. Messages are JSON, so that no
// compiler of protobuf is needed; what the gateway sees of a message is its length alone.
'use strict';

const serialize = (value) => Buffer.from(JSON.stringify(value));
const deserialize = (bytes) => JSON.parse(bytes.toString());

function method(name, requestStream, responseStream) {
    return {
        path: `/sluice.test.Echo/${name}`,
        requestStream,
        responseStream,
        requestSerialize: serialize,
        requestDeserialize: deserialize,
        responseSerialize: serialize,
        responseDeserialize: deserialize,
    };
}

// Each line of output is one object of JSON.
function tell(event) {
    process.stdout.write(JSON.stringify(event) + '\n');
}

module.exports = {
    tell,
    Echo: {
        Unary: method('Unary', false, false),
        Collect: method('Collect', true, false),
        Count: method('Count', false, true),
        Chat: method('Chat', true, true),
    },
};
