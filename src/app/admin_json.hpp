#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/local_service.hpp"

namespace sluice::app {

/// An answer with a JSON document.
[[nodiscard]] proxy::LocalResponse json_answer(std::uint16_t status, std::string document);

/// {"error": {"code", "message", "help"}}; with `problems`, a list of them too.
[[nodiscard]] proxy::LocalResponse json_error(std::uint16_t status, std::string_view code, std::string_view message,
                                              std::string_view help, const std::vector<std::string>& problems = {});

/// The members of a JSON object that a request carries. Each is asked for by its name; what is wrong is collected, so that the caller asks
/// once at the end.
class JsonArguments {
public:
    /// A body of no bytes is an empty object. Members with other names than `keys` are wrong.
    JsonArguments(std::string_view body, std::initializer_list<std::string_view> keys);
    JsonArguments(JsonArguments&&) noexcept;
    ~JsonArguments();

    [[nodiscard]] bool has(std::string_view key) const;
    /// It is there and null.
    [[nodiscard]] bool is_null(std::string_view key) const;

    /// nullopt when it is not there, null, or wrong.
    [[nodiscard]] std::optional<bool> flag(std::string_view key);
    [[nodiscard]] std::optional<std::uint32_t> number(std::string_view key, std::uint32_t most);
    [[nodiscard]] std::optional<std::string> text(std::string_view key);
    /// The place of the value among `words`.
    [[nodiscard]] std::optional<std::size_t> choice(std::string_view key, std::initializer_list<std::string_view> words);

    /// Something was wrong: an answer with status 400.
    [[nodiscard]] std::optional<proxy::LocalResponse> refusal() const;

private:
    struct Document;
    void complain(std::string problem);

    std::unique_ptr<Document> document_;
    std::vector<std::string> problems_;
};

}  // namespace sluice::app
