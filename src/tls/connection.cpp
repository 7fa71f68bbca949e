#include "tls/connection.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <utility>

#include "tls/openssl.hpp"

namespace sluice::tls {

/// Lets OpenSSL read from a Wire and write to it.
struct Connection::Bio {
    static Connection& owner(BIO* bio) { return *static_cast<Connection*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* space, std::size_t size, std::size_t* got) {
        Connection& connection = owner(bio);
        BIO_clear_retry_flags(bio);
        const std::ptrdiff_t bytes = connection.wire_.receive({space, size});
        if (bytes > 0) {
            // A record begins with its kind, 22 here; a method of HTTP with a capital.
            const bool is_first = !std::exchange(connection.has_input_, true);
            if (is_first && connection.is_server_) connection.is_plain_http_ = *space >= 'A' && *space <= 'Z';
            *got = static_cast<std::size_t>(bytes);
            return 1;
        }
        if (bytes == Wire::would_block) BIO_set_retry_read(bio);
        if (bytes != Wire::would_block) connection.has_ended_ = true;
        *got = 0;
        return bytes == 0 ? 0 : -1;
    }

    static int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* taken) {
        owner(bio).wire_.send({bytes, size});
        *taken = size;
        return 1;
    }

    static long control(BIO* bio, int command, long, void*) {
        if (command == BIO_CTRL_FLUSH) return 1;
        if (command == BIO_CTRL_EOF) return owner(bio).has_ended_ ? 1 : 0;
        return 0;
    }

    static int create(BIO* bio) {
        BIO_set_init(bio, 1);
        return 1;
    }

    static BIO_METHOD* method() {
        static BIO_METHOD* const made = [] {
            BIO_METHOD* const one = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
            BIO_meth_set_read_ex(one, read);
            BIO_meth_set_write_ex(one, write);
            BIO_meth_set_ctrl(one, control);
            BIO_meth_set_create(one, create);
            return one;
        }();
        return made;
    }
};

SessionSlot::~SessionSlot() { clear(); }

void SessionSlot::clear() { SSL_SESSION_free(std::exchange(session_, nullptr)); }

Connection::Connection(ssl_st* ssl, Wire& wire, std::shared_ptr<const void> context, bool is_server)
    : ssl_(ssl), wire_(wire), context_(std::move(context)), is_server_(is_server) {
    BIO* const bio = BIO_new(Bio::method());
    BIO_set_data(bio, this);
    SSL_set_bio(ssl_, bio, bio);
    SSL_set_app_data(ssl_, this);
}

Connection::~Connection() {
    // A session that was not ended in order would not be taken up again.
    if (is_established_ && !has_failed_) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl_);
}

Connection::Outcome Connection::fail_with(Status status, std::string reason) {
    has_failed_ = true;
    reason_ = std::move(reason);
    ERR_clear_error();
    return {status, 0};
}

Connection::Outcome Connection::judge(int result) {
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ: return {Status::WantsInput, 0};
        case SSL_ERROR_ZERO_RETURN: return {Status::Closed, 0};
        default: break;
    }
    if (has_ended_) return fail_with(Status::Truncated, "the connection ended without a word");
    if (is_plain_http_ && !is_established_) return fail_with(Status::Failed, "the client speaks HTTP without TLS");
    std::string reason = take_reason();
    if (!verify_reason_.empty()) reason = verify_reason_;
    return fail_with(Status::Failed, reason.empty() ? "for no reason that OpenSSL tells" : std::move(reason));
}

Connection::Outcome Connection::handshake() {
    if (has_failed_) return {Status::Failed, 0};
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_);
    if (result != 1) return judge(result);
    is_established_ = true;
    return {Status::Done, 0};
}

Connection::Outcome Connection::read(std::span<char> space) {
    if (has_failed_) return {Status::Failed, 0};
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_, space.data(), space.size(), &bytes);
    if (result != 1) return judge(result);
    return {Status::Done, bytes};
}

Connection::Outcome Connection::peek() {
    if (has_failed_) return {Status::Failed, 0};
    ERR_clear_error();
    char byte = 0;
    std::size_t bytes = 0;
    const int result = SSL_peek_ex(ssl_, &byte, 1, &bytes);
    if (result != 1) return judge(result);
    return {Status::Done, bytes};
}

Connection::Outcome Connection::write(std::string_view bytes) {
    if (has_failed_) return {Status::Failed, 0};
    ERR_clear_error();
    std::size_t taken = 0;
    const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &taken);
    if (result != 1) return judge(result);
    return {Status::Done, taken};
}

bool Connection::keep_session(ssl_session_st* session) {
    // Others may use the slot under other rules by now, which a session that goes on is not checked by.
    if (!slot_ || slot_->context_ != context_id_ || SSL_SESSION_is_resumable(session) != 1) return false;
    slot_->clear();
    slot_->session_ = session;
    return true;
}

void Connection::shutdown() {
    if (has_failed_ || !is_established_ || std::exchange(is_shut_, true)) return;
    SSL_shutdown(ssl_);
    ERR_clear_error();
}

bool Connection::has_pending() const { return SSL_has_pending(ssl_) == 1; }

void Connection::add_client_certificate(Facts& facts) const {
    const X509Ptr certificate(SSL_get1_peer_certificate(ssl_));
    if (!certificate || SSL_get_verify_result(ssl_) != X509_V_OK) return;
    facts.client_subject = name_text(X509_get_subject_name(certificate.get()));
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) != 1) return;
    constexpr const char* digits = "0123456789abcdef";
    for (unsigned i = 0; i < size; ++i) {
        facts.client_fingerprint += digits[digest[i] >> 4];
        facts.client_fingerprint += digits[digest[i] & 15];
    }
}

Facts Connection::facts() const {
    Facts facts;
    facts.version = SSL_get_version(ssl_);
    facts.cipher = SSL_get_cipher_name(ssl_);
    const char* const name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    if (name != nullptr) facts.server_name = name;
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_, &protocol, &size);
    if (size != 0) facts.protocol.assign(reinterpret_cast<const char*>(protocol), size);
    facts.is_resumed = SSL_session_reused(ssl_) == 1;
    if (is_server_) add_client_certificate(facts);
    return facts;
}

}  // namespace sluice::tls
