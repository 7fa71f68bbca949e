#pragma once

// The socket of a stream; one class for each way in which a system tells of events. Non-blocking: reads and writes are tried first; what
// would have to wait is waited for, and its StreamSocketUser is told (platform/stream_socket_user.hpp).
//
//   assign         takes over a connected socket that does not block; closes one that it can't take
//   open           makes a socket for the family of an address
//   close          ends it, and all waits; nobody is told any more, but operations of the system's may be under way (is_busy)
//   read_some      `eof` at the end of input, `would_block` when nothing is there
//   can_splice     what comes may be read into a SplicePipe that holds nothing. A short read of this kind may leave something, and at
//                  urgent data it finds nothing, or the end; it fails with `operation_not_supported` where the system does not let us
//   must_read_on   an end, or what else stands behind bytes, has been announced: a short read may leave it, and no other event will tell
//   await_input    asks for on_input. `may_be_there`: what has come is not known to have been read, so that no new event may tell
//   start_write    goes on with a write that would have to wait. The pieces and what they name stay until on_written. Without pieces, where
//                  can_splice, it waits until something may be taken, for a write from a SplicePipe
//   start_connect  on_connected follows
//   end_with_next_write  `close` or `shutdown_send` follow the next write, so that where the system can, its last bytes and the end are one packet
//   cancel         a write or a connect under way ends with `operation_aborted`, soon; on_input may be told the same
//   is_busy        the system has not answered yet: the object may not be used for another socket, or end
//   tells_early    on_input may come when there is nothing
//   ends_late      is_busy may be true: operations of the system's outlive the close
//
// Threading: the reactor's thread.

#include "platform/native_stream_socket.hpp"
