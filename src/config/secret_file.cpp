#include "config/secret_file.hpp"

#include "config/file_path.hpp"

namespace sluice::config {
namespace {

constexpr std::size_t most_secret_bytes = std::size_t{64} * 1024;

void remove_line_end(std::string& text) {
    if (!text.ends_with('\n')) return;
    text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
}

}  // namespace

std::expected<SecretFiles::Secret, Complaint> SecretFiles::read(std::string_view owner, std::string_view path) {
    const std::string resolved = resolve_path(owner, path);
    paths_.push_back(resolved);
    std::expected<std::string, std::string> text = sources_.read(resolved, most_secret_bytes);
    if (!text) {
        return std::unexpected(Complaint{in_quotes(resolved) + " can't be read: " + text.error(),
                                         "check the path and its permissions; it is relative to this file's folder"});
    }
    if (text->size() > most_secret_bytes) {
        return std::unexpected(Complaint{in_quotes(resolved) + " has more than 64 KiB", "write nothing but the secret into it"});
    }
    remove_line_end(*text);
    if (text->empty()) return std::unexpected(Complaint{in_quotes(resolved) + " is empty", "write the secret into it"});
    return Secret{std::move(*text), sources_.is_open_to_all(resolved)};
}

}  // namespace sluice::config
