#include "telemetry/gzip.hpp"

#include <zlib.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

namespace sluice::telemetry {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunk = std::size_t{64} * 1024;
/// zlib: the largest window, and 16 more for gzip's head and tail.
constexpr int gzip_window = 15 + 16;
constexpr int usual_memory = 8;

fs::path path_of(const std::string& text) { return {std::u8string(text.begin(), text.end())}; }

Failure failure(const std::string& what) { return fail(system_error(what, std::make_error_code(std::errc::io_error))); }

struct Deflater {
    z_stream stream{};
    bool is_open;
    Deflater() : is_open(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, usual_memory, Z_DEFAULT_STRATEGY) == Z_OK) {}
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;
    ~Deflater() {
        if (is_open) deflateEnd(&stream);
    }
};

struct Buffers {
    std::array<char, chunk> in;
    std::array<char, chunk> out;
};

/// Deflates what stands in the stream's input; false when the disk refuses it.
bool deflate_into(std::ofstream& target, z_stream& stream, std::array<char, chunk>& out, int flush) {
    do {
        stream.next_out = reinterpret_cast<Bytef*>(out.data());
        stream.avail_out = static_cast<uInt>(out.size());
        if (deflate(&stream, flush) == Z_STREAM_ERROR) return false;
        target.write(out.data(), static_cast<std::streamsize>(out.size() - stream.avail_out));
    } while (stream.avail_out == 0 && target);
    return target.good();
}

/// True: all of it; false: `is_over` said so.
Result<bool> compress(std::ifstream& source, std::ofstream& target, const std::function<bool()>& is_over) {
    Deflater deflater;
    if (!deflater.is_open) return failure("zlib has no memory");
    const auto buffers = std::make_unique<Buffers>();
    while (source) {
        if (is_over()) return false;
        source.read(buffers->in.data(), static_cast<std::streamsize>(buffers->in.size()));
        if (source.bad()) return failure("reading the log");
        deflater.stream.next_in = reinterpret_cast<Bytef*>(buffers->in.data());
        deflater.stream.avail_in = static_cast<uInt>(source.gcount());
        if (!deflate_into(target, deflater.stream, buffers->out, source.eof() ? Z_FINISH : Z_NO_FLUSH)) return failure("writing the compressed log");
    }
    target.close();
    return target ? Result<bool>(true) : failure("writing the compressed log");
}

}  // namespace

Result<bool> compress_file(const std::string& from, const std::string& to, const std::function<bool()>& is_over) {
    const fs::path draft = path_of(to + ".part");
    std::ifstream source(path_of(from), std::ios::binary);
    if (!source) return failure("opening " + from);
    std::ofstream target(draft, std::ios::binary | std::ios::trunc);
    if (!target) return failure("opening " + to);
    Result<bool> done = compress(source, target, is_over);
    source.close();
    target.close();
    std::error_code error;
    if (done && *done) {
        fs::permissions(draft, fs::status(path_of(from), error).permissions(), error);
        fs::rename(draft, path_of(to), error);
        if (error) done = fail(system_error("naming " + to, error));
    }
    fs::remove(done && *done ? path_of(from) : draft, error);
    return done;
}

}  // namespace sluice::telemetry
