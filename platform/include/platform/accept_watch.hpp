#pragma once

// Tells when connections wait at a listening socket; one class for each way in which a system tells of events.
//
//   start   watches the socket, which stays its owner's. Failure: the system's, `error`, and nothing is watched
//   pause   tells no more until `resume`
//   resume  tells again, also of what came before
//   stop    gives the socket up: it may be closed, or watched elsewhere
//
// The call comes from the event loop, again and again while connections wait, and now and then when none does. It may pause or stop the
// watch, not destroy it. A watch is stopped before it is destroyed.
//
// Threading: the reactor's thread.

#include "platform/native_accept_watch.hpp"
