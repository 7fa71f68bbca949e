#include <array>

#include "config/reader.hpp"
#include "config/schema_binding.hpp"

// Secrets: a text, or an object that names the file in which it stands.
namespace sluice::config {
namespace {

struct SecretPlace {
    std::string file;
};

constexpr std::array secret_keys{
    binding::bind<&SecretPlace::file>(
        {.name = "file", .range = {1, 4096}, .sentence = "The file that holds the secret.", .required = true})};
constexpr Object secret_object{"secret", "A text in a file of its own.", secret_keys, {}};

}  // namespace

void Reader::read_secret(const Key& key, const Node& node, std::string& out) {
    if (node.kind == Node::Kind::Object) {
        read_secret_file(key, node, out);
    } else if (expect(node, Node::Kind::Text, "a string or { \"file\": \"PATH\" }")) {
        if (!node.has_references && !node.text.empty()) {
            warn(node.position, "the secret stands in the file itself",
                 "write { \"file\": \"PATH\" }, or \"${NAME}\" for a variable of the environment");
        }
        read_text(key, node, out);
    }
}

void Reader::read_secret_file(const Key& key, const Node& node, std::string& out) {
    SecretPlace place;
    read_object(secret_object, node, &place);
    if (place.file.empty()) return;
    const Node& path = *node.find("file");
    const Below below(*this, "file");
    auto secret = context_.secrets.read(context_.files[path.position.file], place.file);
    if (!secret) {
        complain(path.position, std::move(secret.error().message), std::move(secret.error().help));
        return;
    }
    if (secret->is_open_to_all) {
        warn(path.position, "every user of this machine can read the secret",
             "take the right away: chmod o= " + place.file);
    }
    Node text;
    text.kind = Node::Kind::Text;
    text.position = path.position;
    text.text = std::move(secret->text);
    read_text(key, text, out);
}

}  // namespace sluice::config
