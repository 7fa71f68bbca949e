#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "proxy/snapshot.hpp"
#include "upstream/idle_pool.hpp"
#include "upstream/round_robin.hpp"
