// Where `sluice ctl` finds the gateway.

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/admin_client.hpp"
#include "app/admin_token.hpp"
#include "app/config_file.hpp"
#include "base/text.hpp"
#include "config/address.hpp"
#include "config/model.hpp"

namespace sluice::app {
namespace {

using Failed = std::unexpected<std::string>;

std::optional<std::string> content_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return std::nullopt;
    return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

/// The text at `admin.KEY`, as far as there is one.
std::optional<std::string> admin_text(const nlohmann::json& root, const char* key) {
    if (!root.is_object() || !root.contains("admin") || !root["admin"].is_object()) return std::nullopt;
    const nlohmann::json& admin = root["admin"];
    if (!admin.contains(key) || !admin[key].is_string()) return std::nullopt;
    return admin[key].get<std::string>();
}

/// `admin` out of a file with errors somewhere: the gateway is to say what they are.
config::Admin admin_of_broken_file(const std::string& file) {
    config::Admin admin;
    const std::optional<std::string> content = content_of(file);
    const nlohmann::json root = nlohmann::json::parse(content.value_or(""), nullptr, false);
    if (const std::optional<std::string> text = admin_text(root, "address")) {
        if (const auto address = config::parse_address(*text)) admin.address = *address;
    }
    admin.token = admin_text(root, "token").value_or("");
    return admin;
}

config::Admin admin_of(const AdminOptions& options) {
    if (!options.config_file) return {};
    const auto read = read_config_file(*options.config_file);
    return read ? read->config.admin : admin_of_broken_file(*options.config_file);
}

/// An address to connect to, for one to listen on.
config::Address reachable(config::Address address) {
    if (address.host == "0.0.0.0" || equal_ignoring_case(address.host, "localhost")) {
        return {config::Address::Kind::Ipv4, "127.0.0.1", address.port};
    }
    if (address.host == "::") address.host = "::1";
    return address;
}

}  // namespace

std::expected<AdminPlace, std::string> find_admin(const AdminOptions& options) {
    const config::Admin settings = admin_of(options);
    AdminPlace place{settings.address, settings.token};
    if (options.address) {
        const auto address = config::parse_address(*options.address);
        if (!address) return Failed("'" + *options.address + "' is no address: " + address.error().message + "; " + address.error().help);
        place.address = *address;
    }
    place.address = reachable(std::move(place.address));
    if (place.address.kind == config::Address::Kind::Name) return Failed("write the admin listener's IP address instead of '" + place.address.host + "'");
    const bool is_unix = place.address.kind == config::Address::Kind::UnixPath;
    if (!is_unix && place.address.port == 0) return Failed("the admin listener has a free port; name it with --admin ADDRESS");
    if (options.token_file) {
        const std::optional<std::string> content = content_of(*options.token_file);
        if (!content) return Failed("the token file " + *options.token_file + " can't be read; check the path and its permissions");
        place.token = first_line(*content);
    } else if (place.token.empty() && !is_unix) {
        place.token = find_admin_token(place.address.port).value_or("");
    }
    return place;
}

}  // namespace sluice::app
