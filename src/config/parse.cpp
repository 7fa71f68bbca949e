#include "config/parse.hpp"

#include <string>
#include <utility>

#include "config/load.hpp"

namespace sluice::config {
namespace {

/// One text under one name.
class OneText final : public Sources {
public:
    OneText(std::string_view text, std::string_view name) : text_(text), name_(name) {}

    std::expected<std::string, std::string> read(const std::string& path, std::size_t most) override {
        if (path != name_) return std::unexpected("only this text is at hand");
        return std::string(text_.substr(0, most + 1));
    }
    std::vector<Entry> list(const std::string&) override { return {}; }
    std::optional<std::string> variable(const std::string&) override { return std::nullopt; }
    bool is_open_to_all(const std::string&) override { return false; }

private:
    std::string_view text_;
    std::string_view name_;
};

}  // namespace

std::expected<Config, std::vector<Problem>> parse(std::string_view text, std::string_view file) {
    OneText source(text, file);
    auto loaded = load(std::string(file), source);
    if (loaded) return std::move(loaded->config);
    return std::unexpected(std::move(loaded.error()));
}

}  // namespace sluice::config
