#pragma once

#include <cstdint>
#include <string_view>

#include "config/cluster.hpp"
#include "http/message.hpp"

namespace sluice::proxy {

/// What of a request is hashed: the configured part of it, or the client's address where it lacks that part.
///
/// Lifetime: a view into what was given.
[[nodiscard]] std::string_view hashed_text(const config::HashKey& key, const http::RequestHead& head, std::string_view path,
                                           std::string_view client_address);

/// What a request is hashed by: the configured part of it, or the client's address where it lacks that part. Equal on all
/// workers and gateways.
[[nodiscard]] std::uint64_t request_hash(const config::HashKey& key, const http::RequestHead& head, std::string_view path,
                                         std::string_view client_address);

}  // namespace sluice::proxy
