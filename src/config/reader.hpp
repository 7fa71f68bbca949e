#pragma once

#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "config/schema.hpp"
#include "config/secret_file.hpp"

namespace sluice::config {

/// A route while it is read: the file has the keys of its three possible actions side by side.
struct RouteDraft {
    Route route;
    Forward forward;
    std::optional<Respond> respond;
    std::optional<Redirect> redirect;
};

/// Fills structs of the model from nodes as the schema says, and collects what is wrong. A value
/// that can't be read leaves its member as it was, so that the rest is still checked.
///
/// Lifetime: what the context refers to outlives it.
class Reader {
public:
    struct Context {
        std::vector<Problem>& problems;
        std::vector<Problem>& warnings;
        /// Names for Position::file.
        const std::vector<std::string>& files;
        SecretFiles& secrets;
    };

    explicit Reader(const Context& context) : context_(context) {}

    void read_object(const Object& object, const Node& node, void* owner);

    void read(const Key& key, const Node& node, bool& out);
    void read(const Key& key, const Node& node, std::string& out);
    void read(const Key& key, const Node& node, std::chrono::milliseconds& out);
    void read(const Key& key, const Node& node, Address& out);
    void read(const Key& key, const Node& node, std::vector<Network>& out);
    void read(const Key& key, const Node& node, std::vector<std::string>& out);
    void read(const Key& key, const Node& node, std::vector<Address>& out);
    void read(const Key& key, const Node& node, std::vector<StatusRange>& out);
    void read(const Key& key, const Node& node, std::vector<HeaderValue>& out);
    void read(const Key& key, const Node& node, std::map<std::string, std::string>& out);
    void read(const Key& key, const Node& node, std::vector<Condition>& out);
    void read(const Key& key, const Node& node, std::vector<Route>& out);
    void read(const Key& key, const Node& node, std::optional<HealthCheck>& out);

    template <typename T>
        requires(std::is_unsigned_v<T> && !std::is_same_v<T, bool>)
    void read(const Key& key, const Node& node, T& out) {
        if (const auto value = read_number(key, node, std::numeric_limits<T>::max())) {
            out = static_cast<T>(*value);
        }
    }

    template <typename Enum>
        requires std::is_enum_v<Enum>
    void read(const Key& key, const Node& node, Enum& out) {
        if (const auto index = read_choice(key, node)) out = static_cast<Enum>(*index);
    }

    template <typename Struct>
    void read(const Key& key, const Node& node, std::vector<Struct>& out) {
        for_each_element(key, node, [&](const Node& element) {
            read_struct(*key.object, element, out.emplace_back());
        });
    }

    template <typename Struct>
    void read(const Key& key, const Node& node, std::optional<Struct>& out) {
        read_struct(*key.object, node, out.emplace());
    }

    template <typename Struct>
        requires std::is_class_v<Struct>
    void read(const Key& key, const Node& node, Struct& out) {
        read_struct(*key.object, node, out);
    }

private:
    /// Makes the pointer lead to a member for as long as it lives.
    class Below {
    public:
        template <typename Step>
        Below(Reader& reader, const Step& step) : reader_(reader), length_(reader.pointer_.size()) {
            reader.pointer_ = pointer_to(reader.pointer_, step);
        }
        ~Below() { reader_.pointer_.resize(length_); }
        Below(const Below&) = delete;
        Below& operator=(const Below&) = delete;

    private:
        Reader& reader_;
        std::size_t length_;
    };

    template <typename Struct>
    void read_struct(const Object& object, const Node& node, Struct& out) {
        if constexpr (requires { out.position; }) out.position = node.position;
        read_object(object, node, &out);
    }

    template <typename Action>
    void for_each_element(const Key& key, const Node& node, Action action) {
        if (!is_list(key, node)) return;
        for (std::size_t i = 0; i < node.elements.size(); ++i) {
            const Below below(*this, i);
            action(node.elements[i]);
        }
    }

    /// Calls action(name, text) for each member that is a string.
    template <typename Action>
    void for_each_text(const Node& node, Action action) {
        if (!expect(node, Node::Kind::Object, "an object of strings")) return;
        for (const Member& member : node.members) {
            const Below below(*this, member.key);
            if (expect(member.value, Node::Kind::Text, "a string"))
                action(member.key, member.value.text);
        }
    }

    void read_text(const Key& key, const Node& node, std::string& out);
    void read_secret(const Key& key, const Node& node, std::string& out);
    void read_secret_file(const Key& key, const Node& node, std::string& out);
    [[nodiscard]] std::optional<std::uint64_t> read_number(const Key& key, const Node& node,
                                                           std::uint64_t most);
    [[nodiscard]] std::optional<std::uint64_t> read_size(const Node& node);
    [[nodiscard]] std::optional<std::size_t> read_choice(const Key& key, const Node& node);
    [[nodiscard]] bool is_list(const Key& key, const Node& node);
    bool check_number_choice(const Key& key, const Node& node, std::uint64_t value);

    void report_unknown(const Object& object, const Member& member);
    void check_missing(const Object& object, const Node& node);
    void check_one_of(const Object& object, const Node& node);
    void check_only_with(const Object& object, const Node& node);

    /// Complains and answers false when the node is of another kind.
    bool expect(const Node& node, Node::Kind kind, std::string_view expected);
    void complain(Position position, std::string message, std::string help);
    void warn(Position position, std::string message, std::string help);

    Context context_;
    std::string pointer_;
};

}  // namespace sluice::config
