#pragma once

// A pipe through which bytes go from one socket to another inside the system, without a copy to this process and back.
//
//   is_supported   this system can do so
//   open           false: there is none to be had now, or it would hold too little
//   held_bytes     what has been read into it and not been written yet
//
// A StreamSocket reads into it and writes from it. Where it is not supported it never opens.
//
// Threading: one thread.

#include "platform/native_splice_pipe.hpp"
