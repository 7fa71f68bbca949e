// HTTP/2 with prior knowledge for what a real gRPC server never does: it looks at no deadline and answers by the path's end.
//   .../Silent  nothing at all             .../Head   a head and one message, then nothing
//   .../Html    a page of 503              .../Only   a response that is only trailers
// It prints {"port": N}, and then the requests ("request", with its fields) and how their streams end ("closed", with the code).
'use strict';

const http2 = require('node:http2');

function tell(event) {
    process.stdout.write(JSON.stringify(event) + '\n');
}

const head = { ':status': 200, 'content-type': 'application/grpc' };
const answers = {
    Silent: () => {},
    Head: (stream) => {
        stream.respond(head);
        stream.write(Buffer.from([0, 0, 0, 0, 2, 123, 125]));
    },
    Html: (stream) => {
        stream.respond({ ':status': 503, 'content-type': 'text/html' });
        stream.end('<p>away</p>');
    },
    Only: (stream) => stream.respond({ ...head, 'grpc-status': '5', 'grpc-message': 'not here' }, { endStream: true }),
};

const server = http2.createServer();
server.on('stream', (stream, headers) => {
    const path = headers[':path'];
    tell({ event: 'request', path, headers: { ...headers } });
    stream.on('error', () => {});
    stream.on('close', () => tell({ event: 'closed', path, code: stream.rstCode }));
    stream.resume();
    (answers[path.split('/').pop()] ?? answers.Silent)(stream);
});
server.listen(0, '127.0.0.1', () => tell({ port: server.address().port }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
