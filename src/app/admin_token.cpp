#include "app/admin_token.hpp"

#include <random>

#include "base/text.hpp"
#include "platform/paths.hpp"
#include "platform/private_file.hpp"

namespace sluice::app {
namespace {

std::string file_in(const std::string& folder, std::uint16_t port) {
    return folder + "/admin-" + std::to_string(port) + ".token";
}

/// 256 bits of the system's randomness, in hexadecimal.
std::string make_token() {
    constexpr std::string_view digits = "0123456789abcdef";
    std::random_device device;
    std::string token;
    for (int word = 0; word < 8; ++word) {
        std::uint32_t bits = device();
        for (int digit = 0; digit < 8; ++digit, bits >>= 4U) token.push_back(digits[bits & 15U]);
    }
    return token;
}

}  // namespace

const std::string& AdminToken::use(const std::string& configured, std::uint16_t port) {
    if (!configured.empty()) {
        remove_file();
        token_ = configured;
        return token_;
    }
    if (is_shared_) take_over(port);
    if (made_.empty()) made_ = make_token();
    if (path_.empty() || port != port_) {
        remove_file();
        token_ = write_file(port) ? made_ : std::string();
    }
    return token_;
}

/// Whoever has the token keeps it over an upgrade.
void AdminToken::take_over(std::uint16_t port) {
    const std::string path = file_in(platform::runtime_folders().front(), port);
    const Result<std::string> content = platform::read_private_file(path);
    if (!content) return;
    made_ = first_line(*content);
    if (made_.empty()) return;
    path_ = path;
    port_ = port;
    token_ = made_;
}

bool AdminToken::write_file(std::uint16_t port) {
    const std::string path = file_in(platform::runtime_folders().front(), port);
    const Result<void> written = platform::write_private_file(path, made_ + "\n");
    if (!written) {
        log_.warn("the admin token can't be written: changes need admin.token or a Unix-domain socket",
                  {{"file", path}, {"reason", describe(written.error())}});
        return false;
    }
    path_ = path;
    port_ = port;
    log_.info("admin token written for its user alone", {{"file", path}});
    return true;
}

void AdminToken::remove_file() {
    if (!path_.empty() && !is_shared_) platform::remove_private_file(path_);
    path_.clear();
}

std::optional<std::string> find_admin_token(std::uint16_t port) {
    for (const std::string& folder : platform::runtime_folders()) {
        const Result<std::string> content = platform::read_private_file(file_in(folder, port));
        if (!content) continue;
        std::string token(first_line(*content));
        if (!token.empty()) return token;
    }
    return std::nullopt;
}

std::string admin_token_places(std::uint16_t port) {
    std::string places;
    for (const std::string& folder : platform::runtime_folders()) {
        if (!places.empty()) places.append(" or ");
        places.append(file_in(folder, port));
    }
    return places;
}

}  // namespace sluice::app
