#pragma once

// The event loop of a worker, with which its sockets wait (platform/stream_socket.hpp, platform/accept_watch.hpp); one class for each
// way in which a system tells of events. Made before its sockets and destroyed after them; its ReactorUser outlives it
// (platform/reactor_user.hpp).
//
//   run            tells of events, on the thread that calls it, until `stop`
//   poll_for       tells of what is ready, or else of the first that comes within a time, also after `stop`; true when there was something
//   stop           ends `run`, soon; of what was ready some may be left to `poll_for`. Any thread
//   leave          after `run`: the wake-up is forgotten, and sockets where the system allows. What was put off, posts, and operations that
//                  end late (StreamSocket::is_busy) are still told of by `poll_for`
//   post           calls on the loop's thread, soon, in the order of the posts. Any thread
//   wake_at        on_wake once, at `when` or a few milliseconds later; of several times the earliest counts
//   end_turn_soon  on_turn_end once, behind the events that are ready, however often it is asked for
//
// Failure: the constructor throws when the system is out of descriptors; an exception of what is called leaves `run` and `poll_for`.
// Threading: one thread, but for `stop` and `post`.

#include "platform/native_reactor.hpp"
