#include "tls/digest.hpp"

#include <openssl/evp.h>

#include <cstddef>

namespace sluice::tls {
namespace {

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

std::string sha1(std::string_view bytes) {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), bytes_of(digest), &size, EVP_sha1(), nullptr) != 1) return {};
    digest.resize(size);
    return digest;
}

std::string base64(std::string_view bytes) {
    // The end of the text is written too.
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(bytes_of(text), reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

}  // namespace sluice::tls
