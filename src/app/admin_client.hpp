#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/values.hpp"

namespace sluice::app {

/// How the command line says where the gateway is.
struct AdminOptions {
    /// Its configuration, whose `admin` is used.
    std::optional<std::string> config_file;
    /// Instead of that one's or the default address.
    std::optional<std::string> address;
    std::optional<std::string> token_file;
    std::uint32_t seconds = 60;
};

/// Where a gateway can be told to change something.
struct AdminPlace {
    config::Address address;
    /// Empty when none was found; a Unix-domain socket needs none.
    std::string token;
};

/// Finds the admin listener and its token: what the options name, else what the configuration says, else the default address and
/// the file that the gateway has left there. A configuration with errors is good enough when its `admin` can be read.
///
/// Failure: a sentence for the operator.
[[nodiscard]] std::expected<AdminPlace, std::string> find_admin(const AdminOptions& options);

struct AdminReply {
    std::uint16_t status = 0;
    std::string body;
};

/// One request to an admin listener, with its answer. Blocks. For commands, which end soon: the thread that asked lives as long
/// as the process.
///
/// Failure: nobody answers there, or not within `limit`, or not as a gateway does.
[[nodiscard]] Result<AdminReply> ask_admin(const AdminPlace& place, std::string_view method, std::string_view target,
                                           std::string_view body, std::chrono::milliseconds limit);

}  // namespace sluice::app
